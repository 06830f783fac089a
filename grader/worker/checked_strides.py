"""Keep `as_strided` within the memory of its array.

Untrusted side. With one wrong stride, NumPy reads memory outside the array: results then differ from
run to run, or the process dies. A bounds check turns that into a message with the numbers.

A view of floats that reaches outside is remarked on and replaced by one over a copy with NaN around it, so
that the rest of the function runs: what it took from outside shows in the answer, and the rest is judged.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.lib import stride_tricks

from grader.worker import remarks

MAX_SPAN = 1 << 26
"""Bytes that a view may span to be replaced."""


class OutOfBoundsView(ValueError):  # noqa: N818 - what happened, as the outcome is called
    """A strided view reaches beyond the memory of its array; `places` are the lines that led there."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.places = _places()


class _Memory:
    """Bytes that are there, as NumPy takes them."""

    def __init__(self, start: int, size: int) -> None:
        self.__array_interface__ = {"data": (start, True), "shape": (size,), "typestr": "|u1", "version": 3}


_unchecked = stride_tricks.as_strided


def as_strided(
    x: Any,
    shape: Iterable[int] | None = None,
    strides: Iterable[int] | None = None,
    subok: bool = False,
    writeable: bool = True,
    **options: Any,
) -> Any:
    """Do as `numpy.lib.stride_tricks.as_strided`, with NaN where the view reaches outside its array.

    Raises
    ------
    OutOfBoundsView
        The view's first or last byte lies outside the array that owns the memory, and it cannot be replaced:
        it is not of floats, or spans too much.
    """
    view = _unchecked(x, shape, strides, subok=subok, writeable=writeable, **options)
    array = np.asarray(x)
    low, high = _bounds(view)
    first, last = _bounds(_owner(array))
    if view.size and not first <= low <= high <= last:
        error = _outside(view, array, (low, high), (first, last))
        replaced = _with_nan_outside(view, (low, high), (first, last))
        if replaced is None:
            raise error
        remarks.note_view(error)
        return replaced
    return view


def cause(error: BaseException) -> BaseException:
    """Return what stopped a call: a write to a view that was replaced is the view's fault."""
    view = remarks.view()
    written = view is not None and isinstance(error, ValueError) and "read-only" in str(error)
    return view if view is not None and written else error


def _outside(
    view: np.ndarray[Any, Any],
    array: np.ndarray[Any, Any],
    span: tuple[int, int],
    owned: tuple[int, int],
) -> OutOfBoundsView:
    """Return the error that says how far a view reaches outside."""
    past, before = span[1] - owned[1], owned[0] - span[0]
    side = f"{past} bytes past the end" if past > 0 else f"{before} bytes before the start"
    return OutOfBoundsView(
        f"as_strided: a view of shape {view.shape} with strides {view.strides} (bytes) reaches {side} "
        f"of the array of shape {array.shape} with strides {array.strides}"
    )


def _with_nan_outside(
    view: np.ndarray[Any, Any], span: tuple[int, int], owned: tuple[int, int]
) -> np.ndarray[Any, Any] | None:
    """Return a view like it over a read-only copy, with NaN around what is owned; None if it cannot be."""
    (low, high), (first, last) = span, owned
    if view.dtype.kind not in "fc" or high - low > MAX_SPAN:
        return None
    # A float whose bits are all set is NaN.
    memory = np.full(high - low, 0xFF, np.uint8)
    start, stop = max(low, first), min(high, last)
    if start < stop:
        memory[start - low : stop - low] = np.asarray(_Memory(start, stop - start))
    offset = view.__array_interface__["data"][0] - low
    replaced: np.ndarray[Any, Any] = np.ndarray(view.shape, view.dtype, memory, offset, view.strides)
    replaced.flags.writeable = False
    return replaced


def _places() -> list[tuple[str, int]]:
    """Return the file and line of each running function, the outermost first."""
    frame, found = sys._getframe(1), []
    while frame is not None:
        found.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back  # type: ignore[assignment]
    return found[::-1]


def install() -> None:
    """Put the checked function where students import it from."""
    stride_tricks.as_strided = as_strided


def _bounds(array: np.ndarray[Any, Any]) -> tuple[int, int]:
    steps = [(side - 1) * stride for side, stride in zip(array.shape, array.strides)]  # noqa: B905 - Python 3.9
    start = array.__array_interface__["data"][0]
    low = start + sum(step for step in steps if step < 0)
    return low, start + sum(step for step in steps if step > 0) + array.itemsize


def _owner(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the array that owns the memory, also of what `as_strided` returned, whose base is a stand-in."""
    base: Any = array
    while base is not None:
        array, base = base if isinstance(base, np.ndarray) else array, getattr(base, "base", None)
    return array
