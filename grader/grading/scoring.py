"""Items -> points per criterion: partial credit by case, no cascade from one criterion to another.

Trusted side; pure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from grader.assignment.penalties import REASONS, Penalties
from grader.results import CriterionScore, Item, Outcome, Penalty


def score(
    items: Iterable[Item], points: Mapping[str, float], *, own_forward_credit: float = 0.0
) -> tuple[CriterionScore, ...]:
    """Return the points of each criterion that has a check, in the order of `points`.

    Parameters
    ----------
    items : iterable of Item
    points : Mapping of str to float
        Points of each criterion.
    own_forward_credit : float
        What a wrong gradient earns that is right for the student's own forward, in shares of its case.

    Returns
    -------
    tuple of CriterionScore
        ``points = max_points * (sum of the cases' credits) / (number of cases)``, to a hundredth.
    """
    by_criterion: dict[str, list[Item]] = {name: [] for name in points}
    for item in items:
        if item.criterion in by_criterion:
            by_criterion[item.criterion].append(item)
    return tuple(
        _criterion(name, mine, points[name], own_forward_credit)
        for name, mine in by_criterion.items()
        if mine
    )


def _criterion(
    name: str, items: Sequence[Item], max_points: float, own_forward_credit: float
) -> CriterionScore:
    credits_ = [credit(item, own_forward_credit) for item in items]
    passed = sum(item.outcome is Outcome.PASSED for item in items)
    kept = sum(item.right_for_own_forward is True for item in items)
    note = f"{kept} of {len(items)} are right for the forward pass of the submission" if kept else ""
    return CriterionScore(
        name=name,
        points=round(max_points * sum(credits_) / len(items), 2),
        max_points=max_points,
        passed=passed,
        total=len(items),
        note=note,
    )


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
