"""The template's interface: layer classes as in torch.nn.

Untrusted side (Python >= 3.9); the trusted side asks only what it needs and which cases it can express.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from grader.worker.interface.layer_adapter import Layer
from grader.worker.interface.network_adapters import names_of, parameters_of, usable
from grader.worker.interface.recipe_interface import Recipes

_PLACES = {name: f"layer.{name}" for name in ("weight", "bias", "grad_weight", "grad_bias")}
_METHODS = {"forward": "output = layer.forward(x)", "backward": "grad_x = layer.backward(grad_output)"}
_WINDOW = "kernel_size=kernel_size, stride=stride, padding=padding"
_CHANNELS = "in_channels=in_channels, out_channels=out_channels"
_FEATURES = "in_features=in_features, out_features=out_features"
CALLS = {
    "conv2d": {"make": f"Conv2d({_CHANNELS}, {_WINDOW})", **_METHODS, **_PLACES},
    "max_pool2d": {"make": f"MaxPool2d({_WINDOW})", **_METHODS},
    "avg_pool2d": {"make": f"AvgPool2d({_WINDOW})", **_METHODS},
    "relu": {"make": "ReLU()", **_METHODS},
    "flatten": {"make": "Flatten()", **_METHODS},
    "linear": {"make": f"Linear({_FEATURES})", **_METHODS, **_PLACES},
    "cross_entropy": {
        "make": "CrossEntropyLoss()",
        "forward": "output = layer.forward(logits, labels)",
        "backward": "grad_logits = layer.backward()",
    },
    "network": {"make": "CNN(layers)", **_METHODS, "update": "layer.step(learning_rate)"},
}


class Network:
    """The student's network of the student's layers, trained for a few steps."""

    def __init__(self, own: Recipes, student: Any, params: Mapping[str, Any], arrays: Any) -> None:
        self.layers = []
        for index, (kind, settings) in enumerate(params["layers"]):
            layer = own.build(kind, student, settings, parameters_of(index, arrays))
            for name in layer.parameters:
                layer.put(name)
            self.layers.append(layer)
        objects = [layer.names["layer"] for layer in self.layers]
        other_names = own.other_names.setdefault("network", {})
        self.network = Layer(
            "network", own.settings, student, {}, {}, other_names, layers=objects, learning_rate=params["lr"]
        )
        self.loss = own.build("cross_entropy", student, {}, {})
        self.names = names_of(arrays)

    def forward(self, x: Any, labels: Any) -> Any:
        """Train; return the loss of each step."""
        return np.array([self.step(images, right) for images, right in zip(x, labels)])  # noqa: B905

    def step(self, images: Any, labels: Any) -> float:
        """Train on one batch; return its loss."""
        loss = float(usable(self.loss.forward(self.network.forward(images), labels)))
        [(_, grad)] = self.loss.backward()
        self.network.call_backward(usable(grad))
        return loss

    def backward(self) -> Iterator[tuple[str, Any]]:
        """Yield the trained parameters."""
        for name in self.names:
            kind, _, index = name.rpartition("_")
            layer = self.layers[int(index)]
            yield name, layer.taken(kind, layer.read(kind, "after step, "))


def interface(settings: Mapping[str, Any]) -> Recipes:
    """Return the interface under an assignment's settings."""
    return Recipes(CALLS, settings, network=Network)
