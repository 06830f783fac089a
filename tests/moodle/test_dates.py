from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.moodle.dates import late_seconds, parse_moodle_date

HOUR = 3600
DAY = 24 * HOUR
NOON = datetime(2026, 11, 23, 12, 0)


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
