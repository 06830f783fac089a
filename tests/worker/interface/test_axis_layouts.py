"""An array that is laid out and then laid back is unchanged, for every layout."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.worker.interface.axis_layouts import OWN, Layout

ARRAYS = {"NCHW": (2, 3, 4, 5), "OIHW": (4, 3, 2, 5), "NI": (3, 5)}


def array_of(ours: str) -> np.ndarray:
    return np.arange(float(np.prod(ARRAYS[ours]))).reshape(ARRAYS[ours])


@given(st.sampled_from([(ours, "".join(order)) for ours in ARRAYS for order in permutations(ours)]))
def test_give_then_take_returns_the_array(pair):
    ours, theirs = pair
    array, layout = array_of(ours), Layout(ours, theirs)
    laid = layout.give(array)
    assert laid.shape == tuple(ARRAYS[ours][ours.index(letter)] for letter in theirs)
    assert laid.flags.c_contiguous
    np.testing.assert_array_equal(layout.take(laid), array)


@pytest.mark.parametrize(
    ("theirs", "shape"), [("O1", (4, 1)), ("1O11", (1, 4, 1, 1)), ("111O", (1, 1, 1, 4)), ("O11", (4, 1, 1))]
)
def test_give_bias_has_an_axis_of_one_for_each_1(theirs, shape):
    layout, bias = Layout("O", theirs), np.arange(4.0)
    assert layout.give(bias).shape == shape
    np.testing.assert_array_equal(layout.take(layout.give(bias)), bias)


def test_give_bias_for_each_position_repeats_and_take_sums():
    layout, bias = Layout("O", "HWO"), np.arange(4.0)
    laid = layout.give(bias, {"H": 2, "W": 3})
    assert laid.shape == (2, 3, 4)
    np.testing.assert_array_equal(laid[1, 2], bias)
    np.testing.assert_array_equal(layout.take(laid), 6 * bias)


def test_give_plane_has_no_channel():
    plane = np.arange(20.0).reshape(1, 4, 5)
    layout = Layout("CHW", "HW")
    assert layout.give(plane).shape == (4, 5)
    np.testing.assert_array_equal(layout.take(plane[0]), plane)


def test_give_same_layout_is_the_same_array():
    """A change in place must stay visible to who asks whether inputs were changed."""
    array = array_of("NCHW")
    assert Layout("NCHW", "NCHW").give(array) is array


def test_give_array_in_another_memory_order_keeps_that_it_is_not_contiguous():
    array = np.asfortranarray(array_of("NCHW"))
    assert not Layout("NCHW", "NHWC").give(array).flags.c_contiguous


@pytest.mark.parametrize("value", [None, [1.0], "text", 3.0, np.zeros((2, 3)), np.zeros((2, 1, 1, 1))])
def test_take_what_is_no_such_array_stays_as_it_is(value):
    assert Layout("O", "1O11").take(value) is value


def test_take_own_layout_flattens_a_bias_only():
    layout = Layout("O", OWN)
    assert layout.take(np.zeros((1, 5, 1))).shape == (5,)
    assert layout.take(np.zeros((2, 5))).shape == (2, 5)
