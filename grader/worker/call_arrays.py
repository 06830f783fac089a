"""The arrays of one layer object: laid out in memory as a case asks, and compared with what they were.

Untrusted side. Both are a service to the student, not evidence: code in the same process could patch them,
and a layer that copies its input first is a right answer to either.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np

CallArrays = Mapping[str, "np.ndarray[Any, Any]"]


class LayerSlot:
    """One layer object of the student's and the newest array of each name that it was given.

    Attributes
    ----------
    layer : object
        The interface's adapter, once it was made.
    """

    def __init__(self) -> None:
        self.layer: Any = None
        self._given: dict[str, np.ndarray[Any, Any]] = {}
        self._originals: dict[str, np.ndarray[Any, Any]] = {}
        self._seen: dict[str, np.ndarray[Any, Any]] = {}

    def receive(self, arrays: CallArrays, layouts: Mapping[str, str]) -> dict[str, np.ndarray[Any, Any]]:
        """Return copies for the student's code that lie in memory as asked."""
        given = {name: laid_out(array, layouts.get(name, "contiguous")) for name, array in arrays.items()}
        self._given.update(given)
        self._originals.update(arrays)
        self._seen.update(arrays)
        return given

    def modified(self) -> list[str]:
        """Return the names of the arrays that changed since they came, or since this was last asked."""
        changed = {
            name: array.copy()
            for name, array in self._given.items()
            if array.shape != self._seen[name].shape or array.tobytes() != self._seen[name].tobytes()
        }
        self._seen.update(changed)
        return list(changed)

    def restore(self) -> None:
        """Give a layer's parameters their values back where calls have changed them."""
        for name in ("weight", "bias"):
            if name in self._given and self._seen[name] is not self._originals[name]:
                # The student's code may have locked it, or given it another shape.
                with contextlib.suppress(ValueError):
                    self._given[name][...] = self._seen[name] = self._originals[name]


def laid_out(array: np.ndarray[Any, Any], layout: str) -> np.ndarray[Any, Any]:
    """Return a writable copy of equal values that lies in memory as asked.

    Parameters
    ----------
    array : ndarray
    layout : str
        ``contiguous``, ``fortran``, ``sliced`` (every other element of a wider array) or ``reversed``
        (negative strides in every axis).
    """
    if layout == "fortran":
        return np.array(array, order="F")
    if layout == "sliced" and array.ndim:
        # NaN between the elements: who reads them by mistake shall see it.
        fill = np.nan if array.dtype.kind in "fc" else 1
        view = np.full((*array.shape[:-1], 2 * array.shape[-1]), fill, array.dtype)[..., ::2]
        view[...] = array
        return view
    if layout == "reversed" and array.ndim:
        backwards = (slice(None, None, -1),) * array.ndim
        return np.array(array[backwards], order="C")[backwards]
    return np.array(array, order="C")
