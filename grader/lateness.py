"""How late a submission was, and what that costs.

Trusted side; pure. Times are the worksheet's: the zone of whoever downloaded it, and to the minute.
"""

import math
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Literal

from annotated_types import Ge, Le

from grader.results import Standing

_SECONDS = {"sec": 1, "min": 60, "hour": 3600, "day": 86400, "week": 604800, "year": 31536000}
_LATE = re.compile(r"((?:\b[0-9]+ +[a-z]+,? +(?:and +)?)+)late\b")
_SPAN = re.compile(r"([0-9]+) +(sec|min|hour|day|week|year)[a-z]*")
_EXTENSION = re.compile(r"Extension granted until: *([^-]+)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(?:[A-Za-z]+, *)?(?P<day>[0-9]{1,2}) +(?P<month>[A-Za-z]{3,9})\.? +(?P<year>[0-9]{4}),? +"
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?[\s\u202f]*(?P<half>[AaPp]\.?[Mm]\.?)?"
)


@dataclass(frozen=True, slots=True)
class LatePolicy:
    """What lateness costs.

    Attributes
    ----------
    per : str
        ``day`` or ``hour``: each one begun costs the same.
    points : float
        Points taken for each; or
    percent : float
        per cent of the assignment's maximum taken for each. One of the two is 0.
    grace_minutes : float
        Lateness up to this costs nothing; beyond it, all of it counts.
    cap : float or None
        The most that is taken, in the unit that is used (points or per cent); None takes all.
    due : datetime or None
        In the worksheet's zone (one given here is not looked at, since the worksheet names none); None
        leaves lateness to the worksheet's Status.
    """

    per: Literal["day", "hour"] = "day"
    points: Annotated[float, Ge(0)] = 0.0
    percent: Annotated[float, Ge(0), Le(100)] = 0.0
    grace_minutes: Annotated[float, Ge(0)] = 0.0
    cap: Annotated[float, Ge(0)] | None = None
    due: datetime | None = None


def apply_late_policy(standing: Standing, policy: LatePolicy, points: float, max_points: float) -> Standing:
    """Return a standing with the deduction, in points, that lateness costs.

    Parameters
    ----------
    standing : Standing
        With ``late_seconds``; where that is None, nothing is taken and the reason says so.
    policy : LatePolicy
        The assignment's.
    points, max_points : float
        What was reached, of which no more than all is taken, and what could be reached.

    Examples
    --------
    >>> late = Standing("submitted", late_seconds=90_000)
    >>> apply_late_policy(late, LatePolicy(percent=10), 55, 100).deduction
    20.0
    """
    late = standing.late_seconds
    if late is None:
        reason = (
            ""
            if standing.state == "nothing"
            else "it is not known when this was handed in: nothing was taken"
        )
        return replace(standing, deduction=0.0, deduction_reason=reason)
    if late <= max(policy.grace_minutes, 0) * 60:
        reason = (
            f"{_span(late)} late, within the {policy.grace_minutes:g} minutes of grace" if late > 0 else ""
        )
        return replace(standing, deduction=0.0, deduction_reason=reason)
    begun = math.ceil(late / _SECONDS[policy.per])
    rate = policy.points or policy.percent
    unit = "points" if policy.points else "%"
    amount = begun * rate if policy.cap is None else min(begun * rate, policy.cap)
    taken = amount if policy.points else amount * max_points / 100
    reason = f"{_span(late)} late: {begun} {policy.per}{'s' * (begun > 1)} begun at {rate:g} {unit}"
    if amount < begun * rate:
        reason += f", capped at {policy.cap:g} {unit}"
    return replace(standing, deduction=max(0.0, min(taken, points)), deduction_reason=reason)


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


def _span(seconds: float) -> str:
    """Return a span for people, to the minute."""
    minutes = max(1, round(timedelta(seconds=seconds).total_seconds() / 60))
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    parts = [
        f"{n} {unit}{'s' * (n > 1)}" for n, unit in ((days, "day"), (hours, "hour"), (minutes, "minute")) if n
    ]
    return " ".join(parts[:2])
