"""Whose gradient it is: right for the forward pass of the submission, or not."""

import numpy as np
import pytest

from grader.cases.ground_truth import load_ground_truth
from grader.feedback.gradient_check import own_forward, right_forward, right_gradients
from grader.feedback.mistakes import Form, mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess, quick_part
from grader.feedback.mistakes.transforms import kernel_flipped, no_padding, no_stride, on
from grader.worker.layer_kinds import both

PARTS = {"grad_x": "x", "grad_weight": "weight", "grad_bias": "bias", "grad_logits": "logits"}
PLAIN = {
    "conv2d": "k3x2-s2x3-p1x0-r1x2",
    "max_pool2d": "pool-k3x3-s2x2-p1x1-r1x0",
    "relu": "relu-image",
    "linear": "linear",
    "cross_entropy": "cross-entropy",
}


def judged(kind, form, case_id=None, parts=tuple(PARTS)):
    """Run the check on a layer of ours."""
    truth = load_ground_truth()
    case = next(case for case in truth.cases if case.id == (case_id or PLAIN[kind]))
    caller = InProcess(student(kind, form))

    def run(arrays, with_gradients):
        every = ("output", *PARTS)
        answers = caller.run(kind, case.params, arrays, parts=every if with_gradients else every[:1]).answers
        return {part: answer.array for part, answer in answers.items() if answer.array is not None}

    return own_forward(truth[case.id].inputs, run, right_forward(case), np.random.default_rng(1), parts)


def credited(cases, forward_of):
    """Return the parts that count for forwards whose gradients are right for them, found by differences."""
    found, rng = [], np.random.default_rng(0)
    for case in cases:
        forward = forward_of(case)

        def run(arrays, with_gradients, forward=forward):
            names = {part: name for part, name in PARTS.items() if with_gradients and name in arrays}
            return {
                "output": forward(arrays),
                **{part: _jacobian(forward, arrays, name) for part, name in names.items()},
            }

        inputs = load_ground_truth()[case.id].inputs
        found.append(own_forward(inputs, run, right_forward(case), rng))
    return right_gradients(found)


def _jacobian(forward, arrays, name):
    grad = np.zeros(arrays[name].shape)
    for place in np.ndindex(grad.shape):
        ends = []
        for step in (1e-5, -1e-5):
            changed = arrays[name].copy()
            changed[place] += step
            ends.append(forward({**arrays, name: changed}))
        grad[place] = np.sum(arrays.get("grad_output", 1.0) * (ends[0] - ends[1])) / 2e-5
    return grad


