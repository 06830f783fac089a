"""A class's averages count those who handed something in and have a verdict."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from grader.reports.overview import BINS, HardCase, MistakeCount, histogram, overview
from grader.results import Item, Outcome, Result


def test_overview_averages_leave_out_absent_and_failed(everyone: list[Result]):
    seen = overview(everyone, 100.0)
    assert (seen.submissions, seen.graded, seen.handed_in) == (6, 5, 4)
    assert (seen.mean, seen.median) == (42.5, 35.0)
    assert [result.id for result in seen.errors] == ["fay"]
    assert dict(seen.states) == {"draft": 1, "late": 1, "nothing": 1}


def test_overview_nobody_has_no_averages():
    seen = overview([], 100.0)
    assert (seen.mean, seen.median, seen.criteria, seen.hardest) == (None, None, (), ())


def test_overview_criteria_tell_points_checks_and_who_is_whole(right: Result, wrong: Result):
    (forward, grad_x) = overview([right, wrong], 100.0).criteria
    assert (forward.name, forward.mean_points, forward.all_right, forward.submissions) == (
        "conv2d.forward",
        60.0,
        2,
        2,
    )
    assert (grad_x.mean_points, grad_x.checks_passed, grad_x.all_right) == (25.0, 0.5, 1)


def test_overview_hardest_case_comes_first_with_its_usual_outcome(right: Result):
    def with_items(*outcomes: Outcome) -> Result:
        return replace(right, items=tuple(Item("c", f"k{i}", outcome) for i, outcome in enumerate(outcomes)))

    passed, timed_out, raised = Outcome.PASSED, Outcome.TIMED_OUT, Outcome.RAISED
    results = [with_items(passed, timed_out), with_items(raised, timed_out), with_items(passed, raised)]
    assert overview(results, 100.0).hardest == (
        HardCase("c", "k1", False, 3, 3, timed_out),
        HardCase("c", "k0", False, 1, 3, raised),
    )


def test_overview_unloadable_submission_makes_no_case_hard(unloadable: Result):
    assert overview([unloadable], 100.0).hardest == ()


def test_overview_mistakes_count_submissions(right: Result, wrong: Result):
    assert overview([right, wrong, replace(wrong, id="b2")], 100.0).mistakes == (
        MistakeCount(
            "ignores_stride", "conv2d.grad_x", "The stride is missing.", 2, "Stride ignored in grad_x"
        ),
    )


@given(st.lists(st.floats(-10, 200)), st.floats(1, 150))
def test_histogram_any_points_counts_everyone_once(points: list[float], max_points: float):
    counts = histogram(points, max_points)
    assert len(counts) == BINS
    assert sum(counts) == len(points)
