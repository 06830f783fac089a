"""The template's interface: layer classes in the manner of torch.nn.

Untrusted side (Python >= 3.9, NumPy and the standard library); the trusted side reads `NEEDS` only.
"""

# All builders and adapters have the one signature that the package describes.
# ruff: noqa: ARG001, D102, D103

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

NEEDS = {
    "conv2d": ("Conv2d",),
    "max_pool2d": ("MaxPool2d",),
    "relu": ("ReLU",),
    "linear": ("Linear",),
    "cross_entropy": ("CrossEntropyLoss",),
    "network": ("CNN", "CrossEntropyLoss"),
}
CLASSES = {
    "conv2d": "Conv2d",
    "max_pool2d": "MaxPool2d",
    "relu": "ReLU",
    "linear": "Linear",
    "flatten": "Flatten",
}


class Layer:
    """A student's layer; its weight and bias are set anew before every forward."""

    def __init__(self, layer: Any, arrays: Mapping[str, Any], grad: str = "grad_x") -> None:
        self.layer = layer
        self.parameters = {name: arrays[name] for name in ("weight", "bias") if name in arrays}
        self.grad = grad

    def forward(self, *inputs: Any) -> Any:
        for name, value in self.parameters.items():
            setattr(self.layer, name, value)
        return method(self.layer, "forward")(*inputs)

    def backward(self, *grad_output: Any) -> Iterator[tuple[str, Any]]:
        yield self.grad, method(self.layer, "backward")(*grad_output)
        for name in self.parameters:
            yield f"grad_{name}", getattr(self.layer, f"grad_{name}", None)


class Network:
    """A student's network, trained for a few steps."""

    first_part = "losses"

    def __init__(self, student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        self.layers = [build(student, kind, own) for kind, own in params["layers"]]
        for index, layer in enumerate(self.layers):
            for name in ("weight", "bias"):
                if f"{name}_{index}" in arrays:
                    setattr(layer, name, arrays[f"{name}_{index}"].copy())
        self.names = [name for name in arrays if name.startswith(("weight_", "bias_"))]
        try:
            self.network = student.CNN(self.layers)
        except TypeError as error:
            raise NotImplementedError(f"CNN(layers) takes a list of layers: {error}") from error
        self.loss = student.CrossEntropyLoss()
        self.lr = params["lr"]

    def forward(self, x: Any, labels: Any) -> Any:
        return np.array([self.step(images, right) for images, right in zip(x, labels)])  # noqa: B905

    def step(self, images: Any, labels: Any) -> float:
        logits = method(self.network, "forward")(images)
        loss = float(method(self.loss, "forward")(logits, labels))
        method(self.network, "backward")(method(self.loss, "backward")())
        method(self.network, "step")(self.lr)
        return loss

    def backward(self) -> Iterator[tuple[str, Any]]:
        for name in self.names:
            kind, _, index = name.rpartition("_")
            yield name, getattr(self.layers[int(index)], kind, None)


def build(student: Any, kind: str, params: Mapping[str, Any]) -> Any:
    """Return a fresh layer of the student's."""
    name = CLASSES[kind]
    if not hasattr(student, name):
        raise NotImplementedError(f"{name} is not defined")
    return getattr(student, name)(**params)


def method(owner: Any, name: str) -> Any:
    """Return a method of a student's object, or say that it is missing."""
    if not hasattr(owner, name):
        raise NotImplementedError(f"{type(owner).__name__} has no method {name}")
    return getattr(owner, name)


def conv2d(student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any], settings: Any) -> Layer:
    return Layer(build(student, "conv2d", params), arrays)


def max_pool2d(student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any], settings: Any) -> Layer:
    return Layer(build(student, "max_pool2d", params), arrays)


def relu(student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any], settings: Any) -> Layer:
    return Layer(build(student, "relu", params), arrays)


def linear(student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any], settings: Any) -> Layer:
    return Layer(build(student, "linear", params), arrays)


def cross_entropy(student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any], settings: Any) -> Layer:
    return Layer(student.CrossEntropyLoss(), arrays, grad="grad_logits")


def network(student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any], settings: Any) -> Network:
    return Network(student, params, arrays)
