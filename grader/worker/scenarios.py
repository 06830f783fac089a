"""Call a layer as a case describes: its inputs, their memory layout, the order of calls.

Untrusted side. The interface knows how a student's API is called; this knows what is called when.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from grader.worker.layer_kinds import inputs_of

CallArrays = Mapping[str, "np.ndarray[Any, Any]"]


def answers(
    kind: str, make: Callable[[CallArrays], Any], arrays: CallArrays, scenario: str
) -> Iterator[tuple[str, Any]]:
    """Yield (part, value) as the student's code makes them.

    Parameters
    ----------
    kind : str
        Which layer.
    make : callable
        Builds the interface's adapter around a fresh layer, given its arrays.
    arrays : mapping
        The case's arrays; those named ``warmup_...`` belong to the call that comes first.
    scenario : str
        ``once``; ``twice``: forward and backward before, on the same layer; ``second_forward``: a forward
        before; ``two_layers``: another layer's forward between this one's forward and backward.
    """
    plain = {name: array for name, array in arrays.items() if not name.startswith("warmup_")}
    warm = {**plain, **{name[7:]: array for name, array in arrays.items() if name.startswith("warmup_")}}
    other = make(warm) if scenario == "two_layers" else None
    layer = make(plain)
    if scenario in ("twice", "second_forward"):
        layer.forward(*_inputs(kind, warm))
        if scenario == "twice":
            _use_up(layer, warm)
    yield first_part(layer), layer.forward(*_inputs(kind, plain))
    if other is not None:
        # After this layer's own forward, so that a shared memory holds the other's input by now.
        other.forward(*_inputs(kind, warm))
        _use_up(other, warm)
    yield from layer.backward(*_grads(plain))


def first_part(layer: Any) -> str:
    """Return what the adapter calls that which forward returns."""
    return getattr(layer, "first_part", "output")


def forward(kind: str, layer: Any, arrays: CallArrays) -> Any:
    """Call forward alone."""
    return layer.forward(*_inputs(kind, arrays))


def backward(layer: Any, arrays: CallArrays) -> Iterator[tuple[str, Any]]:
    """Call backward alone."""
    yield from layer.backward(*_grads(arrays))


def _inputs(kind: str, arrays: CallArrays) -> list[np.ndarray[Any, Any]]:
    return [arrays[name] for name in inputs_of(kind)]


def _grads(arrays: CallArrays) -> list[np.ndarray[Any, Any]]:
    return [arrays[name] for name in ("grad_output",) if name in arrays]


def _use_up(layer: Any, arrays: CallArrays) -> None:
    # A backward that fails here fails again where it counts; forward must not pay for it.
    with contextlib.suppress(Exception):
        for _ in backward(layer, arrays):
            pass


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


def modified(arrays: CallArrays, originals: CallArrays) -> list[str]:
    """Return the names of the inputs that are not what they were."""
    return [
        name
        for name, array in arrays.items()
        if array.shape != originals[name].shape or array.tobytes() != originals[name].tobytes()
    ]
