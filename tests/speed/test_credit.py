"""Speed to points: the thresholds hold, the steps are quarters, loops that must not be cost their share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.assignment.speed_policy import SpeedPolicy
from grader.speed.credit import less_loops, possible_credits, speed_credit
from grader.speed.statistics import Estimate

SPEEDS = st.floats(0.01, 1e6)


def test_credit_at_zero_speedup_is_zero() -> None:
    assert speed_credit(3.0, 100.0, SpeedPolicy()) == 0.0


def test_credit_at_full_speedup_is_one() -> None:
    assert speed_credit(50.0, 100.0, SpeedPolicy()) == 1.0


def test_credit_half_way_in_the_logarithm_is_half() -> None:
    assert speed_credit((3.0 * 50.0) ** 0.5, 100.0, SpeedPolicy()) == 0.5


def test_credit_within_full_ratio_is_one_however_slow() -> None:
    assert speed_credit(0.1, 5.0, SpeedPolicy()) == 1.0


def test_credit_follows_the_assignment() -> None:
    policy = SpeedPolicy(full_speedup=1000.0, zero_speedup=10.0, full_ratio=0.5)
    assert speed_credit(100.0, 1.0, policy) == 0.5


@given(SPEEDS, SPEEDS, st.floats(0.01, 100.0))
def test_credit_never_falls_with_speed(one: float, other: float, ratio: float) -> None:
    slow, fast = sorted((one, other))
    assert speed_credit(slow, ratio, SpeedPolicy()) <= speed_credit(fast, ratio, SpeedPolicy())


@given(SPEEDS, st.floats(0.01, 100.0))
def test_credit_is_a_quarter_step(speedup: float, ratio: float) -> None:
    assert speed_credit(speedup, ratio, SpeedPolicy()) in (0.0, 0.25, 0.5, 0.75, 1.0)


def test_possible_credits_of_an_interval_across_a_boundary_differ() -> None:
    far = Estimate(100.0, 90.0, 110.0)
    assert possible_credits(Estimate(17.0, 16.0, 19.0), far, SpeedPolicy()) == (0.5, 0.75)
    assert possible_credits(Estimate(24.0, 20.0, 30.0), far, SpeedPolicy()) == (0.75, 0.75)


@pytest.mark.parametrize(
    ("loops", "left"), [((), 1.0), (("N",), 0.75), (("N", "K_h"), 0.75), (("N", "H", "W", "C_in"), 0.0)]
)
def test_less_loops_takes_an_equal_share_for_each(loops: tuple[str, ...], left: float) -> None:
    policy = SpeedPolicy(vectorised_over=("N", "C_in", "H", "W"))
    assert less_loops(1.0, loops, policy) == left


def test_less_loops_without_a_rule_takes_nothing() -> None:
    assert less_loops(0.5, ("N", "H"), SpeedPolicy()) == 0.5
