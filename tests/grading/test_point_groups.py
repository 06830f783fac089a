"""Points follow an assignment's table as far as there are cases."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.assignment.load import load_assignment
from grader.cases import of_kind, suite
from grader.cases.groups import BASIC, COMBINED, DEMANDS, group_names, group_of
from grader.grading.point_groups import FEWEST_CASES, divide, divisions
from grader.worker.layer_kinds import both

CONV = of_kind(suite(), "conv2d")
NAMES = group_names("conv2d")
TABLES = load_assignment().groups


def _plain(count):
    return [case for case in CONV if group_of(case, NAMES) == "basic"][:count]


def _in(group, count):
    return [case for case in CONV if group_of(case, NAMES) == group][:count]


def test_divide_gives_each_group_what_the_table_says():
    division = divide({"stride": 4, "basic": 6}, [*_plain(3), *_in("stride", 4)])
    assert dict(division.points) == {"basic": 6, "stride": 4}
    assert [*division.groups.values()] == ["basic"] * 3 + ["stride"] * 4
    assert division.notes == ()


def test_divide_spreads_the_points_of_a_group_without_cases_in_proportion():
    division = divide({"basic": 6, "stride": 3, "dtype": 1.5}, [*_plain(3), *_in("stride", 3)])
    assert dict(division.points) == {"basic": 7, "stride": 3.5}
    assert division.notes == ("no case of dtype is left, so its points go to the other groups",)


def test_divide_merges_a_small_group_with_the_one_before_it():
    table = {"basic": 6, "stride": 3, "dtype": 1}
    division = divide(table, [*_plain(3), *_in("stride", 3), *_in("dtype", 1)])
    assert dict(division.points) == {"basic": 6, "stride + dtype": 4}
    assert division.notes == ("dtype has 1 case only, so stride and dtype are one group",)


def test_divide_merges_a_small_first_group_with_the_one_after_it():
    division = divide({"basic": 6, "stride": 3}, [*_plain(2), *_in("stride", 3)])
    assert dict(division.points) == {"basic + stride": 9}
    assert division.notes == ("basic has 2 cases only, so basic and stride are one group",)


def test_divide_gives_points_by_cases_where_the_groups_that_are_left_have_none():
    division = divide({"basic": 0, "stride": 0, "dtype": 7}, [*_plain(3), *_in("stride", 4)])
    assert dict(division.points) == {"basic": 3, "stride": 4}


@given(
    st.dictionaries(st.sampled_from(NAMES[1:]), st.integers(0, 1000).map(lambda n: n / 100), min_size=1),
    st.lists(st.sampled_from(CONV), min_size=1, max_size=30, unique_by=lambda case: case.id),
)
@settings(max_examples=50)
def test_divide_keeps_the_total_and_gives_every_case_a_group(more, cases):
    table = {"basic": 2.0, **more}
    division = divide(table, cases)
    assert sum(division.points.values()) == pytest.approx(sum(table.values()))
    assert set(division.groups) == {case.id for case in cases}
    assert set(division.groups.values()) == set(division.points)
    sizes = [[*division.groups.values()].count(name) for name in division.points]
    assert len(sizes) == 1 or min(sizes) >= FEWEST_CASES


def test_divisions_look_at_the_checks_that_were_asked_for():
    table = {"basic": 6, "stride": 4}
    cases = [*_plain(3), *_in("stride", 3)]
    asked = [("conv2d.forward", case.id) for case in cases] + [("relu.forward", "relu-rows")]
    found = divisions({"conv2d.forward": table, "conv2d.grad_x": table}, asked, suite())
    assert list(found) == ["conv2d.forward"]
    assert set(found["conv2d.forward"].groups) == {case.id for case in cases}


def _with_pairs(case):
    return any(len({*both(case.params[name])}) > 1 for name in ("kernel_size", "stride", "padding"))


@pytest.mark.parametrize(
    "cases", [CONV, [case for case in CONV if not _with_pairs(case)]], ids=["all", "ints"]
)
@pytest.mark.parametrize("criterion", TABLES)
def test_mistake_with_one_condition_costs_its_group_and_at_most_a_tenth(criterion, cases):
    """The rule that the weights of the default assignment are made for."""
    division = divide(TABLES[criterion], cases)
    total = sum(division.points.values())
    assert set(division.points) == set(TABLES[criterion])
    sizes = {name: [*division.groups.values()].count(name) for name in division.points}
    assert min(sizes.values()) >= FEWEST_CASES
    for name, demand in DEMANDS["conv2d"].items():
        # Where there is a remainder, there is a stride.
        needs = [demand] if name != "stride" else [demand, DEMANDS["conv2d"]["remainder"]]
        failed = [case.id for case in cases if any(need(case) for need in needs)]
        cost = sum(division.points[division.groups[case]] / sizes[division.groups[case]] for case in failed)
        own = division.points.get(name, 0)
        assert own <= cost <= own + total / 10, name


def test_division_of_basic_and_combined_bounds_what_no_condition_has():
    table = TABLES["conv2d.grad_x"]
    assert table[BASIC] == max(table.values())
    assert table[COMBINED] <= sum(table.values()) / 20
