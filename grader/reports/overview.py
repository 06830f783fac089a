"""The results of a class in figures: averages, histogram, hardest cases, counted mistakes.

Trusted side; pure.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from grader.results import Item, Outcome, Result

BINS = 10
HARDEST = 12


@dataclass(frozen=True, slots=True)
class CriterionRate:
    """How a class did in one criterion: mean points, and how many had all of its checks right."""

    name: str
    mean_points: float
    max_points: float
    checks_passed: float
    all_right: int
    submissions: int


@dataclass(frozen=True, slots=True)
class HardCase:
    """A check of one case and how many submissions failed it, by the most frequent outcome."""

    criterion: str
    case: str
    hidden: bool
    failed: int
    total: int
    mostly: Outcome


@dataclass(frozen=True, slots=True)
class MistakeCount:
    """A diagnosed mistake and how many submissions made it."""

    mistake: str
    criterion: str
    sentence: str
    submissions: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """A class at a glance.

    Attributes
    ----------
    graded : int
        Submissions with a verdict; averages are over those of them that handed something in.
    mean, median : float or None
        In points; None where nobody handed anything in.
    histogram : tuple of int
        Submissions in `BINS` equal parts of 0..max_points, the last one closed.
    """

    submissions: int
    graded: int
    handed_in: int
    mean: float | None
    median: float | None
    histogram: tuple[int, ...]
    criteria: tuple[CriterionRate, ...]
    hardest: tuple[HardCase, ...]
    mistakes: tuple[MistakeCount, ...]
    states: tuple[tuple[str, int], ...]
    errors: tuple[Result, ...]


def handed_in(result: Result) -> bool:
    """Whether the submission counts in averages: it has a verdict and its student handed something in."""
    state = result.standing.state if result.standing else "submitted"
    return result.status == "graded" and state != "nothing"


def overview(results: Sequence[Result], max_points: float) -> Overview:
    """Return a class at a glance; the order of results does not matter but for ties."""
    counted = [result for result in results if handed_in(result)]
    points = [result.points for result in counted]
    late = sum(bool(result.standing and result.standing.late_seconds) for result in results)
    states = Counter(result.standing.state for result in results if result.standing)
    return Overview(
        submissions=len(results),
        graded=sum(result.status == "graded" for result in results),
        handed_in=len(counted),
        mean=fmean(points) if points else None,
        median=median(points) if points else None,
        histogram=histogram(points, max_points),
        criteria=_criteria(counted),
        hardest=_hardest(item for result in counted for item in result.items),
        mistakes=_mistakes(counted),
        states=tuple(sorted((states | Counter(late=late)).items())),
        errors=tuple(result for result in results if result.status != "graded"),
    )


def histogram(points: Iterable[float], max_points: float) -> tuple[int, ...]:
    """Count points into `BINS` equal parts of 0..max_points; what lies outside counts at the edge.

    Examples
    --------
    >>> histogram([0, 9.9, 10, 100], 100)
    (2, 1, 0, 0, 0, 0, 0, 0, 0, 1)
    """
    counts = [0] * BINS
    for value in points:
        share = value / max_points if max_points else 0.0
        counts[min(max(int(share * BINS), 0), BINS - 1)] += 1
    return tuple(counts)


def _criteria(results: Sequence[Result]) -> tuple[CriterionRate, ...]:
    names = dict.fromkeys(score.name for result in results for score in result.criteria)
    rates = []
    for name in names:
        scores = [score for result in results for score in result.criteria if score.name == name]
        total = sum(score.total for score in scores)
        rates.append(
            CriterionRate(
                name=name,
                mean_points=fmean(score.points for score in scores),
                max_points=max(score.max_points for score in scores),
                checks_passed=sum(score.passed for score in scores) / total if total else 0.0,
                all_right=sum(score.passed == score.total for score in scores),
                submissions=len(scores),
            )
        )
    return tuple(rates)


def _hardest(items: Iterable[Item]) -> tuple[HardCase, ...]:
    """Return the cases that most submissions failed; a submission that did not load tells nothing."""
    outcomes: dict[tuple[str, str, bool], Counter[Outcome]] = {}
    for item in items:
        if item.outcome is not Outcome.IMPORT_FAILED:
            outcomes.setdefault((item.criterion, item.case, item.hidden), Counter())[item.outcome] += 1
    cases = []
    for (criterion, case, hidden), counts in outcomes.items():
        passed = counts.pop(Outcome.PASSED, 0)
        if counts:
            mostly = counts.most_common(1)[0][0]
            cases.append(HardCase(criterion, case, hidden, counts.total(), counts.total() + passed, mostly))
    return tuple(sorted(cases, key=lambda case: (-case.failed, case.criterion, case.case))[:HARDEST])


def _mistakes(results: Sequence[Result]) -> tuple[MistakeCount, ...]:
    made = Counter(
        key
        for result in results
        for key in {
            (one.mistake, one.criterion, one.sentence, one.title)
            for one in result.diagnoses
            if not one.follows_from
        }
    )
    counts = [
        MistakeCount(name, criterion, sentence, submissions, title)
        for (name, criterion, sentence, title), submissions in made.items()
    ]
    return tuple(sorted(counts, key=lambda one: (-one.submissions, one.mistake, one.criterion)))
