"""What each catalogued mistake costs under the default assignment: writes the table of docs/points.md.

Trusted side; run by whoever changes cases, catalogue or points: ``python -m tests.quality.costs``.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.assignment.load import Assignment, load_assignment
from grader.cases import criterion_of, parts_of
from grader.cases.ground_truth import GroundTruth, load_ground_truth
from grader.feedback.mistakes import mistake
from grader.grading.point_groups import Division, divisions
from tests.quality.kill_matrix import Kills, kill_matrix

PAGE = Path(__file__).parents[2] / "docs" / "points.md"
START, END = "<!-- costs: made by `make points` -->", "<!-- end of costs -->"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a mistake takes from one criterion, as shares of the criterion's points.

    ``equal`` is the share of its cases that fail, which is the cost where every case has equal points.
    """

    mistake: str
    criterion: str
    equal: float
    share: float


def costs(assignment: Assignment, truth: GroundTruth, matrix: Iterable[Kills]) -> tuple[Cost, ...]:
    """Return what each mistake costs in each criterion that the assignment grades, by its costliest form."""
    asked = tuple(_asked(truth))
    totals = Counter(criterion for criterion, _ in asked)
    divided = divisions(assignment.groups, asked, truth.cases)
    found: dict[tuple[str, str], Cost] = {}
    for kills in matrix:
        for criterion, failed in kills.cases.items():
            if criterion in assignment.points:
                equal = len(failed) / totals[criterion]
                share = _share(failed, divided[criterion]) if criterion in divided else equal
                known = found.get((kills.mistake, criterion))
                if known is None or share > known.share:
                    found[kills.mistake, criterion] = Cost(kills.mistake, criterion, equal, share)
    return tuple(found.values())


def _asked(truth: GroundTruth) -> Iterator[tuple[str, str]]:
    for case in truth.cases:
        parts = ("errors",) if case.invalid else parts_of(case)
        names = {f"{case.kind}.errors"} if case.invalid else {criterion_of(case.kind, part) for part in parts}
        yield from ((name, case.id) for name in sorted(names))


def _share(failed: Sequence[str], division: Division) -> float:
    """Return which share of a criterion's points the failed cases have."""
    sizes = Counter(division.groups.values())
    lost = sum(division.points[name] / sizes[name] for name in map(division.groups.__getitem__, failed))
    return lost / sum(division.points.values())


def table(found: Iterable[Cost], points: Mapping[str, float]) -> Iterator[str]:
    """Yield the lines of a Markdown table: for each mistake what it costs, by criterion and in all."""
    yield "| mistake | criterion | with equal points | by group | points |"
    yield "|---|---|---|---|---|"
    for cost in found:
        title, lost = mistake(cost.mistake).title, cost.share * points[cost.criterion]
        name = f"`{cost.criterion}`"
        yield f"| {title} | {name} | {cost.equal:.0%} | {cost.share:.0%} | {lost:.1f} |"


def main() -> None:
    """Write the table into the page."""
    assignment, truth = load_assignment(), load_ground_truth()
    lines = table(costs(assignment, truth, kill_matrix(truth)), assignment.points)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    text = "\n".join([before + START, *lines, END + after])
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
