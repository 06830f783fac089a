"""Divide a criterion's points among the groups of its cases, as an assignment's table says.

Trusted side; pure. What a table says holds for the cases that are asked: an interface may leave some out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.cases import Case, of_kind
from grader.cases.groups import group_names, group_of

FEWEST_CASES = 3
"""A smaller group is merged with its neighbour: a single case shall not decide much."""


@dataclass(frozen=True, slots=True)
class Division:
    """How a criterion's points are divided.

    Attributes
    ----------
    points : Mapping of str to float
        Of each group that has cases, in the published order.
    groups : Mapping of str to str
        By case id, its group.
    notes : tuple of str
        Where this is not what the table says: sentences without a full stop.
    """

    points: Mapping[str, float]
    groups: Mapping[str, str]
    notes: tuple[str, ...] = ()


def divisions(
    tables: Mapping[str, Mapping[str, float]], asked: Iterable[tuple[str, str]], cases: Sequence[Case]
) -> dict[str, Division]:
    """Return how each criterion's points are divided among the cases that are asked.

    Parameters
    ----------
    tables : Mapping of str to Mapping of str to float
        By criterion, points by group.
    asked : iterable of (str, str)
        A criterion and a case's id for each check.
    cases : sequence of Case
        The whole set.
    """
    ids: dict[str, set[str]] = {criterion: set() for criterion in tables}
    for criterion, case_id in asked:
        if criterion in ids:
            ids[criterion].add(case_id)
    mine = {
        criterion: [case for case in of_kind(cases, criterion.partition(".")[0]) if case.id in ids[criterion]]
        for criterion in tables
    }
    return {criterion: divide(tables[criterion], found) for criterion, found in mine.items() if found}


@dataclass(slots=True)
class _Part:
    name: str
    points: float
    cases: list[str]


def divide(table: Mapping[str, float], cases: Iterable[Case]) -> Division:
    """Put cases into the groups that a table names, and give each group its points.

    A group without cases gives its points to the others, in proportion to theirs. A group of fewer than
    `FEWEST_CASES` is merged with the one before it (the first one with the one after it).

    Parameters
    ----------
    table : Mapping of str to float
        Points by group.
    cases : iterable of Case
        Those of the criterion that are asked, all of one kind; at least one.
    """
    cases = tuple(cases)
    order = [name for name in group_names(cases[0].kind) if name in table]
    parts = [_Part(name, table[name], []) for name in order]
    by_name = {part.name: part for part in parts}
    for case in cases:
        by_name[group_of(case, table)].cases.append(case.id)
    empty = [part.name for part in parts if not part.cases]
    notes = [f"no case of {name} is left, so its points go to the other groups" for name in empty]
    parts = _spread([part for part in parts if part.cases], sum(table.values()))
    notes += _merge(parts)
    groups = {case: part.name for part in parts for case in part.cases}
    return Division({part.name: part.points for part in parts}, groups, tuple(notes))


def _spread(parts: list[_Part], total: float) -> list[_Part]:
    """Give the parts all points, in proportion to what they have, or to their cases if they have none."""
    shares = [part.points for part in parts]
    if not sum(shares):
        shares = [len(part.cases) for part in parts]
    for part, share in zip(parts, shares, strict=True):
        part.points = total * share / sum(shares)
    return parts


def _merge(parts: list[_Part]) -> list[str]:
    """Merge parts that are too small with a neighbour, in place; say which."""
    notes = []
    while len(parts) > 1 and (small := next((p for p in parts if len(p.cases) < FEWEST_CASES), None)):
        place = max(1, parts.index(small))
        first, second = parts[place - 1 : place + 1]
        count = len(small.cases)
        cases = f"{count} case{'' if count == 1 else 's'}"
        notes.append(f"{small.name} has {cases} only, so {first.name} and {second.name} are one group")
        joined = _Part(
            f"{first.name} + {second.name}", first.points + second.points, first.cases + second.cases
        )
        parts[place - 1 : place + 1] = [joined]
    return notes
