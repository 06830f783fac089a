"""Which answers to a timed call count, by what the submission answered to the graded cases."""

from dataclasses import replace

import numpy as np
import pytest

from grader.cases import of_kind, parts_of
from grader.cases.compare import compare
from grader.cases.ground_truth import load_ground_truth
from grader.feedback.mistakes import Form, combine, mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.feedback.timed_truth import explaining_forms, timed_truth
from grader.sandbox import Reply
from grader.speed.stopwatch import PHASES, Stopwatch, Voided
from grader.speed.workloads import CONV2D_PARTS, Size, only_right

TRUTH = load_ground_truth()
CASES = of_kind(TRUTH.cases, "conv2d")[::6]
SIZE = Size(N=2, C_in=3, C_out=2, H=3, W=3, K_h=3, K_w=3)
RIGHT = Form()
BACKWARD = {*CONV2D_PARTS[1:]}


def form_of(name, place=0):
    return mistake(name).forms[place]


def answered(form, cases=CASES):
    """Return what a layer with this mistake answers to the graded cases."""
    caller = InProcess(student("conv2d", form))
    return {
        case.id: caller.run(
            case.kind,
            case.params,
            TRUTH[case.id].inputs,
            parts=parts_of(case),
            scenario=case.scenario,
            layouts=case.layouts,
        )
        for case in cases
    }


def timed(form, inputs):
    """Return what such a layer answers to a timed call."""
    return InProcess(student("conv2d", form)).run("conv2d", SIZE.params, inputs, parts=CONV2D_PARTS)


def voided(answers, reply, inputs):
    """Return the phases whose time does not count."""
    lost = []
    for phase in PHASES:
        try:
            Stopwatch(None, (phase,), answers).hold(reply, inputs)
        except Voided as error:
            lost += error.phases
    return lost


@pytest.fixture
def inputs():
    return SIZE.draw(np.random.default_rng())


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("flips_kernel_in_forward", {"output"}),
        ("forgets_bias", {"output"}),
        ("pads_with_edge_values", {"output"}),
        ("does_not_flip_kernel_in_grad_x", {"grad_x"}),
        ("returns_padded_grad_x", {"grad_x"}),
        ("updates_weight_before_grad_x", {"grad_x"}),
        ("ignores_padding_in_grad_x", {"grad_x"}),
        ("averages_over_batch", {"grad_weight", "grad_bias"}),
        ("negates_gradients", BACKWARD),
    ],
)
def test_timed_answers_of_the_mistake_that_explains_the_cases_count(name, parts, inputs):
    replies = answered(form_of(name))
    assert explaining_forms(TRUTH, replies).keys() == parts
    answers = timed_truth(TRUTH, replies)
    assert voided(answers, timed(form_of(name), inputs), inputs) == []
    assert voided(only_right, timed(form_of(name), inputs), inputs) != []
    # Where the mistake does not show, the answer is right.
    assert voided(answers, timed(RIGHT, inputs), inputs) == []


def test_two_mistakes_together_count_and_in_each_phase_apart(inputs):
    both = combine(form_of("flips_kernel_in_forward"), form_of("forgets_bias"))
    both = combine(both, form_of("flips_grad_weight"))
    answers = timed_truth(TRUTH, answered(both))
    assert voided(answers, timed(both, inputs), inputs) == []
    assert voided(answers, timed(form_of("negates_gradients"), inputs), inputs) == ["backward"]


@pytest.mark.parametrize("name", ["answers_zeros", "keeps_last_image_only", "computes_in_float32"])
def test_mistake_of_less_work_earns_nothing(name, inputs):
    replies = answered(form_of(name))
    assert explaining_forms(TRUTH, replies) == {}
    assert timed_truth(TRUTH, replies) is only_right


def test_right_answers_to_the_cases_allow_no_mistake():
    assert timed_truth(TRUTH, answered(RIGHT)) is only_right
    assert timed_truth(TRUTH, {}) is only_right


@pytest.mark.parametrize("other", [RIGHT, form_of("transposes_kernel_in_forward")])
def test_mistake_that_explains_all_but_one_case_does_not_count(other):
    replies = answered(form_of("flips_kernel_in_forward"))
    last = next(case for case in reversed(CASES) if case.params["kernel_size"] == 3)
    replies |= answered(other, (last,))
    assert explaining_forms(TRUTH, replies) == {}


@pytest.mark.parametrize("cheaper", ["answers_zeros", "transposes_kernel_in_forward", "computes_in_float32"])
def test_timed_answers_of_anything_but_the_known_mistake_do_not_count(cheaper, inputs):
    """An attack: wrong as a known mistake in the cases, cheaper where it is timed."""
    answers = timed_truth(TRUTH, answered(form_of("flips_kernel_in_forward")))
    assert "forward" in voided(answers, timed(form_of(cheaper), inputs), inputs)


def test_timed_answers_to_other_inputs_do_not_count(inputs):
    """An attack: answers that were remembered from an earlier call."""
    flipped = form_of("flips_kernel_in_forward")
    answers = timed_truth(TRUTH, answered(flipped))
    remembered = timed(flipped, SIZE.draw(np.random.default_rng()))
    assert voided(answers, remembered, inputs) == [*PHASES]


def test_single_precision_of_a_known_mistake_does_not_count(inputs):
    flipped = form_of("flips_kernel_in_forward")
    answers = timed_truth(TRUTH, answered(flipped))
    reply = timed(flipped, inputs)
    rounded = reply.answers["output"].array.astype(np.float32).astype(np.float64)
    reply = Reply({**reply.answers, "output": replace(reply.answers["output"], array=rounded)})
    assert voided(answers, reply, inputs) == ["forward"]


def test_bound_of_a_mistake_allows_for_rounding_in_another_order(inputs):
    turned = {**inputs, "weight": inputs["weight"][:, :, ::-1, ::-1]}
    by_loops = only_right(turned)["output"][0].values
    answers = timed_truth(TRUTH, answered(form_of("flips_kernel_in_forward")))
    right, known = answers(inputs)["output"]
    assert not compare(by_loops, right, "float64").passed
    assert compare(by_loops, known, "float64").passed
