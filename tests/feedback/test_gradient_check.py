"""Whose gradient it is: right for the forward pass of the submission, or not."""

import numpy as np
import pytest

from grader.cases.ground_truth import load_ground_truth
from grader.feedback.gradient_check import own_forward
from grader.feedback.mistakes import Form, mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.feedback.mistakes.transforms import kernel_flipped, no_padding, no_stride, on

PLAIN = {
    "conv2d": "k3x2-s2x3-p1x0-r1x2",
    "max_pool2d": "pool-k3x3-s2x2-p1x1-r1x0",
    "relu": "relu-image",
    "linear": "linear",
    "cross_entropy": "cross-entropy",
}


def judged(kind, form, case_id=None):
    """Run the check on a layer of ours."""
    truth = load_ground_truth()
    case = next(case for case in truth.cases if case.id == (case_id or PLAIN[kind]))
    caller = InProcess(student(kind, form))

    def run(arrays):
        parts = ("output", "grad_x", "grad_weight", "grad_bias", "grad_logits")
        answers = caller.run(kind, case.params, arrays, parts=parts).answers
        return {part: answer.array for part, answer in answers.items() if answer.array is not None}

    return own_forward(truth[case.id].inputs, run, np.random.default_rng(1))


@pytest.mark.parametrize("kind", PLAIN)
def test_own_forward_of_right_layer_holds_for_every_gradient(kind):
    found = judged(kind, Form())
    assert all(found.holds.values())
    assert 0 < found.calls <= 14


@pytest.mark.parametrize("name", ["crops_by_one", "averages_over_batch", "shapes_grad_bias_differently"])
def test_own_forward_of_wrong_gradient_does_not_hold(name):
    entry = mistake(name)
    holds = judged("conv2d", entry.forms[0]).holds
    wrong = {criterion.partition(".")[2] for criterion in entry.criteria}
    assert {part for part, right in holds.items() if not right} == wrong


@pytest.mark.parametrize("change", [kernel_flipped, no_stride, no_padding])
def test_own_forward_of_wrong_forward_with_its_own_right_gradients_holds(change):
    """The whole layer computes something else, and derives that rightly."""
    form = Form(on("output grad_x grad_weight grad_bias", "arguments", change))
    found = judged("conv2d", form, "k3x3-s2x2-p1x1-r1x1")
    if change is kernel_flipped:
        # Its weight is another one, so the gradient of the one that was given is turned back.
        form = Form({**form.steps, **on("grad_weight", "finish", lambda g, _: g[:, :, ::-1, ::-1])})
        found = judged("conv2d", form, "k3x3-s2x2-p1x1-r1x1")
    assert found.holds == {"grad_x": True, "grad_weight": True, "grad_bias": True}


def test_own_forward_of_flipped_forward_with_the_truths_gradients_does_not_hold():
    holds = judged("conv2d", Form(on("output", "arguments", kernel_flipped))).holds
    assert holds == {"grad_x": False, "grad_weight": False, "grad_bias": True}


def test_own_forward_of_layer_that_answers_nothing_judges_nothing():
    found = own_forward({"x": np.ones((1, 1))}, lambda _: {}, np.random.default_rng(1))
    assert (found.holds, found.calls) == ({}, 1)


def test_own_forward_of_gradient_with_nan_does_not_hold():
    form = Form(on("grad_x", "finish", lambda g, _: g * np.nan))
    assert judged("conv2d", form).holds["grad_x"] is False
