"""Inputs lie in memory as asked, and layers are called in the order that a scenario says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.worker import scenarios

LAYOUTS = ("contiguous", "fortran", "sliced", "reversed")
ARRAYS = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=0, max_dims=4, max_side=4), elements=st.floats(-9, 9)
)


@given(array=ARRAYS, layout=st.sampled_from(LAYOUTS))
def test_laid_out_any_layout_keeps_the_values_in_memory_of_its_own(array, layout):
    copy = scenarios.laid_out(array, layout)
    np.testing.assert_array_equal(copy, array)
    assert copy.dtype == array.dtype
    assert copy.flags.writeable
    assert not np.shares_memory(copy, array)


@pytest.mark.parametrize(
    ("layout", "strides"),
    [("contiguous", (24, 8)), ("fortran", (8, 16)), ("sliced", (48, 16)), ("reversed", (-24, -8))],
)
def test_laid_out_layout_shows_in_the_strides(layout, strides):
    assert scenarios.laid_out(np.zeros((2, 3)), layout).strides == strides


def test_modified_names_changed_values_and_shapes():
    arrays = {name: np.zeros(4) for name in ("x", "weight", "bias")}
    originals = {name: np.zeros(4) for name in arrays}
    arrays["x"][1] = 1
    arrays["bias"] = arrays["bias"].reshape(2, 2)
    assert scenarios.modified(arrays, originals) == ["x", "bias"]


class Recorder:
    """An adapter that writes down what it is called with."""

    def __init__(self, log, arrays):
        self.log, self.name = log, f"layer{len(log)}"
        log.append(f"make {self.name}")

    def forward(self, x):
        self.log.append(f"{self.name} forward {x[0]:g}")
        return x

    def backward(self, grad_output):
        self.log.append(f"{self.name} backward {grad_output[0]:g}")
        yield "grad_x", grad_output


PLAIN = ["layer0 forward 1", "layer0 backward 2"]
SCENARIOS = {
    "once": ["make layer0", *PLAIN],
    "second_forward": ["make layer0", "layer0 forward 3", *PLAIN],
    "twice": ["make layer0", "layer0 forward 3", "layer0 backward 4", *PLAIN],
    "two_layers": [
        "make layer0",
        "make layer1",
        "layer1 forward 1",
        "layer0 forward 3",
        "layer0 backward 4",
        "layer1 backward 2",
    ],
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_answers_calls_in_the_scenarios_order(scenario):
    log: list[str] = []
    values = {"x": 1.0, "grad_output": 2.0, "warmup_x": 3.0, "warmup_grad_output": 4.0}
    arrays = {name: np.full(1, value) for name, value in values.items()}
    parts = list(scenarios.answers("relu", lambda own: Recorder(log, own), arrays, scenario))
    assert log == SCENARIOS[scenario]
    assert [part for part, _ in parts] == ["output", "grad_x"]


def test_answers_warm_up_that_fails_in_backward_does_not_cost_forward():
    class Broken(Recorder):
        def backward(self, grad_output):
            raise ValueError

    arrays = {name: np.ones(1) for name in ("x", "grad_output", "warmup_x", "warmup_grad_output")}
    parts = scenarios.answers("relu", lambda own: Broken([], own), arrays, "twice")
    assert next(parts)[0] == "output"
