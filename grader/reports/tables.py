"""The scores for the terminal: a table of the class, and a block of text for each failing check.

Trusted side; pure: tables and text are returned, the command line prints them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.table import Table
from rich.text import Text

from grader.reports.explanations import Explanation, FailedCase, common_reason, explain_failures
from grader.reports.phrasing import (
    LABELS,
    groups,
    main_outcome,
    number,
    penalties,
    shown_groups,
    standing_words,
    summary,
)
from grader.results import CriterionScore, GroupScore, Outcome, Result, trail
from grader.visible_text import visible

_STYLES = {Outcome.PASSED: "green", Outcome.GRADER_ERROR: "bold magenta"}


def scores_table(results: Sequence[Result], max_points: float) -> Table:
    r"""Return the table of scores: id, points, a column per group of criteria, what went wrong.

    Examples
    --------
    >>> table = scores_table([Result("ada", "Ada", None, "graded", 87.5, 100.0)], 100.0)
    >>> [str(column.header) for column in table.columns]
    ['id', 'points\n/100', 'what went wrong']
    """
    columns = groups(results)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("id", overflow="fold")
    table.add_column(f"points\n/{number(max_points)}", justify="right", no_wrap=True)
    for group in columns:
        table.add_column(Text(f"{group.title}\n/{number(group.max_points)}"), justify="right", no_wrap=True)
    table.add_column("what went wrong", ratio=1, min_width=18)
    for result in results:
        graded = result.status == "graded"
        points = [group.points(result) if graded else None for group in columns]
        said = "; ".join([*standing_words(result.standing), summary(result)])
        table.add_row(
            # Text, because a name such as [red] must not act as markup.
            Text(visible(result.id)),
            Text(number(result.points) if graded else "-", style="bold"),
            *(Text("-" if value is None else f"{value:.1f}") for value in points),
            Text(visible(said), style=_STYLES.get(main_outcome(result), "yellow")),
        )
    return table


def failure_blocks(result: Result) -> list[str]:
    """Return a block of text for each explanation: condition, mistake, smallest case, failing cases.

    What an earlier block tells is not repeated. Cases of which nothing is shown are named.
    """
    return [visible("\n    ".join(_lines(one))) for one in explain_failures(result)]


def _lines(one: Explanation) -> Iterator[str]:
    counts = ", ".join(f"{LABELS[outcome]} {count}x" for outcome, count in one.counts)
    follows = f"; follows from {one.follows_from}" if one.follows_from else ""
    yield f"{', '.join(one.criteria)}: {counts}{follows}"
    yield from one.conditions
    for diagnosis in one.diagnoses:
        yield diagnosis.sentence
        if diagnosis.place:
            yield f"see {diagnosis.place.quoted()}"
    for text in one.counterexamples:
        yield from ("The smallest case that still fails:", *(f"    {line}" for line in text.splitlines()))
    for case in one.shown:
        yield from _case_lines(case)
    if one.more:
        yield f"{len(one.more)} more: {', '.join(one.more)}"
    for what, name in one.repeats:
        yield f"The {what} is the same as in {name}."


def _case_lines(case: FailedCase) -> Iterator[str]:
    if case.case:
        also = f" and {len(case.also)} more" if case.also else ""
        yield f"case {case.case}{also}: {LABELS[case.outcome]}"
    yield from case.message.splitlines()
    yield from trail(case.location)
    yield from case.about.splitlines()


def check_report(result: Result) -> str:
    """Return the report on a student's own file for the terminal: failures, then points."""
    common = common_reason(result.items)
    reason = (
        ["\n    ".join(["No check could run, for this reason:", *_case_lines(replace(common, case=""))])]
        if common
        else []
    )
    warnings = [f"warning: {warning}" for warning in result.warnings]
    scores = [line for score in result.criteria for line in _score_lines(score)]
    total = f"{'points':<28} {number(result.points):>6} / {number(result.max_points)}"
    printed = [f"Your code printed:\n{result.printed.rstrip()}"] if result.printed.strip() else []
    told = [*reason, *failure_blocks(result), *warnings, *printed]
    return visible("\n\n".join([*told, "\n".join([*scores, *penalties(result), total])]))


def _score_lines(score: CriterionScore) -> list[str]:
    rows: list[tuple[str, CriterionScore | GroupScore]] = [(score.name, score)]
    rows += [(f"  {group.name}", group) for group in shown_groups(score)]
    return [
        f"{name:<28} {number(one.points):>6} / {number(one.max_points):<6}"
        f" {one.passed} of {one.total} checks passed"
        for name, one in rows
    ]
