"""Items -> points per criterion: partial credit by case, or by group of cases; criteria do not cascade.

Trusted side; pure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from grader.assignment.penalties import REASONS, Penalties
from grader.grading.point_groups import Division
from grader.results import CriterionScore, GroupScore, Item, Outcome, Penalty


def score(
    items: Iterable[Item],
    points: Mapping[str, float],
    divisions: Mapping[str, Division] | None = None,
    *,
    own_forward_credit: float = 0.0,
) -> tuple[CriterionScore, ...]:
    """Return the points of each criterion that has a check, in the order of `points`.

    Parameters
    ----------
    items : iterable of Item
    points : Mapping of str to float
        Points of each criterion.
    divisions : Mapping of str to Division, optional
        By criterion, how its points are divided among its cases; equally where it is not in here.
    own_forward_credit : float
        What a wrong gradient earns that is right for the student's own forward, in shares of its case.

    Returns
    -------
    tuple of CriterionScore
        ``points = max_points * (sum of the cases' credits) / (number of cases)``, to a hundredth; where they
        are divided, this holds for each group, and a criterion's points are the sum.
    """
    by_criterion: dict[str, list[Item]] = {name: [] for name in points}
    for item in items:
        if item.criterion in by_criterion:
            by_criterion[item.criterion].append(item)
    divided = divisions or {}
    return tuple(
        _criterion(name, mine, points[name], own_forward_credit, divided.get(name))
        for name, mine in by_criterion.items()
        if mine
    )


def _criterion(
    name: str, items: Sequence[Item], max_points: float, own_forward_credit: float, division: Division | None
) -> CriterionScore:
    kept = sum(item.right_for_own_forward is True for item in items)
    note = f"{kept} of {len(items)} are right for the forward pass of the submission" if kept else ""
    groups = _groups(items, division, max_points, own_forward_credit) if division else ()
    share = _share(items, own_forward_credit)
    return CriterionScore(
        name=name,
        points=round(sum(group.points for group in groups) if groups else max_points * share, 2),
        max_points=max_points,
        passed=_passed(items),
        total=len(items),
        note=note,
        groups=tuple(replace(group, points=round(group.points, 2)) for group in groups),
    )


def _groups(
    items: Sequence[Item], division: Division, max_points: float, own_forward_credit: float
) -> tuple[GroupScore, ...]:
    # A check of the course's own may count for the criterion without a case of ours.
    first = next(iter(division.points))
    by_group: dict[str, list[Item]] = {name: [] for name in division.points}
    for item in items:
        by_group[division.groups.get(item.case, first)].append(item)
    # The criterion's points are what is given, whatever the groups add up to.
    scale = max_points / (sum(division.points.values()) or 1.0)
    most = {name: round(points * scale, 6) for name, points in division.points.items()}
    return tuple(
        GroupScore(name, most[name] * _share(mine, own_forward_credit), most[name], _passed(mine), len(mine))
        for name, mine in by_group.items()
    )


def _share(items: Sequence[Item], own_forward_credit: float) -> float:
    """Return the mean of the items' credits."""
    return sum(credit(item, own_forward_credit) for item in items) / len(items) if items else 0.0


def _passed(items: Iterable[Item]) -> int:
    return sum(item.outcome is Outcome.PASSED for item in items)


def credit(item: Item, own_forward_credit: float = 0.0) -> float:
    """Return the share of its case's points that an item earns, from 0 to 1.

    A check that grades by degrees, such as speed, sets the share itself (`Item.credit`).
    """
    if item.outcome is Outcome.PASSED:
        return 1.0 if item.credit is None else item.credit
    return own_forward_credit if item.right_for_own_forward else 0.0


def penalised(
    criteria: Sequence[CriterionScore], items: Iterable[Item], shares: Penalties
) -> tuple[tuple[CriterionScore, ...], tuple[Penalty, ...]]:
    """Take from each criterion what its passed checks incur.

    Parameters
    ----------
    criteria : sequence of CriterionScore
    items : iterable of Item
    shares : Penalties
        What each penalty takes, in shares of a criterion's points.

    Returns
    -------
    tuple
        The criteria, none of them below 0, and the penalties that took points.
    """
    incurred: dict[str, dict[str, None]] = {}
    for item in items:
        incurred.setdefault(item.criterion, {}).update(dict.fromkeys(item.penalties))
    left: list[CriterionScore] = []
    found: list[Penalty] = []
    for criterion in criteria:
        points = criterion.points
        for name in incurred.get(criterion.name, ()):
            taken = round(min(points, getattr(shares, name) * criterion.max_points), 2)
            if taken > 0:
                points = round(points - taken, 2)
                found.append(Penalty(name, criterion.name, taken, REASONS[name]))
        left.append(replace(criterion, points=points))
    return tuple(left), tuple(found)


def count_outcomes(items: Iterable[Item]) -> dict[str, int]:
    """Return how many items came to each outcome, every outcome named, zeros included."""
    counted = Counter(item.outcome for item in items)
    return {str(outcome): counted[outcome] for outcome in Outcome}
