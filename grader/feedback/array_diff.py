"""Arrays as text: the answer, the expected array and the difference, side by side.

Trusted side; pure.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.cases.digits import enough_digits

MAX_BLOCKS = 4
MAX_ROWS = 12
MAX_COLUMNS = 12
CLOSE = 1e-6
DIGITS = 4
"""Significant digits of a number that is shown, where they are enough."""


def differs(got: NDArray[Any], wanted: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return where two arrays of one shape differ by more than rounding."""
    given = got.astype(np.float64)
    # Not "greater than": NaN must count as different.
    return np.asarray(~(np.abs(given - wanted) <= CLOSE * (1 + np.abs(wanted))))


def side_by_side(got: NDArray[Any], wanted: NDArray[np.float64]) -> str:
    """Show two arrays side by side; a star marks wrong positions.

    Parameters
    ----------
    got, wanted : ndarray
        Of one shape, or not: then both are shown without a difference.

    Returns
    -------
    str
        A few lines; of more than two axes, a block for each of the first few that are wrong.

    Examples
    --------
    >>> print(side_by_side(np.array([1.0, 3.0]), np.array([1.0, 2.0])))
    yours     expected  difference
    [1   3*]  [1  2]    [.  1]
    """
    if got.shape != wanted.shape:
        heads = [f"yours, shape {got.shape}", f"expected, shape {wanted.shape}"]
        return _beside(heads, [_rows(_first(got)), _rows(_first(wanted))])
    wrong = differs(got, wanted)
    blocks = np.argwhere(wrong.any(axis=tuple(range(wrong.ndim))[-2:]))
    texts = []
    for index in map(tuple, blocks[:MAX_BLOCKS].tolist()):
        marks, ours = _corner(wrong[index]), _corner(wanted[index])
        mine = _corner(got[index]).astype(np.float64)
        digits = enough_digits(zip(mine[marks].tolist(), ours[marks].tolist(), strict=True), DIGITS)
        columns = [_rows(mine, marks, digits), _rows(ours, digits=digits), _difference(mine, ours, marks)]
        title = f"[{', '.join(map(str, index))}]\n" if index else ""
        texts.append(title + _beside(["yours", "expected", "difference"], columns))
    more = len(blocks) - len(texts)
    return "\n".join([*texts, f"... and {more} more"] if more else texts)


def _first(array: NDArray[Any]) -> NDArray[Any]:
    """Return the corner of an array's first block of two axes, or nothing of an empty one."""
    if 0 in array.shape:
        return np.zeros((1, 0))
    return _corner(np.asarray(array[(0,) * max(0, array.ndim - 2)]))


def _corner(block: NDArray[Any]) -> NDArray[Any]:
    """Return the part of a block that is shown, before text is made of it: an answer may have any size."""
    return np.atleast_2d(block)[:MAX_ROWS, :MAX_COLUMNS]


def _rows(cells: NDArray[Any], wrong: NDArray[np.bool_] | None = None, digits: int = DIGITS) -> list[str]:
    marks = np.zeros(cells.shape, bool) if wrong is None else wrong
    rows = zip(cells.astype(np.float64), marks, strict=True)
    return _table([[_number(v, digits) + "*" * int(m) for v, m in zip(*row, strict=True)] for row in rows])


def _difference(mine: NDArray[Any], ours: NDArray[np.float64], wrong: NDArray[np.bool_]) -> list[str]:
    rows = zip(mine.astype(np.float64) - ours, wrong, strict=True)
    return _table([[_number(v) if m else "." for v, m in zip(*row, strict=True)] for row in rows])


def _table(cells: Sequence[Sequence[str]]) -> list[str]:
    width = max((len(cell) for row in cells for cell in row), default=0)
    return ["[" + "  ".join(cell.ljust(width) for cell in row).rstrip() + "]" for row in cells]


def _number(value: float, digits: int = DIGITS) -> str:
    return f"{value + 0.0:.{digits}g}"


def _beside(heads: Sequence[str], columns: Sequence[Sequence[str]]) -> str:
    height = max(map(len, columns))
    pairs = zip(heads, columns, strict=True)
    padded = [[head, *column, *[""] * (height - len(column))] for head, column in pairs]
    widths = [max(map(len, column)) for column in padded]
    lines = (zip(line, widths, strict=True) for line in zip(*padded, strict=True))
    return "\n".join("  ".join(cell.ljust(width) for cell, width in line).rstrip() for line in lines)
