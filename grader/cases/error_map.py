"""Draw in text where an array is wrong: the plane with the most wrong positions, as a grid.

Trusted side; pure, NumPy only. What it draws goes to terminals, web pages and test output alike.
"""

import numpy as np
from numpy.typing import NDArray


def wrong_positions(wrong: NDArray[np.bool_], max_size: tuple[int, int] = (16, 40)) -> str:
    """Return a picture of the wrong positions.

    Parameters
    ----------
    wrong : ndarray of bool, any shape
        True where the array is wrong.
    max_size : tuple of int
        Rows and columns of the picture at most; on a larger plane each character stands for a block.

    Returns
    -------
    str
        A caption that names the plane as NumPy indexes it, then ``#`` for wrong and ``.`` for right; for
        blocks, the number of wrong elements in each (``#`` from 10 on). Empty where nothing is wrong.

    Examples
    --------
    >>> print(wrong_positions(np.array([[[0, 0, 1], [0, 0, 1]], [[0, 0, 0], [0, 0, 0]]], dtype=bool)))
    [0, :, :]: 2 of 6 wrong (# wrong, . right)
         0
       0 ..#
       1 ..#
    """
    if not wrong.any():
        return ""
    index, plane = _worst_plane(wrong)
    where = ", ".join([*(str(i) for i in index), *":" * min(wrong.ndim, 2)])
    block = tuple(-(-size // most) for size, most in zip(plane.shape, max_size, strict=True))
    counts = _count_blocks(plane, block)
    if block == (1, 1):
        legend, signs = "# wrong, . right", ".#"
    else:
        legend = (
            f"each character counts the wrong ones of {block[0]}x{block[1]} elements; . none, # 10 or more"
        )
        signs = ".123456789#"
    caption = f"[{where}]: {plane.sum()} of {plane.size} wrong ({legend})"
    rows = ["".join(signs[min(count, len(signs) - 1)] for count in row) for row in counts]
    labels = [f"{i * block[0]:4d} " for i in range(len(rows))]
    return "\n".join([caption, _ruler(len(rows[0]), block[1]), *map(str.__add__, labels, rows)])


def _worst_plane(wrong: NDArray[np.bool_]) -> tuple[tuple[int, ...], NDArray[np.bool_]]:
    """Return the index of the plane over the last two axes with the most wrong, and that plane."""
    if wrong.ndim < 2:
        return (), wrong.reshape(1, -1)
    per_plane = wrong.sum(axis=(-2, -1))
    index = tuple(int(i) for i in np.unravel_index(np.argmax(per_plane), per_plane.shape))
    return index, wrong[index]


def _count_blocks(plane: NDArray[np.bool_], block: tuple[int, ...]) -> NDArray[np.intp]:
    starts = [np.arange(0, size, step) for size, step in zip(plane.shape, block, strict=True)]
    rows: NDArray[np.intp] = np.add.reduceat(plane.astype(np.intp), starts[0], axis=0)
    return np.add.reduceat(rows, starts[1], axis=1)


def _ruler(width: int, step: int) -> str:
    """Return a line that numbers every tenth column, above its character."""
    return " " * 5 + "".join(f"{i * step:<10d}" for i in range(0, width, 10)).rstrip()
