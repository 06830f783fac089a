"""A diff of two runs tells who moved, by how much, and why."""

from dataclasses import replace

import pytest

from grader.grading.gradebook import Run
from grader.reports.run_diff import CaseChange, CriterionChange, changes, changes_text, reasons
from grader.results import CriterionScore, Item, Outcome, Result


def regraded(result: Result) -> Result:
    """Return the wrong submission with one more case of grad_x right."""
    items = [
        replace(item, outcome=Outcome.PASSED, message="") if item.case == "k3" else item
        for item in result.items
    ]
    criteria = (result.criteria[0], CriterionScore("conv2d.grad_x", 20.0, 40.0, 2, 4))
    return replace(result, points=80.0, criteria=criteria, items=tuple(items))


def test_changes_equal_runs_are_none(everyone: list[Result]):
    assert changes(everyone, everyone) == ()


def test_changes_regraded_submission_tells_criterion_and_case(right: Result, wrong: Result):
    (change,) = changes([right, wrong], [right, regraded(wrong)])
    assert (change.id, change.before, change.after, change.edited) == ("bob", 70.0, 80.0, False)
    assert change.criteria == (CriterionChange("conv2d.grad_x", 10.0, 20.0),)
    assert change.cases == (CaseChange("conv2d.grad_x", "k3", Outcome.WRONG_VALUE, Outcome.PASSED),)


def test_changes_same_points_but_another_outcome_is_told(wrong: Result):
    items = (*wrong.items[:-1], replace(wrong.items[-1], outcome=Outcome.CRASHED))
    (change,) = changes([wrong], [replace(wrong, items=items)])
    assert change.cases == (CaseChange("conv2d.grad_x", "k4", Outcome.TIMED_OUT, Outcome.CRASHED),)


def test_changes_new_gone_and_failed_have_no_points_on_one_side(right: Result, wrong: Result, failed: Result):
    found = changes([right, failed], [wrong, replace(failed, status="graded", points=5.0)])
    assert {change.id: (change.before, change.after) for change in found} == {
        "ada": (100.0, None),
        "bob": (None, 70.0),
        "fay": (None, 5.0),
    }


def test_changes_largest_move_comes_first(right: Result, wrong: Result):
    found = changes([right, wrong], [replace(right, points=99.0), replace(wrong, points=10.0)])
    assert [change.id for change in found] == ["bob", "ada"]


def test_changes_text_shows_points_criteria_and_cases(wrong: Result):
    edited = replace(regraded(wrong), fingerprint="other")
    assert changes_text(changes([wrong], [edited])).splitlines() == [
        "bob (Bob): 70 -> 80 (+10) (files or rules changed)",
        "    conv2d.grad_x: 10 -> 20 (+10)",
        "    conv2d.grad_x, case k3: wrong values -> passed",
    ]


def test_changes_text_nobody_moved_says_so():
    assert changes_text((), ["numpy 1.26.4 became 2.3.5"]).splitlines() == [
        "between the runs: numpy 1.26.4 became 2.3.5",
        "nobody moved",
    ]


def test_changes_text_more_cases_than_shown_are_counted(wrong: Result):
    items = tuple(Item("c", f"k{i}", Outcome.PASSED) for i in range(8))
    worse = tuple(replace(item, outcome=Outcome.RAISED) for item in items)
    text = changes_text(changes([replace(wrong, items=items)], [replace(wrong, items=worse)]))
    assert text.splitlines()[-1] == "    and 3 more cases"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ()),
        ({"assignment_text": "x"}, ("the assignment file changed",)),
        ({"versions": {"numpy": "2.4"}}, ("numpy: 2.3.5 became 2.4",)),
        ({"options": {"sandbox": "none"}}, ("option sandbox: native became none",)),
    ],
)
def test_reasons_difference_between_runs_is_named(run: Run, change: dict[str, object], said: tuple[str, ...]):
    assert reasons(run, replace(run, **change)) == said
