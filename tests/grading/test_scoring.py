"""Points are shares of a criterion's cases; one criterion's failure leaves the others alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.assignment.penalties import Penalties
from grader.grading.point_groups import Division
from grader.grading.scoring import count_outcomes, credit, penalised, score
from grader.results import GroupScore, Item, Outcome


def _items(criterion, *outcomes, **fields):
    return [Item(criterion, f"case-{i}", outcome, **fields) for i, outcome in enumerate(outcomes)]


def test_score_partial_credit_by_case():
    items = _items("conv2d.forward", Outcome.PASSED, Outcome.WRONG_VALUE, Outcome.PASSED)
    (criterion,) = score(items, {"conv2d.forward": 30})
    assert (criterion.points, criterion.passed, criterion.total) == (20.0, 2, 3)


def test_score_criteria_do_not_cascade():
    items = _items("conv2d.forward", Outcome.WRONG_VALUE) + _items("conv2d.grad_x", Outcome.PASSED)
    assert [c.points for c in score(items, {"conv2d.forward": 5, "conv2d.grad_x": 7})] == [0.0, 7.0]


def test_score_criterion_without_checks_is_absent():
    names = [c.name for c in score(_items("a.b", Outcome.PASSED), {"a.b": 1, "c.d": 1})]
    assert names == ["a.b"]


def test_score_items_of_ungraded_criteria_do_not_count():
    assert score(_items("x.y", Outcome.PASSED), {"a.b": 1}) == ()


def test_score_own_forward_earns_its_share_and_says_so():
    items = _items("conv2d.grad_x", Outcome.WRONG_VALUE, Outcome.WRONG_VALUE, right_for_own_forward=True)
    (criterion,) = score(items, {"conv2d.grad_x": 10}, own_forward_credit=0.5)
    assert criterion.points == 5.0
    assert criterion.note == "2 of 2 are right for the forward pass of the submission"


@pytest.mark.parametrize(
    ("outcome", "own", "expected"),
    [
        (Outcome.PASSED, None, 1.0),
        (Outcome.PASSED, 0.25, 0.25),
        (Outcome.PASSED, 0.0, 0.0),
        (Outcome.TIMED_OUT, 0.25, 0.0),
    ],
)
def test_credit_of_a_passed_item_is_what_its_check_says(outcome, own, expected):
    assert credit(Item("a.b", "c", outcome, credit=own)) == expected


@given(st.lists(st.sampled_from(list(Outcome)), min_size=1), st.floats(0, 100))
def test_score_is_within_bounds_and_full_only_if_all_pass(outcomes, points):
    (criterion,) = score(_items("a.b", *outcomes), {"a.b": points})
    assert 0 <= criterion.points <= points + 0.005
    if set(outcomes) == {Outcome.PASSED}:
        assert criterion.points == pytest.approx(points, abs=0.005)


def test_penalised_takes_a_share_once_and_lists_it():
    items = _items("relu.grad_x", Outcome.PASSED, Outcome.PASSED, penalties=("modified_input",))
    criteria = score(
        [*items, *_items("relu.forward", Outcome.PASSED)], {"relu.grad_x": 20, "relu.forward": 5}
    )
    (grad_x, forward), (penalty,) = penalised(criteria, items, Penalties(modified_input=0.25))
    assert (grad_x.points, forward.points) == (15.0, 5.0)
    assert (penalty.name, penalty.criterion, penalty.points) == ("modified_input", "relu.grad_x", 5.0)


def test_penalised_takes_no_more_than_there_is_and_lists_nothing_that_is_free():
    items = _items("relu.grad_x", Outcome.PASSED, penalties=("modified_input", "other_names"))
    items += _items("relu.grad_x", *[Outcome.WRONG_VALUE] * 9)
    (grad_x,), found = penalised(score(items, {"relu.grad_x": 10}), items, Penalties(modified_input=0.5))
    assert grad_x.points == 0.0
    assert [(one.name, one.points) for one in found] == [("modified_input", 1.0)]


def test_count_outcomes_names_every_outcome():
    counted = count_outcomes(_items("a.b", Outcome.PASSED, Outcome.PASSED, Outcome.RAISED))
    assert counted["passed"] == 2
    assert counted["raised"] == 1
    assert set(counted) == {str(outcome) for outcome in Outcome}
    assert sum(counted.values()) == 3


DIVISION = Division(
    {"basic": 6.0, "stride": 4.0}, {"case-0": "basic", "case-1": "stride", "case-2": "stride"}
)
FORWARD, BY_GROUP = {"conv2d.forward": 10}, {"conv2d.forward": DIVISION}


def test_score_by_group_gives_each_group_its_points_by_case():
    items = _items("conv2d.forward", Outcome.PASSED, Outcome.PASSED, Outcome.WRONG_VALUE)
    (criterion,) = score(items, FORWARD, BY_GROUP)
    assert (criterion.points, criterion.max_points, criterion.passed, criterion.total) == (8, 10, 2, 3)
    assert criterion.groups == (GroupScore("basic", 6, 6, 1, 1), GroupScore("stride", 2, 4, 1, 2))


def test_score_by_group_counts_a_check_without_a_case_in_the_first_group():
    items = [*_items("conv2d.forward", *[Outcome.PASSED] * 3), Item("conv2d.forward", "own", Outcome.RAISED)]
    (criterion,) = score(items, FORWARD, BY_GROUP)
    assert [group.points for group in criterion.groups] == [3, 4]
    assert criterion.points == 7


def test_score_by_group_gives_own_forward_credit_in_its_group():
    right = _items("conv2d.forward", *[Outcome.PASSED] * 2)
    wrong = Item("conv2d.forward", "case-2", Outcome.WRONG_VALUE, right_for_own_forward=True)
    (criterion,) = score([*right, wrong], FORWARD, BY_GROUP, own_forward_credit=0.5)
    assert (criterion.points, criterion.groups[1].points) == (9, 3)
    assert "1 of 3" in criterion.note


def test_score_by_group_gives_the_criterions_points_whatever_the_groups_add_up_to():
    items = _items("conv2d.forward", Outcome.PASSED, Outcome.PASSED, Outcome.WRONG_VALUE)
    (criterion,) = score(items, {"conv2d.forward": 5}, BY_GROUP)
    assert (criterion.points, criterion.max_points) == (4, 5)
    assert [group.max_points for group in criterion.groups] == [3, 2]
