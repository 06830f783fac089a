"""The functional interface: ``conv2d_forward(x, weight, bias, *, stride, padding)`` and its likes.

Untrusted side (Python >= 3.9, NumPy and the standard library); the trusted side reads `NEEDS` only.
"""

# All builders and adapters have the one signature that the package describes.
# ruff: noqa: ARG001, D102, D103

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

NEEDS: dict[str, tuple[str, ...]] = {
    kind: (f"{kind}_forward", f"{kind}_backward")
    for kind in ("conv2d", "max_pool2d", "relu", "linear", "cross_entropy")
}
NEEDS["network"] = ("conv2d_forward", "linear_forward", "relu_forward", "cross_entropy_forward")


class Pair:
    """A forward and a backward function, the arrays between them and the keywords of both."""

    def __init__(
        self,
        student: Any,
        kind: str,
        keywords: Mapping[str, Any],
        arrays: Mapping[str, Any],
        parts: tuple[str, ...],
    ) -> None:
        self.student, self.kind, self.keywords, self.parts = student, kind, keywords, parts
        self.parameters = [arrays[name] for name in ("weight", "bias") if name in arrays]
        self.inputs: tuple[Any, ...] = ()

    def forward(self, *inputs: Any) -> Any:
        self.inputs = inputs
        return self.call("forward", *inputs, *self.parameters)

    def backward(self, *grad_output: Any) -> Iterator[tuple[str, Any]]:
        yield from zip(self.parts, self.grads(*grad_output))  # noqa: B905 - counted in grads

    def grads(self, *grad_output: Any) -> tuple[Any, ...]:
        # The bias does not enter any gradient.
        result = self.call("backward", *grad_output, *self.inputs, *self.parameters[:1])
        if len(self.parts) == 1:
            return (result,)
        if not isinstance(result, (tuple, list)) or len(result) != len(self.parts):
            found = f"{len(result)} results" if isinstance(result, (tuple, list)) else "one result"
            wanted = ", ".join(self.parts)
            raise TypeError(f"{self.kind}_backward returned {found}; {len(self.parts)} are wanted: {wanted}")
        return tuple(result)

    def call(self, direction: str, *arguments: Any) -> Any:
        name = f"{self.kind}_{direction}"
        if not hasattr(self.student, name):
            raise NotImplementedError(f"{name} is not defined")
        return getattr(self.student, name)(*arguments, **self.keywords)


def conv2d(student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any], settings: Any) -> Pair:
    keywords = {name: params[name] for name in ("stride", "padding") if name in params}
    return Pair(student, "conv2d", keywords, arrays, ("grad_x", "grad_weight", "grad_bias"))


def max_pool2d(student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any], settings: Any) -> Pair:
    return Pair(student, "max_pool2d", params, arrays, ("grad_x",))


def relu(student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any], settings: Any) -> Pair:
    return Pair(student, "relu", {}, arrays, ("grad_x",))


def linear(student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any], settings: Any) -> Pair:
    return Pair(student, "linear", {}, arrays, ("grad_x", "grad_weight", "grad_bias"))


def cross_entropy(student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any], settings: Any) -> Pair:
    return Pair(student, "cross_entropy", {}, arrays, ("grad_logits",))


class Flatten:
    """Flattening needs no function of the student's."""

    parameters: tuple[Any, ...] = ()

    def forward(self, x: Any) -> Any:
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad_output: Any) -> Iterator[tuple[str, Any]]:
        yield "grad_x", grad_output.reshape(self.shape)


BUILDERS: dict[str, Callable[..., Any]] = {
    "conv2d": conv2d,
    "max_pool2d": max_pool2d,
    "relu": relu,
    "linear": linear,
    "flatten": lambda *_: Flatten(),
}


class Network:
    """A chain of the student's functions, trained for a few steps by plain gradient descent."""

    first_part = "losses"

    def __init__(self, student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        self.layers = []
        for index, (kind, own) in enumerate(params["layers"]):
            named = {name: f"{name}_{index}" for name in ("weight", "bias")}
            mine = {name: arrays[key].copy() for name, key in named.items() if key in arrays}
            self.layers.append(BUILDERS[kind](student, own, mine, {}))
        self.names = [name for name in arrays if name.startswith(("weight_", "bias_"))]
        self.loss = cross_entropy(student, {}, {}, {})
        self.lr = params["lr"]

    def forward(self, x: Any, labels: Any) -> Any:
        return np.array([self.step(images, right) for images, right in zip(x, labels)])  # noqa: B905

    def step(self, images: Any, labels: Any) -> float:
        for layer in self.layers:
            images = layer.forward(images)
        loss = float(self.loss.forward(images, labels))
        [(_, grad)] = self.loss.backward()
        for layer in reversed(self.layers):
            (_, grad), *own = layer.backward(grad)
            layer.parameters = [
                value - self.lr * change
                for value, (_, change) in zip(layer.parameters, own)  # noqa: B905
            ]
        return loss

    def backward(self) -> Iterator[tuple[str, Any]]:
        for name in self.names:
            kind, _, index = name.rpartition("_")
            yield name, self.layers[int(index)].parameters[("weight", "bias").index(kind)]


def network(student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any], settings: Any) -> Network:
    return Network(student, params, arrays)
