"""The scores for the terminal: a table of the class, and a block of text for each failing check.

Trusted side; pure: tables and text are returned, the command line prints them.
"""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from grader.reports.phrasing import LABELS, groups, main_outcome, number, standing_words, summary
from grader.results import Item, Outcome, Place, Result, trail
from grader.visible_text import visible

_SHOWN_CASES = 3
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


def failure_blocks(items: Iterable[Item], most: int = _SHOWN_CASES) -> list[str]:
    """Return a block of text for each item that did not pass, at most so many for each criterion.

    The first line names criterion, case and outcome; then come the case's parameters and the message,
    with shapes or the largest deviation and the picture of the wrong positions, or the lines that raised.
    The others are counted and named.
    """
    failed: dict[str, list[Item]] = {}
    for item in items:
        if item.outcome is not Outcome.PASSED:
            failed.setdefault(item.criterion, []).append(item)
    blocks = []
    for criterion, mine in failed.items():
        blocks += [_block(item) for item in mine[:most]]
        if mine[most:]:
            names = ", ".join(item.case for item in mine[most:])
            blocks.append(visible(f"{criterion}, {len(mine[most:])} more: {names}"))
    return blocks


def _block(item: Item) -> str:
    lines = [f"{item.criterion}, case {item.case}: {LABELS[item.outcome]}"]
    lines += item.about.splitlines()
    if not item.hidden:
        lines += [*item.message.splitlines(), *trail(item.location)]
    return visible("\n    ".join(lines))


def check_report(result: Result) -> str:
    """Return the report on a student's own file for the terminal: failures, then points."""
    explained = [f"{one.criterion}: {one.sentence}{_see(one.place)}" for one in result.diagnoses]
    examples = [f"Smallest failing case of {one.criterion}\n{one.text}" for one in result.counterexamples]
    warnings = [f"warning: {warning}" for warning in result.warnings]
    scores = [
        f"{score.name:<28} {number(score.points):>6} / {number(score.max_points):<6}"
        f" {score.passed} of {score.total} checks passed"
        for score in result.criteria
    ]
    total = f"{'points':<28} {number(result.points):>6} / {number(result.max_points)}"
    printed = [f"Your code printed:\n{result.printed.rstrip()}"] if result.printed.strip() else []
    told = [*failure_blocks(result.items), *explained, *examples, *warnings, *printed]
    return visible("\n\n".join([*told, "\n".join([*scores, total])]))


def _see(place: Place | None) -> str:
    return f"\n    see {place.quoted()}" if place else ""
