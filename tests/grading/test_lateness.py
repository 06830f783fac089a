import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.assignment.late_policy import LatePolicy
from grader.grading.lateness import apply_late_policy
from grader.results import Standing

HOUR = 3600
DAY = 24 * HOUR


def late(seconds, **policy):
    return apply_late_policy(Standing("submitted", late_seconds=seconds), LatePolicy(**policy), 80.0, 100.0)


@pytest.mark.parametrize(
    ("seconds", "policy", "deduction"),
    [
        (0, {"points": 5}, 0),
        (1, {"points": 5}, 5),
        (DAY, {"points": 5}, 5),
        (DAY + 1, {"points": 5}, 10),
        (2 * HOUR + 1, {"per": "hour", "percent": 2}, 6),
        (30 * DAY, {"points": 5}, 80),
        (30 * DAY, {"points": 5, "cap": 20}, 20),
        (30 * DAY, {"percent": 10, "cap": 30}, 30),
        (600, {"points": 5, "grace_minutes": 10}, 0),
        (601, {"points": 5, "grace_minutes": 10}, 5),
    ],
)
def test_apply_late_policy_each_unit_begun_costs(seconds, policy, deduction):
    assert late(seconds, **policy).deduction == deduction


def test_apply_late_policy_reason_says_how_it_was_reckoned():
    assert late(3 * DAY + 2 * HOUR, percent=10, cap=30).deduction_reason == (
        "3 days 2 hours late: 4 days begun at 10 %, capped at 30 %"
    )
    assert late(300, points=5, grace_minutes=10).deduction_reason == (
        "5 minutes late, within the 10 minutes of grace"
    )


def test_apply_late_policy_unknown_lateness_takes_nothing_and_says_so():
    standing = late(None, points=5)
    assert standing.deduction == 0
    assert "submission time unknown" in standing.deduction_reason


@given(st.floats(0, 1e8), st.sampled_from(["day", "hour"]), st.floats(0, 100), st.floats(0, 100))
def test_apply_late_policy_takes_no_more_than_there_is(seconds, per, percent, cap):
    assert 0 <= late(seconds, per=per, percent=percent, cap=cap).deduction <= 80
