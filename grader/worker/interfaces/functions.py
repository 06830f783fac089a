"""The functional interface: ``conv2d_forward(x, weight, bias, *, stride, padding)`` and its likes.

Untrusted side (Python >= 3.9); the trusted side asks only what it needs and which cases it can express.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.worker.interface.recipe_interface import Recipes

_WINDOW = "stride=stride, padding=padding"
CALLS = {
    "conv2d": {
        "forward": f"output = conv2d_forward(x, weight, bias, {_WINDOW})",
        "backward": f"grad_x, grad_weight, grad_bias = conv2d_backward(grad_output, x, weight, {_WINDOW})",
    },
    "max_pool2d": {
        "forward": f"output = max_pool2d_forward(x, kernel_size=kernel_size, {_WINDOW})",
        "backward": f"grad_x = max_pool2d_backward(grad_output, x, kernel_size=kernel_size, {_WINDOW})",
    },
    "avg_pool2d": {
        "forward": f"output = avg_pool2d_forward(x, kernel_size=kernel_size, {_WINDOW})",
        "backward": f"grad_x = avg_pool2d_backward(grad_output, x, kernel_size=kernel_size, {_WINDOW})",
    },
    "relu": {
        "forward": "output = relu_forward(x)",
        "backward": "grad_x = relu_backward(grad_output, x)",
    },
    "linear": {
        "forward": "output = linear_forward(x, weight, bias)",
        "backward": "grad_x, grad_weight, grad_bias = linear_backward(grad_output, x, weight)",
    },
    "cross_entropy": {
        "forward": "output = cross_entropy_forward(logits, labels)",
        "backward": "grad_logits = cross_entropy_backward(logits, labels)",
    },
}


def interface(settings: Mapping[str, Any]) -> Recipes:
    """Return the interface under an assignment's settings."""
    return Recipes(CALLS, settings)
