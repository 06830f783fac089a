"""Layers that update themselves: ``backward(grad_output, learning_rate)`` gives grad_x, changes the weights.

Untrusted side (Python >= 3.9); the trusted side asks only what it needs and which cases it can express.
The constructor does not get the number of input channels. Weights are set before every call, and a gradient
is computed from the update: see `grader.worker.interface.update_adapter`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.worker.interface.recipe_interface import Recipes
from grader.worker.interface.update_adapter import Updated

_METHODS = {
    "forward": "output = layer.forward(x)",
    # Layers without parameters often take a rate too, so that they can be called like the others.
    "backward": [
        "grad_x = layer.backward(grad_output, learning_rate)",
        "grad_x = layer.backward(grad_output)",
    ],
}
_PLACES = {"weight": "layer.weight", "bias": "layer.bias"}
CALLS = {
    "pairs": False,
    "layouts": {"bias": "own", "linear_bias": "own"},
    "conv2d": {"make": "Conv2d(out_channels, kernel_size, stride, padding)", **_METHODS, **_PLACES},
    "max_pool2d": {"make": "MaxPool2d(kernel_size, stride)", **_METHODS},
    "avg_pool2d": {"make": "AvgPool2d(kernel_size, stride)", **_METHODS},
    "relu": {"make": "ReLU()", **_METHODS},
    "linear": {"make": "Linear(out_features)", **_METHODS, **_PLACES},
    "cross_entropy": {
        "make": "CrossEntropyLoss()",
        "forward": "output = layer.forward(logits, labels)",
        "backward": "grad_logits = layer.backward()",
    },
}


def interface(settings: Mapping[str, Any]) -> Recipes:
    """Return the interface under an assignment's settings."""
    return Recipes(CALLS, settings, names=("learning_rate",), wrap=Updated)
