"""Keep `as_strided` within the memory of its array.

Untrusted side. With one wrong stride, NumPy reads memory outside the array: results then differ from
run to run, or the process dies. A bounds check turns that into a message with the numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.lib import stride_tricks


class OutOfBoundsView(ValueError):  # noqa: N818 - what happened, as the outcome is called
    """A strided view reaches beyond the memory of its array."""


_unchecked = stride_tricks.as_strided


def as_strided(
    x: Any,
    shape: Iterable[int] | None = None,
    strides: Iterable[int] | None = None,
    subok: bool = False,
    writeable: bool = True,
    **options: Any,
) -> Any:
    """Do as `numpy.lib.stride_tricks.as_strided`, within bounds only.

    Raises
    ------
    OutOfBoundsView
        The view's first or last byte lies outside the array that owns the memory.
    """
    view = _unchecked(x, shape, strides, subok=subok, writeable=writeable, **options)
    array = np.asarray(x)
    low, high = _bounds(view)
    first, last = _bounds(_owner(array))
    if view.size and not first <= low <= high <= last:
        side = f"{high - last} bytes past the end" if high > last else f"{first - low} bytes before the start"
        raise OutOfBoundsView(
            f"as_strided: a view of shape {view.shape} with strides {view.strides} (bytes) reaches {side} "
            f"of the array of shape {array.shape} with strides {array.strides}"
        )
    return view


def install() -> None:
    """Put the checked function where students import it from."""
    stride_tricks.as_strided = as_strided


def _bounds(array: np.ndarray[Any, Any]) -> tuple[int, int]:
    steps = [(side - 1) * stride for side, stride in zip(array.shape, array.strides)]  # noqa: B905 - Python 3.9
    start = array.__array_interface__["data"][0]
    low = start + sum(step for step in steps if step < 0)
    return low, start + sum(step for step in steps if step > 0) + array.itemsize


def _owner(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
