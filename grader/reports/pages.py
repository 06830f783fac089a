"""The pages: the class report and one student's feedback, each one file without outside parts.

Trusted side; pure. The template engine escapes every text; in addition, a content policy lets
nothing run but the report's own script, and nothing load at all.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.grading.gradebook import Run
from grader.reports import phrasing
from grader.reports.figures import histogram_svg, speed_svg
from grader.reports.overview import overview
from grader.results import Diagnosis, Item, Outcome, Place, Result
from grader.visible_text import visible

_SHOWN_CASES = 3
_TEMPLATES = Path(__file__).parent / "templates"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

# What these say is the grader's own text. Others quote values, shapes or errors, through which a
# student's code could carry a hidden case's arrays out.
_OWN_WORDS = frozenset(
    {
        Outcome.WRONG_DTYPE,
        Outcome.TIMED_OUT,
        Outcome.OUT_OF_MEMORY,
        Outcome.TOO_MUCH_OUTPUT,
        Outcome.IMPORT_FAILED,
        Outcome.NOT_RUN,
    }
)


@dataclass(frozen=True, slots=True)
class FailedCase:
    """A failing case as a student may see it."""

    case: str
    outcome: Outcome
    hidden: bool
    about: str
    message: str
    location: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Failing:
    """All that is to be told of one criterion that was not passed whole.

    ``examples`` says that what is shown are public cases, because the graded ones are hidden.
    """

    criterion: str
    counts: tuple[tuple[Outcome, int], ...]
    diagnoses: tuple[Diagnosis, ...]
    counterexamples: tuple[str, ...]
    examples: bool
    shown: tuple[FailedCase, ...]
    more: int


def report_page(run: Run, results: Sequence[Result]) -> str:
    """Return report.html: a class at a glance, with links to each student's feedback."""
    seen = overview(results, run.max_points)
    script = (_TEMPLATES / "sort.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    speedups = _speedups(results)
    return (
        _environment()
        .get_template("report.html")
        .render(
            run=run,
            results=results,
            seen=seen,
            groups=phrasing.groups(results),
            histogram=histogram_svg(seen.histogram, run.max_points),
            speedups=speedups,
            speed_figure=speed_svg(speedups),
            script=Markup(script),
            policy=f"{_POLICY}; script-src 'sha256-{digest}'",
        )
    )


def feedback_page(result: Result, assignment_name: str, classmates: Sequence[Result] = ()) -> str:
    """Return feedback/ID.html: one student's points, what is wrong, and why.

    Parameters
    ----------
    result : Result
    assignment_name : str
    classmates : sequence of Result
        Whose speeds are drawn together with this one's, without names.
    """
    failing = _failing(result)
    own = result.speed.speedup_over_loops if result.speed else None
    return (
        _environment()
        .get_template("feedback.html")
        .render(
            result=result,
            assignment_name=assignment_name,
            common=_common_reason(result.items),
            failing=failing,
            linked={part.criterion for part in failing},
            hidden=any(item.hidden for item in result.items),
            printed=result.printed if result.examples or _may_show_printed(result.items) else "",
            speed_figure=speed_svg(_speedups(classmates), own),
            policy=_POLICY,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": phrasing.number,
        "ratio": phrasing.ratio,
        "visible": visible,
        "mistake_title": phrasing.mistake_title,
        "summary": phrasing.summary,
        "standing_words": phrasing.standing_words,
        "label": phrasing.LABELS.__getitem__,
    }
    environment.globals["share"] = _share
    return environment


def _share(points: float, most: float) -> float:
    return round(min(max(points / most, 0.0), 1.0), 4) if most else 0.0


def _speedups(results: Sequence[Result]) -> list[float]:
    ratios = (result.speed.speedup_over_loops for result in results if result.speed)
    return [ratio for ratio in ratios if ratio is not None]


def _common_reason(items: Sequence[Item]) -> FailedCase | None:
    """Return the one failure that every check shares, such as a file that cannot be loaded."""
    reasons = {(item.outcome, item.message) for item in items}
    if len(reasons) != 1 or items[0].outcome not in (Outcome.IMPORT_FAILED, Outcome.NOT_RUN):
        return None
    return _failed_case(items[0])


def _failing(result: Result) -> tuple[Failing, ...]:
    """Return what failed by criterion, in the order of the criteria; public cases come first."""
    if _common_reason(result.items):
        return ()
    by_criterion: dict[str, list[Item]] = {score.name: [] for score in result.criteria}
    for item in result.items:
        by_criterion.setdefault(item.criterion, []).append(item)
    parts = []
    for criterion, items in by_criterion.items():
        failed = sorted((item for item in items if item.outcome is not Outcome.PASSED), key=_is_hidden)
        if failed:
            examples = [item for item in result.examples if item.criterion == criterion]
            told = examples or failed
            parts.append(
                Failing(
                    criterion=criterion,
                    counts=tuple(phrasing.failures(failed)),
                    diagnoses=tuple(one for one in result.diagnoses if one.criterion == criterion),
                    counterexamples=tuple(
                        one.text for one in result.counterexamples if one.criterion == criterion
                    ),
                    examples=bool(examples),
                    shown=tuple(_failed_case(item) for item in told[:_SHOWN_CASES]),
                    more=max(0, len(told) - _SHOWN_CASES),
                )
            )
    return tuple(parts)


def _is_hidden(item: Item) -> bool:
    return item.hidden


def _failed_case(item: Item) -> FailedCase:
    message = item.message if not item.hidden or item.outcome in _OWN_WORDS else ""
    # Which line raised can depend on a hidden case's values too, unless none was loaded yet.
    location = item.location if not item.hidden or item.outcome is Outcome.IMPORT_FAILED else ()
    return FailedCase(item.case, item.outcome, item.hidden, item.about, message, location)


def _may_show_printed(items: Sequence[Item]) -> bool:
    """Whether what was printed can hold nothing of a hidden case: none was ever called."""
    never_called = (Outcome.IMPORT_FAILED, Outcome.NOT_RUN)
    return all(not item.hidden or item.outcome in never_called for item in items)
