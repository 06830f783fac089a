"""Call a catalogued mistake's layers, as the template's interface calls a student's.

Trusted side; pure. Shorter than `grader.worker.interfaces.layers`, since these classes are our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
CLASSES = {
    "conv2d": "Conv2d",
    "max_pool2d": "MaxPool2d",
    "relu": "ReLU",
    "linear": "Linear",
    "flatten": "Flatten",
    "cross_entropy": "CrossEntropyLoss",
}


class One:
    """One layer; its weight and bias are set anew before every forward."""

    def __init__(self, layer: Any, kind: str, arrays: Arrays) -> None:
        self.layer = layer
        self.parameters = {name: arrays[name] for name in ("weight", "bias") if name in arrays}
        self.grad = "grad_logits" if kind == "cross_entropy" else "grad_x"

    def forward(self, *inputs: NDArray[Any]) -> Any:
        """Return the layer's output."""
        for name, value in self.parameters.items():
            setattr(self.layer, name, value)
        return self.layer.forward(*inputs)

    def backward(self, *grad_output: NDArray[Any]) -> Iterator[tuple[str, Any]]:
        """Yield each gradient by its part's name."""
        yield self.grad, self.layer.backward(*grad_output)
        for name in self.parameters:
            yield f"grad_{name}", getattr(self.layer, f"grad_{name}")


class Trained:
    """A network of layers, trained for a few steps."""

    first_part = "losses"

    def __init__(self, module: SimpleNamespace, params: Mapping[str, Any], arrays: Arrays) -> None:
        self.layers = [getattr(module, CLASSES[kind])(**own) for kind, own in params["layers"]]
        self.names = [name for name in arrays if name.startswith(("weight_", "bias_"))]
        for name in self.names:
            kind, _, index = name.rpartition("_")
            setattr(self.layers[int(index)], kind, arrays[name].copy())
        self.network, self.loss = module.CNN(self.layers), module.CrossEntropyLoss()
        self.lr = params["lr"]

    def forward(self, x: NDArray[Any], labels: NDArray[Any]) -> NDArray[Any]:
        """Return the loss of each step."""
        losses = []
        for images, right in zip(x, labels, strict=True):
            losses.append(self.loss.forward(self.network.forward(images), right))
            self.network.backward(self.loss.backward())
            self.network.step(self.lr)
        return np.array(losses)

    def backward(self) -> Iterator[tuple[str, Any]]:
        """Yield the trained parameters."""
        for name in self.names:
            kind, _, index = name.rpartition("_")
            yield name, getattr(self.layers[int(index)], kind)


def adapter(module: Any, kind: str, params: Mapping[str, Any], arrays: Arrays) -> One | Trained:
    """Build a fresh layer of a module's, or a network, and what calls it."""
    if kind == "network":
        return Trained(module, params, arrays)
    return One(getattr(module, CLASSES[kind])(**params), kind, arrays)