def plain_cases(kind, most=4):
    """Return some cases of a kind, as different from each other as those that are tried in a run."""
    cases = [
        case
        for case in load_ground_truth().cases
        if case.kind == kind and not case.invalid and case.scenario == "once" and case.dtype == "float64"
        # Where windows see the border alone, or inputs tie, differences say less.
        if max(both(case.params.get("padding", 0))) <= 1 and case.values == "normal"
    ]
    return cases[:: max(1, len(cases) // most)][:most]


@pytest.mark.parametrize("kind", PLAIN)
def test_own_forward_of_right_layer_holds_for_every_gradient(kind):
    found = judged(kind, Form())
    assert all(found.holds.values())
    assert 0 < found.calls <= 60


@pytest.mark.parametrize("name", ["crops_by_one", "averages_over_batch", "shapes_grad_bias_differently"])
def test_own_forward_of_wrong_gradient_does_not_hold(name):
    entry = mistake(name)
    holds = judged("conv2d", entry.forms[0]).holds
    wrong = {criterion.partition(".")[2] for criterion in entry.criteria}
    assert {part for part, right in holds.items() if not right} == wrong


def test_own_forward_of_flipped_kernel_with_its_own_right_gradients_holds():
    """The whole layer computes something else, and derives that rightly."""
    form = Form(on("output grad_x grad_weight grad_bias", "arguments", kernel_flipped))
    # Its weight is another one, so the gradient of the one that was given is turned back.
    form = Form({**form.steps, **on("grad_weight", "finish", lambda g, _: g[:, :, ::-1, ::-1])})
    found = judged("conv2d", form, "k3x3-s2x2-p1x1-r1x1")
    assert found.holds == {"grad_x": True, "grad_weight": True, "grad_bias": True}


@pytest.mark.parametrize("change", [no_stride, no_padding])
def test_own_forward_of_output_with_the_wrong_shape_does_not_hold(change):
    form = Form(on("output grad_x grad_weight grad_bias", "arguments", change))
    found = judged("conv2d", form, "k3x3-s2x2-p1x1-r1x1")
    assert found.holds == {"grad_x": False, "grad_weight": False, "grad_bias": False}


def test_own_forward_of_flipped_forward_with_the_truths_gradients_does_not_hold():
    holds = judged("conv2d", Form(on("output", "arguments", kernel_flipped))).holds
    assert holds == {"grad_x": False, "grad_weight": False, "grad_bias": True}


def test_own_forward_judges_the_parts_that_are_asked_for_and_stops_where_none_agrees():
    found = judged("conv2d", Form(on("output", "arguments", kernel_flipped)), parts=("grad_x", "grad_weight"))
    assert found.holds == {"grad_x": False, "grad_weight": False}
    assert found.calls <= 5


def test_own_forward_of_layer_that_answers_nothing_judges_nothing():
    inputs = {"x": np.ones((1, 1))}
    found = own_forward(inputs, lambda *_: {}, lambda arrays: arrays["x"], np.random.default_rng(1))
    assert (found.holds, found.calls) == ({}, 1)


def test_own_forward_of_gradient_with_nan_does_not_hold():
    form = Form(on("grad_x", "finish", lambda g, _: g * np.nan))
    assert judged("conv2d", form).holds["grad_x"] is False


WRONG_BUT_A_LAYER = {
    "conv2d": (
        "flips_kernel_in_forward",
        "orders_columns_differently",
        "reshapes_instead_of_transposing",
        "pads_with_edge_values",
        "pads_one_side",
        "keeps_one_input_channel",
    ),
    "linear": ("forgets_transpose_in_linear",),
    "max_pool2d": ("pads_maximum_with_zeros", "averages_instead_of_maximum", "starts_maximum_at_zero"),
    "avg_pool2d": ("sums_instead_of_mean", "takes_maximum_instead_of_mean"),
    "relu": ("leaks_negative_values",),
    "cross_entropy": ("sums_loss_over_batch", "forgets_minus_in_loss", "averages_loss_over_classes"),
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in WRONG_BUT_A_LAYER.items() for name in names]
)
def test_right_gradients_of_a_known_mistake_in_forward_count(kind, name):
    # Another form of the transposed weight fails; the first one of all others gives an output.
    form = mistake(name).forms[-1 if name == "forgets_transpose_in_linear" else 0]

    def forward_of(case):
        return lambda arrays: np.asarray(quick_part(kind, form, "output", case.params, arrays))

    cases = [case for case in plain_cases(kind) if _answers(case, forward_of(case))]
    parts = {part for part, name in PARTS.items() if name in load_ground_truth()[cases[0].id].inputs}
    assert credited(cases, forward_of) == parts


def _answers(case, forward):
    inputs = load_ground_truth()[case.id].inputs
    output = forward(inputs)
    return output.shape == right_forward(case)(inputs).shape and np.isfinite(output).all()


def test_right_gradients_of_a_forward_without_bias_count_but_for_the_bias():
    form = mistake("forgets_bias").forms[0]

    def forward_of(case):
        return lambda arrays: quick_part("conv2d", form, "output", case.params, arrays)

    assert credited(plain_cases("conv2d"), forward_of) == {"grad_x", "grad_weight"}


def _sums(array):
    """Sum over all but the first axis, for an output of four axes."""
    return array.sum(axis=(1, 2, 3))


WORTHLESS = {
    "conv2d": {
        "zeros": lambda a, shape: np.zeros(shape),
        "a constant": lambda a, shape: np.full(shape, 3.0),
        "the bias alone": lambda a, shape: np.zeros(shape) + a["bias"][:, None, None],
        "the sum of x": lambda a, shape: np.full(shape, a["x"].sum()),
        "one element of each": lambda a, shape: np.full(shape, a["x"].flat[0] * a["weight"].flat[0]),
        "both sums": lambda a, shape: np.full(shape, a["x"].sum() * a["weight"].sum()),
        "the sum of each image and filter": lambda a, shape: (
            np.zeros(shape)
            + _sums(a["x"])[:, None, None, None] * _sums(a["weight"])[:, None, None]
            + a["bias"][:, None, None]
        ),
        "both sums added": lambda a, shape: (
            np.zeros(shape) + _sums(a["x"])[:, None, None, None] + _sums(a["weight"])[:, None, None]
        ),
        "x cut to the shape": lambda a, shape: np.resize(a["x"], shape),
        "x and weight cut to the shape": lambda a, shape: (
            np.resize(a["x"], shape) * np.resize(a["weight"], shape) + a["bias"][:, None, None]
        ),
    },
    "max_pool2d": {
        "the first of each window": lambda a, shape: np.resize(a["x"], shape),
        "the largest of each image": lambda a, shape: (
            np.zeros(shape) + a["x"].max(axis=(2, 3), keepdims=True)
        ),
        "the sum of each image": lambda a, shape: np.zeros(shape) + a["x"].sum(axis=(2, 3), keepdims=True),
    },
    "avg_pool2d": {"x cut to the shape": lambda a, shape: np.resize(a["x"], shape)},
    "relu": {"x": lambda a, shape: 1.0 * a["x"], "twice x": lambda a, shape: 2.0 * a["x"]},
    "linear": {
        "the sums": lambda a, shape: a["x"].sum(axis=1)[:, None] * a["weight"].sum(axis=1),
        "the first feature": lambda a, shape: a["x"][:, :1] * a["weight"][:, 0],
        "a product of elements": lambda a, shape: np.resize(a["x"], shape) * np.resize(a["weight"], shape),
    },
    "cross_entropy": {
        "the sum": lambda a, shape: np.array(a["logits"].sum()),
        "the sum of squares": lambda a, shape: np.array((a["logits"] ** 2).sum()),
        "one logit": lambda a, shape: np.array(a["logits"].flat[0]),
    },
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, forwards in WORTHLESS.items() for name in forwards]
)
def test_right_gradients_that_took_no_work_do_not_count(kind, name):
    def forward_of(case):
        shape = right_forward(case)(load_ground_truth()[case.id].inputs).shape
        return lambda arrays: WORTHLESS[kind][name](arrays, shape)

    assert credited(plain_cases(kind), forward_of) <= {"grad_bias"}


def test_right_gradients_of_no_case_are_none():
    assert right_gradients([]) == frozenset()
