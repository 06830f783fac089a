"""Adapters that are made of layers: one image at a time, and a network of the student's layers.

Untrusted side (Python >= 3.9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np


class OneByOne:
    """A layer that takes one image, or row, at a time.

    Its state is that of the newest image, so forward is called again before each backward.
    """

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.parameters = layer.parameters
        self.x: Any = ()

    def forward(self, x: Any) -> Any:
        """Return the outputs of all images."""
        self.x = x
        return _stacked([self.layer.forward(one) for one in x])

    def backward(self, grad_output: Any) -> Iterator[tuple[str, Any]]:
        """Yield grad_x of all images, then the sums of the other gradients."""
        parts: dict[str, list[Any]] = {}
        error: BaseException | None = None
        for one, grad in zip(self.x, grad_output):  # noqa: B905 - as many as the output has
            self.layer.forward(one)
            try:
                for part, value in self.layer.backward(grad):
                    parts.setdefault(part, []).append(value)
            except Exception as raised:
                error = error or raised
        for part, values in parts.items():
            stacked = _stacked(values)
            if len(values) == len(self.x):
                yield part, stacked if part == "grad_x" or not _is_array(stacked) else stacked.sum(axis=0)
        if error is not None:
            raise error


def _stacked(values: list[Any]) -> Any:
    """Return the arrays as one, or the first that cannot be stacked with the others."""
    for value in values:
        if not _is_array(value) or value.shape != values[0].shape:
            return value
    return np.stack(values)


def _is_array(value: Any) -> bool:
    return type(value) is np.ndarray


def usable(value: Any) -> Any:
    """Return a part's value; raise what stands in its place."""
    if isinstance(value, Exception):
        raise value
    return value


class Flatten:
    """Flattening needs nothing of the student's."""

    parameters: Mapping[str, Any] = {}

    def forward(self, x: Any) -> Any:
        """Return x with all axes but the first in one."""
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad_output: Any) -> Iterator[tuple[str, Any]]:
        """Yield the gradient in the shape of x."""
        yield "grad_x", grad_output.reshape(self.shape)


class Chain:
    """The student's layers one after the other, trained for a few steps by plain gradient descent.

    Parameters
    ----------
    build : callable
        ``build(kind, params, arrays)`` returns the adapter of a layer.
    params, arrays : mapping
        The case's: ``layers``, ``lr``; ``weight_i``, ``bias_i``, and a batch for each step in ``x``.
    """

    def __init__(
        self, build: Callable[..., Any], params: Mapping[str, Any], arrays: Mapping[str, Any]
    ) -> None:
        self.lr = params["lr"]
        self.layers = []
        for index, (kind, own) in enumerate(params["layers"]):
            mine = parameters_of(index, arrays)
            self.layers.append(Flatten() if kind == "flatten" else build(kind, own, mine))
        self.loss = build("cross_entropy", {}, {})
        self.names = names_of(arrays)

    def forward(self, x: Any, labels: Any) -> Any:
        """Train; return the loss of each step."""
        return np.array([self.step(images, right) for images, right in zip(x, labels)])  # noqa: B905

    def step(self, images: Any, labels: Any) -> float:
        """Train on one batch; return its loss."""
        for layer in self.layers:
            images = usable(layer.forward(images))
        loss = float(usable(self.loss.forward(images, labels)))
        [(_, grad)] = self.loss.backward()
        for layer in reversed(self.layers):
            (_, grad), *changes = [(part, usable(value)) for part, value in layer.backward(usable(grad))]
            for part, change in changes:
                name = part.replace("grad_", "")
                layer.parameters[name] = layer.parameters[name] - self.lr * change
        return loss

    def backward(self) -> Iterator[tuple[str, Any]]:
        """Yield the trained parameters."""
        for name in self.names:
            kind, _, index = name.rpartition("_")
            yield name, self.layers[int(index)].parameters[kind]


def names_of(arrays: Mapping[str, Any]) -> list[str]:
    """Return the names of a network's parameters, such as ``weight_0``."""
    return [name for name in arrays if name.startswith(("weight_", "bias_"))]


def parameters_of(index: int, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return copies of one layer's weight and bias."""
    own = {name: f"{name}_{index}" for name in ("weight", "bias")}
    return {name: arrays[key].copy() for name, key in own.items() if key in arrays}
