"""The reference behind any layout, called through the interface under that layout, gives the truth."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_reference.activations import relu_backward, relu_forward
from cnn_reference.conv import conv2d_backward, conv2d_forward
from cnn_reference.pooling import max_pool2d_backward, max_pool2d_forward
from grader.assignment.interface import load_interface
from grader.cases import parts_of
from grader.cases.compare import compare
from grader.cases.ground_truth import load_ground_truth
from grader.sandbox.steps import steps_of
from grader.worker.call_arrays import LayerSlot
from grader.worker.interface.axis_layouts import Layout
from grader.worker.load_interface import open_interface

IMAGES = ["".join(order) for letters in ("NCHW", "CHW") for order in permutations(letters)]
WEIGHTS = ["".join(order) for order in permutations("OIHW")]
BIASES = ["O", "O1", "1O11", "111O", "own"]
CASES = {
    "conv2d": ("k3x2-s2x3-p1x0-r1x2", "k3x3-s2x2-p1x1-r1x1-fortran", "k3x3-s2x2-p1x1-r1x1-two-layers"),
    "max_pool2d": ("pool-k3x2-s2x3-p1x0-r0x2", "pool-k2x2-s2x2-p0x0-r0x0-default"),
    "relu": ("relu-image", "relu-rows", "relu-twice"),
}


class Laid:
    """A student whose arrays lie as `layouts` say, with the reference inside."""

    def __init__(self, x: str, weight: str, bias: str) -> None:
        self.one = "N" not in x
        self.x, self.weight = Layout("CHW" if self.one else "NCHW", x), Layout("OIHW", weight)
        self.bias = Layout("O", "O" if bias == "own" else bias)

    def ours(self, array: np.ndarray) -> np.ndarray:
        array = self.x.take(array)
        return array[None] if self.one else array

    def theirs(self, array: np.ndarray) -> np.ndarray:
        return self.x.give(array[0] if self.one else array)

    def conv2d_forward(self, x, weight, bias, *, stride, padding):
        weight, bias = self.weight.take(weight), self.bias.take(bias)
        return self.theirs(conv2d_forward(self.ours(x), weight, bias, stride=stride, padding=padding))

    def conv2d_backward(self, grad_output, x, weight, *, stride, padding):
        arrays = self.ours(grad_output), self.ours(x), self.weight.take(weight)
        grad_x, grad_weight, grad_bias = conv2d_backward(*arrays, stride=stride, padding=padding)
        return self.theirs(grad_x), self.weight.give(grad_weight), self.bias.give(grad_bias)

    def max_pool2d_forward(self, x, **window):
        return self.theirs(max_pool2d_forward(self.ours(x), **window))

    def max_pool2d_backward(self, grad_output, x, **window):
        return self.theirs(max_pool2d_backward(self.ours(grad_output), self.ours(x), **window))

    relu_forward = staticmethod(relu_forward)
    relu_backward = staticmethod(relu_backward)


def answered(case, inputs, opened, student):
    """Call a layer through a case's steps; return the answers that count."""
    answers, slots = {}, {}
    for step in steps_of(case.kind, case.scenario, tuple(inputs), parts_of(case)):
        slot = slots.setdefault(step.slot, LayerSlot())
        own = {name: case.layouts[source] for name, source in step.sent if source in case.layouts}
        given = slot.receive({name: inputs[source] for name, source in step.sent}, own)
        if step.call == "make":
            slot.layer = opened.build(case.kind, student, case.params, given)
        elif step.call == "forward":
            found = {step.parts[0]: slot.layer.forward(*given.values())}
        else:
            found = dict(slot.layer.backward(*given.values()))
        answers.update(found if step.counts and step.parts else {})
    return answers


@pytest.mark.parametrize("kind", CASES)
@settings(max_examples=25, deadline=None)
@given(st.sampled_from(IMAGES), st.sampled_from(WEIGHTS), st.sampled_from(BIASES))
def test_build_under_any_layout_gives_the_truth(kind, x, weight, bias):
    interface = load_interface("functions", settings={"layouts": {"x": x, "weight": weight, "bias": bias}})
    opened = open_interface(interface.source, interface.settings)
    student, truth = Laid(x, weight, bias), load_ground_truth()
    for case in truth.cases:
        if case.id in CASES[kind]:
            inputs = truth[case.id].inputs
            answers = answered(case, inputs, opened, student)
            assert list(answers) == list(parts_of(case))
            for part, answer in answers.items():
                verdict = compare(np.asarray(answer), truth[case.id].expected[part], case.dtype, part)
                assert verdict.passed, (case.id, part, verdict.message)


def test_cases_are_in_the_ground_truth():
    assert {name for names in CASES.values() for name in names} <= {
        case.id for case in load_ground_truth().cases
    }
