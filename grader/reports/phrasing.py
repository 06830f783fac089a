"""The words of the reports: outcomes, standings, points, and a summary in one line.

Trusted side; pure. Every page and table takes its wording from here, so that they agree.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.results import CriterionScore, GroupScore, Item, Outcome, Result, Standing
from grader.visible_text import visible

LABELS: Mapping[Outcome, str] = {
    Outcome.PASSED: "passed",
    Outcome.WRONG_DTYPE: "wrong dtype",
    Outcome.WRONG_SHAPE: "wrong shape",
    Outcome.WRONG_VALUE: "wrong values",
    Outcome.NOT_FINITE: "NaN or infinite",
    Outcome.MODIFIED_INPUT: "changed its input",
    Outcome.RAISED: "raised an error",
    Outcome.TIMED_OUT: "timed out",
    Outcome.OUT_OF_MEMORY: "out of memory",
    Outcome.TOO_MUCH_OUTPUT: "too much output",
    Outcome.CRASHED: "crashed",
    Outcome.OUT_OF_BOUNDS_VIEW: "reads outside its array",
    Outcome.IMPORT_FAILED: "could not be loaded",
    Outcome.NOT_IMPLEMENTED: "not implemented",
    Outcome.NOT_RUN: "not run",
    Outcome.GRADER_ERROR: "error of the grader",
}

_SHORT_TITLES = {"max_pool2d": "pool", "avg_pool2d": "avg", "cross_entropy": "loss", "network": "net"}
_STATES = {"draft": "draft, not submitted", "nothing": "no submission", "reopened": "reopened"}


def number(value: float) -> str:
    """Return points as people write them, two decimals at most: ``87.5``, ``100``."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def shown_groups(score: CriterionScore) -> tuple[GroupScore, ...]:
    """Return the groups of cases to show below a criterion: all of them where some of its checks failed."""
    return score.groups if 0 < score.passed < score.total and len(score.groups) > 1 else ()


def ratio(value: float) -> str:
    """Return a ratio with three figures and no exponent: ``1180``, ``23.2``, ``0.655``."""
    figures = float(f"{value:.3g}")
    return f"{figures:.0f}" if figures >= 100 else f"{figures:g}"


def failures(items: Iterable[Item]) -> list[tuple[Outcome, int]]:
    """Count the items that did not pass by outcome, the most frequent first."""
    order = list(Outcome)
    counts = Counter(item.outcome for item in items if item.outcome is not Outcome.PASSED)
    return sorted(counts.items(), key=lambda pair: (-pair[1], order.index(pair[0])))


def main_outcome(result: Result) -> Outcome:
    """Return the outcome that says most of a submission: the most frequent one that is not a pass."""
    if result.status == "grader_error":
        return Outcome.GRADER_ERROR
    if not result.items:
        return Outcome.NOT_RUN
    failed = failures(result.items)
    return failed[0][0] if failed else Outcome.PASSED


def mistake_title(name: str, title: str = "") -> str:
    """Return a mistake's title, or its name in words where a gradebook was written before there were titles.

    Examples
    --------
    >>> mistake_title("ignores_stride", "Stride ignored"), mistake_title("ignores_stride")
    ('Stride ignored', 'Ignores stride')
    """
    words = name.replace("_", " ")
    return title or words[:1].upper() + words[1:]


def summary(result: Result) -> str:
    """Return in one line what went wrong: the mistakes by title, how many checks failed and how."""
    if result.status != "graded":
        return "no verdict: " + (result.notes[0] if result.notes else "the grader failed; grade it again")
    if result.standing and result.standing.state == "nothing":
        return "no code to run"
    if not result.items:
        return "no check ran"
    if all(item.outcome is Outcome.IMPORT_FAILED for item in result.items):
        first = result.items[0]
        where = f" ({first.location[0]})" if first.location else ""
        return visible("could not be loaded: " + first.message.partition("\n")[0] + where)
    causes = (one for one in result.diagnoses if not one.follows_from)
    mistakes = dict.fromkeys(mistake_title(one.mistake, one.title) for one in causes)
    failed = failures(result.items)
    if not failed:
        return "; ".join(["all right", *_penalty_summary(result)])
    count = sum(count for _, count in failed)
    mostly = ", mostly" if len(failed) > 1 else ":"
    checks = f"{count} of {len(result.items)} checks failed{mostly} {LABELS[failed[0][0]]}"
    return "; ".join([*mistakes, checks, *_penalty_summary(result)])


def penalties(result: Result) -> list[str]:
    """Return what right answers lost: a line for each reason, with the criteria.

    Examples
    --------
    >>> from grader.results import Penalty
    >>> penalty = Penalty("modified_input", "relu.grad_x", 0.1, "the call changed x")
    >>> penalties(Result("ada", "Ada", None, "graded", 1.9, 2.0, penalties=(penalty,)))
    ['the call changed x: 0.1 points less in relu.grad_x']
    """
    found: dict[str, list[str]] = {}
    for one in result.penalties:
        found.setdefault(one.reason, []).append(f"{number(one.points)} points less in {one.criterion}")
    return [f"{reason}: {', '.join(losses)}" for reason, losses in found.items()]


def _penalty_summary(result: Result) -> list[str]:
    names = dict.fromkeys(one.name.replace("_", " ") for one in result.penalties)
    lost = sum(one.points for one in result.penalties)
    return [f"{number(lost)} points less: {', '.join(names)}"] if names else []


def lateness(seconds: float) -> str:
    """Return a time span in its two largest units: ``1 day 3 h``, ``12 min``."""
    minutes = max(1, round(seconds / 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = [
        (days, f"{days} day{'s' * (days != 1)}"),
        (hours, f"{hours} h"),
        (minutes, f"{minutes} min"),
    ]
    first = next(i for i, (count, _) in enumerate(units) if count)
    return " ".join(text for count, text in units[first : first + 2] if count)


def standing_words(standing: Standing | None) -> list[str]:
    """Return what a TA has to know of a submission's standing; nothing where it is in time."""
    if standing is None:
        return []
    words = [_STATES[standing.state]] if standing.state in _STATES else []
    if standing.late_seconds:
        words.append(f"{lateness(standing.late_seconds)} late")
    if standing.deduction:
        words.append(f"{number(standing.deduction)} points deducted")
    return words


@dataclass(frozen=True, slots=True)
class Group:
    """Criteria that share one column of a table: a layer's, or those of speed."""

    title: str
    criteria: tuple[str, ...]
    max_points: float

    def points(self, result: Result) -> float | None:
        """Return a submission's points in this group, None where it has none of its criteria."""
        mine = [score.points for score in result.criteria if score.name in self.criteria]
        return sum(mine) if mine else None


def groups(results: Sequence[Result]) -> tuple[Group, ...]:
    """Gather all criteria that occur in results into columns, in their order.

    One layer alone is not worth one column: then each of its criteria is a column, if their names differ.
    """
    scores = {score.name: score for result in results for score in result.criteria}
    by_title: dict[str, list[CriterionScore]] = {}
    for score in scores.values():
        by_title.setdefault(_column(score.name), []).append(score)
    by_part = {score.name.partition(".")[2] or score.name: [score] for score in scores.values()}
    if len(by_title) <= 2 and len(by_part) == len(scores):
        by_title = by_part
    return tuple(
        Group(title, tuple(score.name for score in mine), sum(score.max_points for score in mine))
        for title, mine in by_title.items()
    )


def _column(criterion: str) -> str:
    layer, _, part = criterion.partition(".")
    return "speed" if part.startswith("speed") else _SHORT_TITLES.get(layer, layer)
