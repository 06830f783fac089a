"""Which lines run more often when a dimension grows, from the tables that a worker sends.

Trusted side; pure. The tables are the worker's, that is, the student's to forge: what is believed is bounded
by the source, and all work here is linear in it.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Spot = tuple[int, int, int]
"""Phase, file and line, as the worker numbers them."""

NO_FILE = -1
"""The file's number for code that is in none of the submission's files."""
MOST_ROWS = 20_000
"""No convolution has that many lines."""
GROWS = 1.4
"""A line that runs this many times as often when a dimension doubles runs once for each of it: a loop of two
steps begins three lines, one of four begins five."""


def read_table(rows: NDArray[np.generic] | None, lines: Sequence[int]) -> dict[Spot, int]:
    """Read the worker's table within the bounds of the source.

    Parameters
    ----------
    rows : ndarray or None
        Should be int64 rows of phase, file, line and count.
    lines : sequence of int
        How many lines each file of the submission has.

    Returns
    -------
    dict of Spot to int
        Rows that name no line of the submission, or no count, are left out. Empty if the table is none, or
        has more rows than there are lines in two phases, or names a line twice: an empty table hides
        loops from the counter alone.

    Examples
    --------
    >>> read_table(np.array([[0, 0, 7, 10], [0, 0, 8, 3], [0, 1, 1, 3]]), [7])
    {(0, 0, 7): 10}
    """
    if rows is None or rows.dtype != np.int64 or rows.ndim != 2 or rows.shape[1] != 4:
        return {}
    if len(rows) > min(MOST_ROWS, 2 * (sum(lines) + 1)):
        return {}
    last = dict(enumerate(lines))
    named = [
        (phase, file, line, count)
        for phase, file, line, count in rows.tolist()
        if phase in (0, 1) and count > 0 and (file == NO_FILE or 0 < line <= last.get(file, 0))
    ]
    table = {(phase, file, 0 if file == NO_FILE else line): count for phase, file, line, count in named}
    return table if len(table) == len(named) else {}


def growing_lines(
    base: Mapping[Spot, int], grown: Mapping[str, Mapping[Spot, int]]
) -> dict[Spot, tuple[str, ...]]:
    """Return the dimensions with which each line's count grows, lines without any left out.

    Examples
    --------
    >>> growing_lines({(0, 0, 7): 10, (0, 0, 8): 3}, {"N": {(0, 0, 7): 20, (0, 0, 8): 3}})
    {(0, 0, 7): ('N',)}
    """
    lines = {
        spot: tuple(name for name, counts in grown.items() if counts.get(spot, 0) >= GROWS * count)
        for spot, count in base.items()
    }
    return {spot: names for spot, names in lines.items() if names}


def innermost(
    lines: Mapping[Spot, tuple[str, ...]], function_of: Callable[[int, int], str]
) -> dict[Spot, tuple[str, ...]]:
    """Return one line for each nest of loops: the first one that no line of the same function outdoes.

    Parameters
    ----------
    lines : Mapping of Spot to tuple of str
        As `growing_lines` returns them.
    function_of : callable
        Returns the name of the function around a line of a file, both by number.

    Examples
    --------
    >>> innermost({(0, 0, 3): ("N",), (0, 0, 4): ("N", "H"), (0, 0, 9): ("W",)}, lambda *_: "forward")
    {(0, 0, 4): ('N', 'H'), (0, 0, 9): ('W',)}
    """
    # By function, since there are at most 127 sets of dimensions to compare with: linear in the lines.
    nests: dict[tuple[int, int, str], dict[frozenset[str], Spot]] = {}
    for spot, names in sorted(lines.items()):
        phase, file, line = spot
        nests.setdefault((phase, file, function_of(file, line)), {}).setdefault(frozenset(names), spot)
    kept = (
        spot
        for nest in nests.values()
        for names, spot in nest.items()
        if not any(names < other for other in nest)
    )
    return {spot: lines[spot] for spot in sorted(kept)}


def shown_first(lines: Mapping[Spot, tuple[str, ...]], most: int) -> list[Spot]:
    """Return at most so many lines (seven or more), which together name every dimension that all name.

    Examples
    --------
    >>> shown_first({(0, 0, 1): ("N",), (0, 0, 2): ("N",), (0, 0, 3): ("H",)}, 2)
    [(0, 0, 1), (0, 0, 3)]
    """
    named: set[str] = set()
    new: list[Spot] = []
    others: list[Spot] = []
    for spot, names in lines.items():
        (others if named.issuperset(names) else new).append(spot)
        named.update(names)
    return sorted((new + others)[:most])
