"""Every outcome has its words, and one line tells a TA what went wrong."""

from dataclasses import replace

import pytest

from grader.reports.phrasing import (
    LABELS,
    failures,
    groups,
    lateness,
    main_outcome,
    number,
    ratio,
    standing_words,
    summary,
)
from grader.results import CriterionScore, Outcome, Place, Result, Standing


def test_labels_every_outcome_has_one():
    assert set(LABELS) == set(Outcome)


@pytest.mark.parametrize(("value", "text"), [(100.0, "100"), (87.5, "87.5"), (0.0, "0"), (33.3333, "33.33")])
def test_number_any_points_has_two_decimals_at_most(value: float, text: str):
    assert number(value) == text


def test_failures_several_outcomes_come_most_frequent_first(wrong: Result):
    assert failures(wrong.items) == [(Outcome.WRONG_VALUE, 2), (Outcome.TIMED_OUT, 1)]


def test_main_outcome_of_each_kind(right: Result, wrong: Result, failed: Result, absent: Result):
    outcomes = [main_outcome(result) for result in (right, wrong, failed, absent)]
    assert outcomes == [Outcome.PASSED, Outcome.WRONG_VALUE, Outcome.GRADER_ERROR, Outcome.NOT_RUN]


def test_summary_all_passed_says_all_right(right: Result):
    assert summary(right) == "all right"


def test_summary_mistake_known_is_named_first(wrong: Result):
    assert summary(wrong) == "Stride ignored in grad_x; 3 of 6 checks failed, mostly wrong values"


def test_summary_mistake_without_title_gives_its_name_in_words(wrong: Result):
    (diagnosis,) = wrong.diagnoses
    untitled = replace(wrong, diagnoses=(replace(diagnosis, title=""),))
    assert summary(untitled).startswith("Ignores stride; ")


def test_summary_one_kind_of_failure_is_not_called_mostly(hostile: Result):
    assert summary(hostile) == "1 of 1 checks failed: raised an error"


def test_summary_nothing_loaded_gives_the_first_line_of_why(unloadable: Result):
    assert summary(unloadable) == "could not be loaded: SyntaxError: invalid syntax, line 3"


def test_summary_error_while_loading_names_its_place(unloadable: Result):
    place = Place("cnn.ipynb", 2, 16, "x = y")
    items = tuple(replace(item, location=(place,)) for item in unloadable.items)
    said = summary(replace(unloadable, items=items))
    assert (
        said == "could not be loaded: SyntaxError: invalid syntax, line 3 (cnn.ipynb, code cell 2, line 16)"
    )


def test_summary_grader_error_gives_its_note(failed: Result):
    assert summary(failed) == "no verdict: could not be graded: twice"


def test_summary_nothing_handed_in_has_no_code(absent: Result):
    assert summary(absent) == "no code to run"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(20, "1 min"), (720, "12 min"), (5000, "1 h 23 min"), (97_200, "1 day 3 h"), (172_800, "2 days")],
)
def test_lateness_any_span_is_told_in_two_units_at_most(seconds: float, text: str):
    assert lateness(seconds) == text


def test_standing_words_in_time_says_nothing():
    assert standing_words(Standing("submitted", late_seconds=0.0)) == []
    assert standing_words(None) == []


def test_standing_words_late_draft_says_all(wrong: Result):
    assert standing_words(wrong.standing) == ["draft, not submitted", "1 day 3 h late", "10 points deducted"]


def test_groups_one_layer_has_a_column_for_each_criterion(right: Result):
    assert [group.title for group in groups([right])] == ["forward", "grad_x"]


def test_groups_two_layers_keep_criteria_of_one_name_apart(right: Result):
    names = ("relu.forward", "relu.grad_x", "linear.forward")
    criteria = tuple(CriterionScore(name, 1.0, 1.0, 1, 1) for name in names)
    columns = groups([replace(right, criteria=criteria)])
    assert [group.title for group in columns] == ["relu", "linear"]
    assert [group.max_points for group in columns] == [2.0, 1.0]


def test_groups_many_layers_have_a_column_each_and_speed_its_own(right: Result):
    names = ["conv2d.forward", "conv2d.speed_forward", "max_pool2d.forward", "conv2d.grad_x", "own"]
    criteria = tuple(CriterionScore(name, 1.0, 2.0, 1, 2) for name in names)
    columns = groups([replace(right, criteria=criteria)])
    assert [(group.title, group.max_points) for group in columns] == [
        ("conv2d", 4.0),
        ("speed", 2.0),
        ("pool", 2.0),
        ("own", 2.0),
    ]


def test_group_points_criterion_missing_is_none_not_zero(right: Result, failed: Result):
    (first, _) = groups([right])
    assert (first.points(right), first.points(failed)) == (60.0, None)


@pytest.mark.parametrize(
    ("value", "text"), [(1184.4, "1180"), (23.24, "23.2"), (0.6553, "0.655"), (100.0, "100"), (99.96, "100")]
)
def test_ratio_has_three_figures_and_no_exponent(value, text):
    assert ratio(value) == text
