"""An error on wrong arguments counts if the assignment says so."""

import pytest

from grader.assignment.error_policy import ErrorPolicy
from grader.cases.ground_truth import load_ground_truth
from grader.checks.refusals import refusal_problem
from grader.checks.submission import CheckFailed, Student
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.model import Form
from grader.feedback.mistakes.simulate import InProcess
from grader.results import Outcome, Place
from grader.sandbox import Answer

ONLY_OWN = ErrorPolicy(own_only=True)
CALLER = Place("cnn.py", None, 9, "self.out = pad(x)", "forward")


def raised(message, line="raise ValueError('shape')"):
    return Answer("output", Outcome.RAISED, None, message, (Place("cnn.py", None, 4, line, "pad"), CALLER))


@pytest.mark.parametrize("name", ["ValueError", "AssertionError", "TypeError", "IndexError", "ShapeError"])
def test_refusal_by_an_accepted_error_counts(name):
    assert refusal_problem(raised(f"{name}: channels"), ErrorPolicy()) == ""


@pytest.mark.parametrize(
    "name", ["ZeroDivisionError", "AttributeError", "NameError", "SystemExit", "Exception"]
)
def test_refusal_by_another_error_does_not_count_and_says_which_do(name):
    problem = refusal_problem(raised(f"{name}: x"), ErrorPolicy())
    others = "ValueError, AssertionError, TypeError or IndexError does"
    assert problem == f"{name} does not count as a refusal; {others}"


def test_refusal_by_an_error_without_text_is_read_by_its_name():
    assert refusal_problem(raised("AssertionError"), ErrorPolicy()) == ""
    assert "KeyError" in refusal_problem(raised("KeyError"), ErrorPolicy())


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("raise ValueError('stride')", True),
        ("assert x.shape[1] == self.channels", True),
        ("if stride < 1: raise ValueError(stride)", True),
        ("assert(stride > 0)", True),
        ("return x.reshape(n, -1) @ w", False),
        ("raised = x @ w", False),
        ("", False),
    ],
)
def test_refusal_that_must_be_own_comes_from_a_raise_or_assert(line, counts):
    assert (refusal_problem(raised("ValueError: no", line), ONLY_OWN) == "") is counts
    assert refusal_problem(raised("ValueError: no", line), ErrorPolicy()) == ""


def test_refusal_that_must_be_own_needs_a_place():
    nowhere = Answer("output", Outcome.RAISED, None, "ValueError: no")
    assert "raised by code that you called" in refusal_problem(nowhere, ONLY_OWN)


def test_expect_error_follows_the_assignment():
    truth = load_ground_truth()
    case = next(case for case in truth.cases if case.id == "invalid-channels-too-many")
    right = InProcess(student("conv2d", Form()))
    Student(right, truth).expect_error(case)
    with pytest.raises(CheckFailed, match="does not count as a refusal; KeyError does") as caught:
        Student(right, truth, errors=ErrorPolicy(("KeyError",))).expect_error(case)
    assert caught.value.outcome is Outcome.RAISED
    assert case.why in caught.value.message
