"""Layers that update themselves in backward: their gradients are computed from the update.

Untrusted side (Python >= 3.9). Most of them keep no gradient (26 of 34 that were counted), and many make
their weights at the first forward (25).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from grader.worker.interface.call_expressions import names_in
from grader.worker.interface.layer_adapter import Layer
from grader.worker.interface.make_calls import receivers
from grader.worker.interface.misfits import called_name
from grader.worker.interface.synonyms import PARAMETERS, folded
from grader.worker.remarks import UNFINISHED, forget, note
from grader.worker.serialize import Unusable

RATES = (1024.0, 4096.0)
"""Learning rates: powers of two, by which division is exact, and large, so that a weight's own digits do not
drown the step's."""

NEAR = 1e-3
MADE = "after the first forward, "


class Updated:
    """A layer whose gradients are revealed by its update: (before - after) / rate.

    Parameters
    ----------
    make : callable
        ``make(learning_rate=rate)`` makes a fresh layer.
    measured : sequence of int, optional
        The shape of x if calls are timed or counted: then only the requested calls are made.
    """

    def __init__(self, make: Callable[..., Layer], measured: Sequence[int] | None = None) -> None:
        self._make, self._forwards, self._measured = make, 0, measured is not None
        self._layer = make(learning_rate=RATES[0])
        self.parameters = self._layer.parameters
        self._inputs: tuple[Any, ...] = ()
        if measured is not None and "weight" in self.parameters:
            # Of its x a constructor reads no more than the shape.
            x = np.broadcast_to(1.0, tuple(measured))
            self._layer.begin(x)
            height, width = self.parameters["weight"].shape[-2:]
            _have_made(self._layer, np.array(x[:1, ..., :height, :width]))

    def forward(self, *inputs: Any) -> Any:
        """Have the parameters made, set them, call forward and return the output."""
        self._inputs, self._forwards = inputs, self._forwards + 1
        return _forward(self._layer, inputs, fresh=self._forwards == 1 and not self._measured)

    def backward(self, *grad_output: Any) -> Iterator[tuple[str, Any]]:
        """Call backward with its update; yield the gradients.

        After a layer's first forward its state cannot matter, so a gradient that depends on the learning rate
        there is spoiled by the update itself.
        """
        found, error = _gradients(self._layer, grad_output, RATES[0])
        if self.parameters and self._forwards == 1 and not self._measured:
            twin = self._make(learning_rate=RATES[1])
            twin.parameters.update(self.parameters)
            _forward(twin, self._inputs, fresh=True)
            others, _ = _gradients(twin, grad_output, RATES[1])
            astray = _astray(self._layer)
            found = {part: _judged(part, value, others.get(part), astray) for part, value in found.items()}
        yield from found.items()
        if error is not None:
            raise error


def _forward(layer: Layer, inputs: tuple[Any, ...], *, fresh: bool) -> Any:
    if layer.parameters and fresh:
        _have_made(layer, inputs[0])
    layer.begin(*inputs)
    for name in layer.parameters:
        layer.put(name, when=MADE)
    return layer.call_forward()


def _have_made(layer: Layer, x: Any) -> None:
    """Have a layer make its parameters, from an x of as many channels as the weight has."""
    weight = layer.parameters["weight"]
    if weight.ndim == 4:
        x = np.resize(x, (*x.shape[:-3], weight.shape[1], *x.shape[-2:]))
    layer.begin(x)
    layer.call_forward()


def _gradients(
    layer: Layer, grad_output: tuple[Any, ...], rate: float
) -> tuple[dict[str, Any], BaseException | None]:
    """Return every gradient, and what stopped backward; what the layer does not keep is recovered."""
    found: dict[str, Any] = {}
    error: BaseException | None = None
    try:
        # What came before a failure stays.
        found.update(layer.backward(*grad_output))
    except Exception as raised:
        error = raised
    for name in layer.parameters:
        part = f"grad_{name}"
        if part in layer.names or layer.recipe.places[part]:
            continue
        # An array that was returned, or left when backward failed, counts where there was no update.
        updated = _is_updated(layer, name)
        if updated or (error is None and _is_missing(found.get(part))):
            found[part] = _revealed(layer, name, rate)
            forget(part)
        if updated and error is not None:
            note(part, UNFINISHED)
    return found, error


def _is_updated(layer: Layer, name: str) -> bool:
    try:
        after = layer.read(name, "")
    except Unusable:
        return False
    return not np.array_equal(after, layer.given[name])


def _is_missing(value: Any) -> bool:
    return value is None or isinstance(value, Exception)


def _revealed(layer: Layer, name: str, rate: float) -> Any:
    before = layer.given[name]
    try:
        after = layer.read(name, "after backward, ")
    except Unusable as error:
        return error
    if type(after) is np.ndarray and after.dtype.kind == "f" and after.shape == before.shape:
        # In float64 whatever the layer's own dtype is, then back, so that a dtype of less precision is seen.
        after = ((before.astype(np.float64) - after) / rate).astype(after.dtype)
    return layer.taken(name, after)


def _astray(layer: Layer) -> str:
    """Say why a learning rate cannot have reached the student's code; empty if it can."""
    calls = [call for call in layer.made.values() if call]
    passed = [call for call in calls if "learning_rate" in names_in(call)[1]]
    if passed:
        names = [name for call in passed for name in receivers(call, "learning_rate", layer.scope)]
        odd = [name for name in names if folded(name) not in PARAMETERS["learning_rate"]]
        where = f"of `{called_name(passed[0][0].value)}`"
        return f"the interface passes it as `{odd[0]}` {where}" if odd and odd == names else ""
    made = ", ".join(f"`{ast.unparse(step.value)}`" for call in calls for step in call)
    if not layer.recipe.places["learning_rate"]:
        return f"the interface passes it to none of {made}"
    if "learning_rate" in layer.invented:
        place = f"`{ast.unparse(layer.recipe.places['learning_rate'][0][0].value)}`"
        return (
            f"the interface sets it as {place}, which the code has not got, and passes it to none of {made}"
        )
    return ""


def _judged(part: str, value: Any, other: Any, astray: str) -> Any:
    """Return a gradient if both learning rates gave it, else the reason why they do not.

    `astray` says why the rates did not reach the code, so that the student is not blamed for that.
    """
    if not all(type(array) is np.ndarray and np.isfinite(array).all() for array in (value, other)):
        return value
    if value.shape != other.shape or _near(value, other):
        return value
    rates = f"learning rates {RATES[0]:g} and {RATES[1]:g}"
    if part == "grad_x":
        why = "it is computed with weights that were already updated. Compute it before the update"
        return Unusable("wrong_value", f"grad_x differs between {rates}: {why}")
    name = part.replace("grad_", "")
    if _near(value * RATES[0], other * RATES[1]):
        if astray:
            sentence = f"{part} cannot be computed from the update, since the learning rate is not known"
            return Unusable("not_implemented", f"{sentence}: {astray}")
        return Unusable(
            "wrong_value",
            f"the {name} changes by the same amount at {rates}: the given rate is not used",
        )
    return Unusable("wrong_value", f"the {name}'s step is not proportional to the learning rate ({rates})")


def _near(one: Any, other: Any) -> bool:
    scale = max(np.abs(one).max(initial=0.0), np.abs(other).max(initial=0.0))
    return bool(np.abs(one - other).max(initial=0.0) <= NEAR * scale)
