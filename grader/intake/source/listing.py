"""From a line of the text that is executed to the place that its author knows it by: file, cell, line.

Trusted side; pure. The executed text has the lines of the file. A notebook's code cells follow one another
in it, each below a marker, so lines are counted from there.
"""

import ast
import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache

from grader.intake.source.parse import tree_of
from grader.results import Place
from grader.visible_text import visible

LONGEST_TEXT = 120
# Of one submission: with fewer, errors that go through the files in turn would have each parsed every time.
MOST_FILES = 2_048


@dataclass(frozen=True, slots=True)
class Listing:
    """A file as its author wrote it.

    Attributes
    ----------
    file : str
        The path in the submission.
    text : str
        The file's text; of a notebook, its code cells one after the other, a marker above each.
    cell_lines : tuple of int
        In a notebook, the line of each code cell's marker.
    """

    file: str
    text: str
    cell_lines: tuple[int, ...] = ()

    def place(self, line: int, function: str = "") -> Place | None:
        r"""Return where a line of the text is; None where there is no such line.

        Examples
        --------
        >>> listing = Listing("cnn.ipynb", "# cell 1\nx = 1\n# cell 2\n\ny = 2", (1, 3))
        >>> listing.place(5)
        Place(file='cnn.ipynb', cell=2, line=2, text='y = 2', function='')
        >>> listing.place(9)
        """
        lines = _lines(self.text)
        if not 0 < line <= len(lines) or line in self.cell_lines:
            return None
        text = visible(lines[line - 1].strip()[: 2 * LONGEST_TEXT])
        if len(text) > LONGEST_TEXT:
            text = text[: LONGEST_TEXT - 1] + "…"
        cell, line = in_cell(line, self.cell_lines)
        return Place(self.file, cell, line, text, function)


def in_cell(line: int, cell_lines: tuple[int, ...]) -> tuple[int | None, int]:
    """Return the code cell that a line is in and its number there; None and the line itself in a plain file.

    Examples
    --------
    >>> in_cell(12, (1, 10)), in_cell(12, ())
    ((2, 2), (None, 12))
    """
    above = bisect_left(cell_lines, line)
    return (above, line - cell_lines[above - 1]) if above else (None, line)


@lru_cache(maxsize=MOST_FILES)
def _lines(text: str) -> tuple[str, ...]:
    # Not splitlines, which also breaks lines at characters that are none for Python.
    return tuple(text.split("\n"))


def function_at(source: str, line: int) -> str:
    r"""Return the name of the innermost function around a line; empty where there is none.

    Examples
    --------
    >>> function_at("def f(x):\n    return x", 2)
    'f'
    """
    first_lines, names = _changes(source)
    return names[bisect_right(first_lines, line)]


@lru_cache(maxsize=MOST_FILES)
def _changes(source: str) -> tuple[list[int], list[str]]:
    """Return the lines at which another function becomes the innermost, and the names from line 0 on."""
    first_lines: list[int] = []
    names = [""]
    around: list[tuple[int, str]] = []

    def leave(line: float) -> None:
        while around and around[-1][0] < line:
            first_lines.append(around.pop()[0] + 1)
            names.append(around[-1][1] if around else "")

    for first, last, name in sorted(_functions(source)):
        leave(first)
        around.append((last, name))
        first_lines.append(first)
        names.append(name)
    leave(math.inf)
    return first_lines, names


def _functions(source: str) -> list[tuple[int, int, str]]:
    """Return the first and the last line of each function, and its name."""
    return [
        (node.lineno, node.end_lineno or node.lineno, node.name)
        for node in ast.walk(tree_of(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
