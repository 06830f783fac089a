"""What moved between two runs, by how much, and why.

Trusted side; pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from grader.grading.gradebook import Run
from grader.reports.phrasing import LABELS, number
from grader.results import Item, Outcome, Result
from grader.visible_text import visible

_SHOWN_CASES = 5


@dataclass(frozen=True, slots=True)
class CriterionChange:
    """A criterion's points before and after; None where the run did not have it."""

    name: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class CaseChange:
    """The outcome of one check of one case before and after; None where the run did not have it."""

    criterion: str
    case: str
    before: Outcome | None
    after: Outcome | None


@dataclass(frozen=True, slots=True)
class Change:
    """One submission that is not as it was.

    ``before`` and ``after`` are points, None where the run has no verdict on it; ``edited`` tells
    whether the files or the rules changed (the fingerprints differ).
    """

    id: str
    name: str
    before: float | None
    after: float | None
    edited: bool
    criteria: tuple[CriterionChange, ...] = ()
    cases: tuple[CaseChange, ...] = ()


def changes(before: Sequence[Result], after: Sequence[Result]) -> tuple[Change, ...]:
    """Return the submissions whose points or outcomes differ, the largest move first.

    Examples
    --------
    >>> old = Result("ada", "Ada", None, "graded", 80.0, 100.0)
    >>> new = Result("ada", "Ada", None, "graded", 90.0, 100.0)
    >>> [(change.id, change.before, change.after) for change in changes([old], [new])]
    [('ada', 80.0, 90.0)]
    """
    old = {result.id: result for result in before}
    new = {result.id: result for result in after}
    found = [_change(old.get(name), new.get(name)) for name in {**old, **new}]
    moved = [change for change in found if change is not None]
    return tuple(sorted(moved, key=lambda change: (-_distance(change), change.id)))


def _change(before: Result | None, after: Result | None) -> Change | None:
    one = after or before
    assert one is not None
    change = Change(
        id=one.id,
        name=one.name,
        before=_points(before),
        after=_points(after),
        edited=bool(before and after and before.fingerprint != after.fingerprint),
        criteria=_criteria(before, after),
        cases=_cases(before, after) if before and after else (),
    )
    same = change.before == change.after and not change.criteria and not change.cases
    return None if same and before and after else change


def _points(result: Result | None) -> float | None:
    return result.points if result and result.status == "graded" else None


def _distance(change: Change) -> float:
    if change.before is None or change.after is None:
        return float("inf")
    return abs(change.after - change.before)


def _criteria(before: Result | None, after: Result | None) -> tuple[CriterionChange, ...]:
    old = {score.name: score.points for score in before.criteria} if before else {}
    new = {score.name: score.points for score in after.criteria} if after else {}
    return tuple(
        CriterionChange(name, old.get(name), new.get(name))
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    )


def _cases(before: Result, after: Result) -> tuple[CaseChange, ...]:
    old, new = _outcomes(before.items), _outcomes(after.items)
    return tuple(
        CaseChange(*key, old.get(key), new.get(key))
        for key in {**old, **new}
        if old.get(key) is not new.get(key)
    )


def _outcomes(items: Sequence[Item]) -> dict[tuple[str, str], Outcome]:
    return {(item.criterion, item.case): item.outcome for item in items}


def reasons(before: Run, after: Run) -> tuple[str, ...]:
    """Return the differences between two runs except the submissions: rules, versions, options."""
    said = ["the assignment file changed"] if before.assignment_text != after.assignment_text else []
    tables = [("", before.versions, after.versions), ("option ", before.options, after.options)]
    for kind, old, new in tables:
        differing = [name for name in sorted({**old, **new}) if old.get(name) != new.get(name)]
        said += [f"{kind}{name}: {old.get(name)} became {new.get(name)}" for name in differing]
    return tuple(said)


def changes_text(found: Sequence[Change], why: Sequence[str] = ()) -> str:
    """Return the changes as text for a terminal."""
    lines = [f"between the runs: {reason}" for reason in why]
    if not found:
        lines.append("nobody moved")
    for change in found:
        edited = " (files or rules changed)" if change.edited else ""
        lines.append(f"{change.id} ({change.name}): {_move(change.before, change.after)}{edited}")
        lines += [f"    {one.name}: {_move(one.before, one.after)}" for one in change.criteria]
        lines += [
            f"    {one.criterion}, case {one.case}: {_label(one.before)} -> {_label(one.after)}"
            for one in change.cases[:_SHOWN_CASES]
        ]
        if len(change.cases) > _SHOWN_CASES:
            lines.append(f"    and {len(change.cases) - _SHOWN_CASES} more cases")
    return visible("\n".join(lines))


def _move(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return f"{_or_none(before)} -> {_or_none(after)}"
    sign = "+" if after >= before else "-"
    return f"{number(before)} -> {number(after)} ({sign}{number(abs(after - before))})"


def _or_none(points: float | None) -> str:
    return "none" if points is None else number(points)


def _label(outcome: Outcome | None) -> str:
    return "not checked" if outcome is None else LABELS[outcome]
