"""Ratios for people have no exponent."""

import pytest

from grader.reports.phrasing import ratio


@pytest.mark.parametrize(
    ("value", "text"), [(1184.4, "1180"), (23.24, "23.2"), (0.6553, "0.655"), (100.0, "100"), (99.96, "100")]
)
def test_ratio_has_three_figures_and_no_exponent(value, text):
    assert ratio(value) == text
