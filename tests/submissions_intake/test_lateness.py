from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.lateness import LatePolicy, apply_late_policy, late_seconds, parse_moodle_date
from grader.results import Standing

HOUR = 3600
DAY = 24 * HOUR
NOON = datetime(2026, 11, 23, 12, 0)


def late(seconds, **policy):
    return apply_late_policy(Standing("submitted", late_seconds=seconds), LatePolicy(**policy), 80.0, 100.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Monday, 23 November 2026, 2:26 AM", datetime(2026, 11, 23, 2, 26)),
        ("Monday, 23 November 2026, 2:26\u202fPM", datetime(2026, 11, 23, 14, 26)),
        ("Monday, 23 November 2026, 12:05 AM", datetime(2026, 11, 23, 0, 5)),
        ("Monday, 23 November 2026, 12:05 PM", datetime(2026, 11, 23, 12, 5)),
        ("Monday, 23 November 2026, 14:26", datetime(2026, 11, 23, 14, 26)),
        ("23 November 2026, 02:26", datetime(2026, 11, 23, 2, 26)),
        ("1 Jan 2026, 9:05 pm", datetime(2026, 1, 1, 21, 5)),
    ],
)
def test_parse_moodle_date_english_form_is_read(text, expected):
    assert parse_moodle_date(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "-",
        "",
        "31 February 2026, 10:00",
        "Montag, 23. November 2026, 14:26",
        "1 Jan 2026, 13:00 PM",
        "23/11/26",
    ],
)
def test_parse_moodle_date_other_text_gives_none(text):
    assert parse_moodle_date(text) is None


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)), st.booleans())
def test_parse_moodle_date_is_the_inverse_of_writing(when, half_days):
    hour = f"{when.hour % 12 or 12}:{when:%M %p}" if half_days else f"{when:%H:%M}"
    assert parse_moodle_date(f"{when:%A}, {when.day} {when:%B} {when.year:04}, {hour}") == when.replace(
        second=0, microsecond=0
    )


@pytest.mark.parametrize(
    ("status", "seconds"),
    [
        ("Submitted for grading -  - ", 0),
        ("Submitted for grading - 3 days late - Graded -  - ", 3 * DAY),
        ("Submitted for grading - 1 day 2 hours late -  - ", DAY + 2 * HOUR),
        ("Submitted for grading - 5 mins 10 secs late -  - ", 310),
        ("Submitted for grading - 1 hour 1 min late -  - ", HOUR + 60),
        ("No submission - Assignment is overdue by: 3 days -  - ", 0),
    ],
)
def test_late_seconds_status_says_how_late(status, seconds):
    assert late_seconds(status, "-") == seconds


@pytest.mark.parametrize(
    ("submitted", "seconds"),
    [("23 November 2026, 13:00", HOUR), ("23 November 2026, 11:00", 0), ("23 November 2026, 12:00", 0)],
)
def test_late_seconds_due_date_beats_the_status(submitted, seconds):
    assert late_seconds("Submitted for grading - 9 days late", submitted, NOON) == seconds


def test_late_seconds_extension_replaces_an_earlier_due_date():
    status = "Submitted for grading - Extension granted until: Tuesday, 24 November 2026, 5:00 PM -  - "
    assert late_seconds(status, "24 November 2026, 18:00", NOON) == HOUR


def test_late_seconds_zone_of_the_due_date_is_not_looked_at():
    assert late_seconds("Submitted for grading", "23 November 2026, 13:00", NOON.replace(tzinfo=UTC)) == HOUR


def test_late_seconds_unknown_time_of_submission_gives_none():
    assert late_seconds("Submitted for grading", "gestern", NOON) is None


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
    assert "not known" in standing.deduction_reason


@given(st.floats(0, 1e8), st.sampled_from(["day", "hour"]), st.floats(0, 100), st.floats(0, 100))
def test_apply_late_policy_takes_no_more_than_there_is(seconds, per, percent, cap):
    assert 0 <= late(seconds, per=per, percent=percent, cap=cap).deduction <= 80
