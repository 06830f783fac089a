"""When two answers come from the same formula, and what of a reply is evidence."""

from dataclasses import replace

import numpy as np
import pytest

from grader.cases.ground_truth import load_ground_truth
from grader.checks.submission import Student
from grader.feedback.evidence import arrays_alike, evidence
from grader.feedback.mistakes import Form
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.results import Outcome
from grader.sandbox import Answer, Reply

TRUTH = load_ground_truth()
VALUES = np.array([1.0, -2.0, 1e-3])


@pytest.mark.parametrize(
    ("other", "dtype", "same"),
    [
        (VALUES * (1 + 1e-13), "float64", True),
        (VALUES * (1 + 1e-6), "float64", False),
        (VALUES.astype(np.float32), "float64", False),
        (VALUES.astype(np.float32), "float32", True),
        (VALUES[None], "float64", False),
        (VALUES.astype(complex), "float64", False),
        (np.array([1.0, -2.0, np.nan]), "float64", False),
    ],
)
def test_arrays_alike_of_two_answers_tells_rounding_from_difference(other, dtype, same):
    assert arrays_alike(VALUES, other, dtype) is same


def test_arrays_alike_of_equal_nan_and_infinity_is_true():
    odd = np.array([np.nan, np.inf, -np.inf, 1.0])
    assert arrays_alike(odd, odd.copy(), "float64")
    assert not arrays_alike(odd, -odd, "float64")


def test_arrays_alike_of_empty_arrays_is_true():
    assert arrays_alike(np.zeros((2, 0)), np.zeros((2, 0)), "float64")


def relu_replies():
    pupil = Student(InProcess(student("relu", Form())), TRUTH)
    for case in TRUTH.cases:
        if case.kind == "relu":
            pupil.reply(case)
    return dict(pupil.replies)


def test_evidence_of_right_layer_is_right_everywhere():
    found = evidence(TRUTH, relu_replies())
    assert set(found) == {"relu.forward", "relu.grad_x"}
    assert all(item.right for items in found.values() for item in items)


def changed(reply, part, **fields):
    return Reply({**reply.answers, part: replace(reply.answers[part], **fields)})


def test_evidence_of_changed_input_is_wrong_where_it_was_changed():
    replies = relu_replies()
    case_id = next(iter(replies))
    replies[case_id] = changed(replies[case_id], "grad_x", modified=("grad_output",))
    found = evidence(TRUTH, replies)
    assert [item.case.id for item in found["relu.grad_x"] if not item.right] == [case_id]
    assert all(item.right for item in found["relu.forward"])


def test_evidence_of_changed_input_beside_a_wrong_answer_is_not_counted():
    replies = relu_replies()
    first, second = list(replies)[:2]
    replies[first] = changed(replies[first], "grad_x", modified=("grad_output",))
    replies[second] = changed(replies[second], "grad_x", array=np.zeros(1))
    found = evidence(TRUTH, replies)["relu.grad_x"]
    assert [(item.case.id, item.modified) for item in found if not item.right] == [(second, ())]


def test_evidence_leaves_out_what_timed_out_and_marks_what_follows_an_error():
    replies = relu_replies()
    late, broken = list(replies)[:2]
    replies[late] = Reply({part: Answer(part, Outcome.TIMED_OUT) for part in ("output", "grad_x")}, 5.0)
    replies[broken] = Reply({part: Answer(part, Outcome.RAISED) for part in ("output", "grad_x")}, 0.0)
    found = evidence(TRUTH, replies)
    assert late not in {item.case.id for item in found["relu.forward"]}
    assert [item.case.id for item in found["relu.grad_x"] if item.inherited] == [broken]
