"""Accepted conventions: right under them what they say, and nothing else."""

import pytest

from grader.cases.ground_truth import load_ground_truth
from grader.checks.submission import Student
from grader.feedback.conventions import CONVENTIONS, convention
from grader.feedback.mistakes import mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.feedback.mistakes.survivors import outcomes
from grader.results import Outcome

TRUTH = load_ground_truth()


def failed(kind, form, *accepted):
    """Return the criteria in which a layer of ours fails under conventions."""
    conventions = {name: convention(name, TRUTH) for name in accepted}
    pupil = Student(InProcess(student(kind, form)), TRUTH, conventions=conventions)
    return {
        criterion
        for case in TRUTH.cases
        if case.kind == kind
        for criterion, outcome in outcomes(pupil, case)
        if outcome is not Outcome.PASSED
    }


@pytest.mark.parametrize("name", CONVENTIONS)
def test_convention_accepts_the_layer_that_follows_it(name):
    for kind, form in CONVENTIONS[name]:
        assert failed(kind, form)
        assert failed(kind, form, name) == set()


def test_convention_does_not_accept_another_mistake():
    form = mistake("averages_over_positions").forms[0]
    assert failed("conv2d", form, *CONVENTIONS) == {"conv2d.grad_weight", "conv2d.grad_bias"}


def test_convention_leaves_the_right_answer_right():
    for kind in ("conv2d", "max_pool2d", "relu", "linear", "cross_entropy"):
        assert failed(kind, type(mistake("forgets_bias").forms[0])(), *CONVENTIONS) == set()


def test_convention_of_part_that_does_not_differ_is_none():
    case = next(case for case in TRUTH.cases if case.kind == "conv2d")
    part = TRUTH[case.id].expected["grad_x"]
    assert convention("batch_mean", TRUTH)(case, "grad_x", part) is None


def test_convention_of_unknown_name_raises():
    with pytest.raises(KeyError):
        convention("whatever", TRUTH)
