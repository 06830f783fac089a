"""Medians and their intervals."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grader.speed.statistics import Estimate, bootstrap_median

RATIOS = st.lists(st.floats(0.01, 1e4), min_size=1, max_size=40)


@given(RATIOS)
def test_bootstrap_median_interval_holds_the_median(values: list[float]) -> None:
    estimate = bootstrap_median(values)
    assert min(values) <= estimate.low <= estimate.median <= estimate.high <= max(values)


def test_bootstrap_median_of_the_same_values_is_the_same() -> None:
    values = list(np.random.default_rng(1).lognormal(size=20))
    assert bootstrap_median(values) == bootstrap_median(values)


def test_bootstrap_median_one_outlier_does_not_move_it() -> None:
    assert bootstrap_median([10.0, 10.1, 9.9, 10.0, 500.0]).median == 10.0


def test_bootstrap_median_more_rounds_narrow_the_interval() -> None:
    rng = np.random.default_rng(2)
    few, many = (bootstrap_median(list(rng.normal(10, 1, size))) for size in (8, 800))
    assert many.high - many.low < (few.high - few.low) / 3


def test_widened_moves_both_ends() -> None:
    assert Estimate(10.0, 8.0, 12.0).widened(2.0) == Estimate(10.0, 4.0, 24.0)
