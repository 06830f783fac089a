"""Items -> points per criterion: partial credit by case, no cascade from one criterion to another.

Trusted side; pure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from grader.results import CriterionScore, Item, Outcome


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


def count_outcomes(items: Iterable[Item]) -> dict[str, int]:
    """Return how many items came to each outcome, every outcome named, zeros included."""
    counted = Counter(item.outcome for item in items)
    return {str(outcome): counted[outcome] for outcome in Outcome}
