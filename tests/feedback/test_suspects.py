"""Which suspects give a submission's arrays and errors: on views of a gradient with a wrong border."""

import pytest

from grader.cases.ground_truth import load_ground_truth
from grader.feedback.diagnose import diagnose
from grader.intake.source import Program
from grader.results import Outcome
from tests.quality.unknown import Edited, edited

TRUTH = load_ground_truth()
VIEWS = [one for one in edited() if "views_gradient_with_wrong_border" in one.true]


def test_edited_programs_of_views_are_several():
    assert len(VIEWS) >= 8


@pytest.mark.parametrize("program", VIEWS[::3], ids=lambda one: str(len(one.changes)))
def test_diagnose_of_view_with_a_wrong_border_names_it(program):
    replies = program.replies(TRUTH)
    found = diagnose(TRUTH, replies, Program("cnn.py", {"cnn.py": program.source()}))
    names = {one.mistake for one in found if one.criterion == "conv2d.grad_x"}
    assert names
    assert names <= program.true
    assert {one.criterion for one in found} <= {"conv2d.grad_x", "conv2d.errors"}


def test_answer_with_what_lies_outside_an_array_shows_what_was_read():
    (program, *_) = VIEWS
    answers = [
        reply.answers["grad_x"] for reply in program.replies(TRUTH).values() if "grad_x" in reply.answers
    ]
    strayed = [answer for answer in answers if answer.outcome is Outcome.OUT_OF_BOUNDS_VIEW]
    assert strayed
    assert all(answer.array is None and answer.shown is not None for answer in strayed)


@pytest.mark.parametrize(
    ("program", "wide", "narrow"),
    [
        ("strided", "(w - 1) * s + 1 : s] = g", "(w - 1) * s : s] = g"),
        ("images", "(w - 1) * stride + 1), plane", "(w - 1) * stride), plane"),
    ],
)
def test_diagnose_of_zeros_in_a_few_cases_beside_errors_in_the_others_is_silent(program, wide, narrow):
    replies = Edited(program, changes=((wide, narrow),)).replies(TRUTH)
    assert "answers_zeros" not in {one.mistake for one in diagnose(TRUTH, replies)}
