"""The pages: the class report and one student's feedback, each one file without outside parts.

Trusted side; pure. The template engine escapes every text; in addition, a content policy lets
nothing run but the report's own script, and nothing load at all.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.grading.gradebook import Run
from grader.grading.interface_fit import interface_doubts
from grader.reports import phrasing
from grader.reports.explanations import common_reason, explain_failures
from grader.reports.figures import histogram_svg, speed_svg
from grader.reports.overview import overview
from grader.results import Item, Outcome, Result
from grader.visible_text import visible

_TEMPLATES = Path(__file__).parent / "templates"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


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
            doubts=interface_doubts(results, str(run.options.get("interface", ""))),
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
    failing = explain_failures(result)
    own = result.speed.speedup_over_loops if result.speed else None
    return (
        _environment()
        .get_template("feedback.html")
        .render(
            result=result,
            assignment_name=assignment_name,
            common=common_reason(result.items),
            failing=failing,
            anchors={name: one.name for one in failing for name in one.criteria},
            penalties=phrasing.penalties(result),
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
        "shown_groups": phrasing.shown_groups,
        "label": phrasing.LABELS.__getitem__,
    }
    environment.globals["share"] = _share
    return environment


def _share(points: float, most: float) -> float:
    return round(min(max(points / most, 0.0), 1.0), 4) if most else 0.0


def _speedups(results: Sequence[Result]) -> list[float]:
    ratios = (result.speed.speedup_over_loops for result in results if result.speed)
    return [ratio for ratio in ratios if ratio is not None]


def _may_show_printed(items: Sequence[Item]) -> bool:
    """Whether what was printed can hold nothing of a hidden case: none was ever called."""
    never_called = (Outcome.IMPORT_FAILED, Outcome.NOT_RUN)
    return all(not item.hidden or item.outcome in never_called for item in items)
