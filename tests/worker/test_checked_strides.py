"""A strided view is allowed exactly where it stays within the memory of its array."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib import stride_tricks

from grader.worker import remarks
from grader.worker.checked_strides import MAX_SPAN, OutOfBoundsView, as_strided, cause
from grader.worker.serialize import failure

BASE = np.arange(24.0)


@settings(max_examples=200, deadline=None)
@given(
    start=st.integers(0, 23),
    shape=st.lists(st.integers(0, 5), max_size=3),
    steps=st.lists(st.integers(-4, 4), min_size=3, max_size=3),
)
def test_as_strided_within_bounds_or_nan_outside(start, shape, steps):
    strides = tuple(8 * step for step in steps[: len(shape)])
    places = [
        start + sum(index * step for index, step in zip(indices, steps, strict=False))
        for indices in np.ndindex(*shape)
    ]
    remarks.forget()
    view = as_strided(BASE[start:], shape, strides)
    right = [float(place) if 0 <= place < 24 else np.nan for place in places]
    np.testing.assert_array_equal(view.ravel(), right)
    assert (remarks.view() is None) == (not np.isnan(right).any())
    assert view.strides == strides or not places


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16", ">f8"])
def test_as_strided_outside_is_nan_in_every_kind_of_float_and_cannot_be_written(dtype):
    view = as_strided(np.ones(2, dtype), (3,), (np.dtype(dtype).itemsize,))
    assert view.dtype == np.dtype(dtype)
    assert np.isnan(view).tolist() == [False, False, True]
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1


@pytest.mark.parametrize(
    ("array", "shape"),
    [(np.ones(2, np.int64), (3,)), (np.ones(2, bool), (17,)), (np.ones(2), (MAX_SPAN // 8 + 1,))],
)
def test_as_strided_outside_of_integers_or_of_a_large_span_is_refused(array, shape):
    with pytest.raises(OutOfBoundsView, match="bytes past the end"):
        as_strided(array, shape, (8,))


def test_as_strided_remembers_the_first_view_outside_and_where_it_was_made():
    remarks.forget()
    exec(compile("def f(g):\n    return g()", "cnn.py", "exec"), names := {})
    names["f"](lambda: as_strided(np.ones(2), (3,), (8,)))
    as_strided(np.ones(2), (9,), (8,))
    found = failure(remarks.view(), ("cnn.py",))
    assert (found["status"], found["frames"]) == ("out_of_bounds_view", [[0, 2]])
    assert "reaches 8 bytes past the end of the array of shape (2,)" in found["message"]


def test_cause_of_a_write_to_a_replaced_view_is_the_view():
    remarks.forget()
    locked = ValueError("assignment destination is read-only")
    assert cause(locked) is locked
    as_strided(np.ones(2), (3,), (8,))
    assert isinstance(cause(locked), OutOfBoundsView)
    for other in (ValueError("no"), TypeError("read-only")):
        assert cause(other) is other


def test_as_strided_of_a_strided_view_may_reach_the_array_that_owns_the_memory():
    remarks.forget()
    np.testing.assert_array_equal(as_strided(as_strided(BASE, (2,), (8,)), (4,), (16,)), [0, 2, 4, 6])
    outside = as_strided(BASE, (25,), (8,))
    np.testing.assert_array_equal(as_strided(outside, (2,), (192,)), [0, np.nan])


def test_as_strided_of_a_view_may_reach_the_array_that_owns_the_memory():
    np.testing.assert_array_equal(as_strided(BASE[4:8], (3,), (-8,)), [4, 3, 2])


def test_as_strided_out_of_bounds_names_the_sizes():
    remarks.forget()
    as_strided(np.zeros((2, 3)), (2, 2, 2), (24, 8, 8 * 3))
    assert str(remarks.view()) == (
        "as_strided: a view of shape (2, 2, 2) with strides (24, 8, 24) (bytes) reaches 16 bytes "
        "past the end of the array of shape (2, 3) with strides (24, 8)"
    )


def test_as_strided_default_is_the_array_itself():
    np.testing.assert_array_equal(as_strided(BASE), BASE)
    assert not as_strided(BASE, writeable=False).flags.writeable


def test_sliding_window_view_is_not_touched():
    windows = stride_tricks.sliding_window_view(BASE.reshape(4, 6), (2, 3))
    assert windows.shape == (3, 4, 2, 3)
