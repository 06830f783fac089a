"""Moodle's dates and durations, and how late a submission was.

Trusted side; pure. Times are the worksheet's: the zone of whoever downloaded it, and to the minute.
"""

import re
from datetime import datetime

_SECONDS = {"sec": 1, "min": 60, "hour": 3600, "day": 86400, "week": 604800, "year": 31536000}
_LATE = re.compile(r"((?:\b[0-9]+ +[a-z]+,? +(?:and +)?)+)late\b")
_SPAN = re.compile(r"([0-9]+) +(sec|min|hour|day|week|year)[a-z]*")
_EXTENSION = re.compile(r"Extension granted until: *([^-]+)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(?:[A-Za-z]+, *)?(?P<day>[0-9]{1,2}) +(?P<month>[A-Za-z]{3,9})\.? +(?P<year>[0-9]{4}),? +"
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?[\s\u202f]*(?P<half>[AaPp]\.?[Mm]\.?)?"
)


def late_seconds(status: str, submitted: str, due: datetime | None = None) -> float | None:
    """Return how late a submission was, in seconds; 0.0 if in time, None if it cannot be told.

    Parameters
    ----------
    status : str
        The worksheet's Status; its "3 days 2 hours late" counts where ``due`` is not given, and an
        "Extension granted until" later than ``due`` replaces it.
    submitted : str
        The worksheet's "Last modified (submission)".
    due : datetime, optional
        When it was due.

    Examples
    --------
    >>> late_seconds("Submitted for grading - 1 day 2 hours late -  - ", "-")
    93600.0
    """
    when = parse_moodle_date(submitted)
    if due is None or when is None:
        said = _LATE.search(status)
        if said is None:
            return None if due is not None and when is None else 0.0
        return float(sum(int(count) * _SECONDS[unit] for count, unit in _SPAN.findall(said[1])))
    extension = _EXTENSION.search(status)
    extended = parse_moodle_date(extension[1]) if extension else None
    due = due.replace(tzinfo=None)
    limit = max(due, extended) if extended else due
    return max(0.0, (when - limit).total_seconds())


def parse_moodle_date(text: str) -> datetime | None:
    """Return a date in one of Moodle's English forms, or None.

    Examples
    --------
    >>> parse_moodle_date("Monday, 23 November 2026, 2:26 AM")
    datetime.datetime(2026, 11, 23, 2, 26)
    >>> parse_moodle_date("23 Nov 2026, 14:26")
    datetime.datetime(2026, 11, 23, 14, 26)
    """
    match = _DATE.fullmatch(text.strip())
    if match is None or match["month"][:3].lower() not in _MONTHS:
        return None
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (match["half"][0] in "pP")
    month = _MONTHS.index(match["month"][:3].lower()) + 1
    try:
        return datetime(int(match["year"]), month, int(match["day"]), hour, int(match["minute"]))
    except ValueError:
        return None
