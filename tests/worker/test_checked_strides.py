"""A strided view is allowed exactly where it stays within the memory of its array."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib import stride_tricks

from grader.worker.checked_strides import OutOfBoundsView, as_strided

BASE = np.arange(24.0)


@settings(max_examples=200, deadline=None)
@given(
    start=st.integers(0, 23),
    shape=st.lists(st.integers(0, 5), max_size=3),
    steps=st.lists(st.integers(-4, 4), min_size=3, max_size=3),
)
def test_as_strided_within_bounds_or_refused(start, shape, steps):
    strides = tuple(8 * step for step in steps[: len(shape)])
    places = [
        start + sum(index * step for index, step in zip(indices, steps, strict=False))
        for indices in np.ndindex(*shape)
    ]
    inside = all(0 <= place < 24 for place in places)
    if inside:
        view = as_strided(BASE[start:], shape, strides)
        np.testing.assert_array_equal(view.ravel(), np.array(places, float))
    else:
        with pytest.raises(OutOfBoundsView, match=r"bytes (past the end|before the start)"):
            as_strided(BASE[start:], shape, strides)


def test_as_strided_of_a_view_may_reach_the_array_that_owns_the_memory():
    np.testing.assert_array_equal(as_strided(BASE[4:8], (3,), (-8,)), [4, 3, 2])


def test_as_strided_out_of_bounds_names_the_sizes():
    with pytest.raises(OutOfBoundsView) as error:
        as_strided(np.zeros((2, 3)), (2, 2, 2), (24, 8, 8 * 3))
    assert str(error.value) == (
        "as_strided: a view of shape (2, 2, 2) with strides (24, 8, 24) (bytes) reaches 16 bytes "
        "past the end of the array of shape (2, 3) with strides (24, 8)"
    )


def test_as_strided_default_is_the_array_itself():
    np.testing.assert_array_equal(as_strided(BASE), BASE)
    assert not as_strided(BASE, writeable=False).flags.writeable


def test_sliding_window_view_is_not_touched():
    windows = stride_tricks.sliding_window_view(BASE.reshape(4, 6), (2, 3))
    assert windows.shape == (3, 4, 2, 3)
