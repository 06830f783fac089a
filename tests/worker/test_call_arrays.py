"""Inputs lie in memory as asked, and it is noticed where they were changed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.worker.call_arrays import LayerSlot, laid_out

LAYOUTS = ("contiguous", "fortran", "sliced", "reversed")
ARRAYS = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=0, max_dims=4, max_side=4), elements=st.floats(-9, 9)
)


@given(array=ARRAYS, layout=st.sampled_from(LAYOUTS))
def test_laid_out_any_layout_keeps_the_values_in_memory_of_its_own(array, layout):
    copy = laid_out(array, layout)
    np.testing.assert_array_equal(copy, array)
    assert copy.dtype == array.dtype
    assert copy.flags.writeable
    assert not np.shares_memory(copy, array)


@pytest.mark.parametrize(
    ("layout", "strides"),
    [("contiguous", (24, 8)), ("fortran", (8, 16)), ("sliced", (48, 16)), ("reversed", (-24, -8))],
)
def test_laid_out_layout_shows_in_the_strides(layout, strides):
    assert laid_out(np.zeros((2, 3)), layout).strides == strides


def test_receive_lays_out_only_the_arrays_of_the_call():
    slot = LayerSlot()
    assert slot.receive({"weight": np.zeros((2, 3))}, {})["weight"].strides == (24, 8)
    assert list(slot.receive({"x": np.zeros((2, 3))}, {"x": "fortran"})) == ["x"]


def test_modified_names_each_change_once():
    slot = LayerSlot()
    x = slot.receive({"x": np.zeros(4)}, {})["x"]
    x[1] = 1
    assert slot.modified() == ["x"]
    slot.receive({"grad_output": np.zeros(4)}, {})
    assert slot.modified() == []
    x[1] = 0
    assert slot.modified() == ["x"]


def test_restore_gives_parameters_their_values_back_and_nothing_else():
    slot = LayerSlot()
    weight = slot.receive({"weight": np.ones(4)}, {})["weight"]
    x = slot.receive({"x": np.ones(4)}, {})["x"]
    weight *= 2
    x *= 2
    assert slot.modified() == ["weight", "x"]
    slot.restore()
    assert slot.modified() == []
    assert (weight.tolist(), x.tolist()) == ([1] * 4, [2] * 4)


def test_restore_leaves_a_locked_parameter_alone():
    slot = LayerSlot()
    weight = slot.receive({"weight": np.ones(4)}, {})["weight"]
    weight *= 2
    weight.flags.writeable = False
    assert slot.modified() == ["weight"]
    slot.restore()
    assert weight.tolist() == [2] * 4


def test_modified_names_changed_values_and_shapes_of_every_call_before():
    slot = LayerSlot()
    made = slot.receive({name: np.zeros(4) for name in ("weight", "bias")}, {})
    given = slot.receive({"x": np.zeros(4)}, {})
    assert slot.modified() == []
    given["x"][1] = 1
    made["bias"].shape = (2, 2)
    assert slot.modified() == ["bias", "x"]


def test_modified_knows_the_newest_array_of_a_name():
    slot = LayerSlot()
    slot.receive({"x": np.zeros(4)}, {})["x"][0] = 1
    slot.receive({"x": np.zeros(4)}, {})
    assert slot.modified() == []
