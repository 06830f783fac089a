"""The late policy applied: how many points lateness takes from a score.

Trusted side; pure.
"""

import math
from dataclasses import replace
from datetime import timedelta

from grader.assignment.late_policy import LatePolicy
from grader.results import Standing

_SECONDS = {"hour": 3600, "day": 86400}


def apply_late_policy(standing: Standing, policy: LatePolicy, points: float, max_points: float) -> Standing:
    """Return a standing with the deduction, in points, that lateness costs.

    Parameters
    ----------
    standing : Standing
        With ``late_seconds``; if that is None, nothing is deducted, and the reason explains it.
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
        reason = "" if standing.state == "nothing" else "submission time unknown; no late penalty applied"
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


def _span(seconds: float) -> str:
    """Return a span for people, to the minute."""
    minutes = max(1, round(timedelta(seconds=seconds).total_seconds() / 60))
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    parts = [
        f"{n} {unit}{'s' * (n > 1)}" for n, unit in ((days, "day"), (hours, "hour"), (minutes, "minute")) if n
    ]
    return " ".join(parts[:2])
