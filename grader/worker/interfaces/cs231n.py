"""CS231n's interface: ``conv_forward_naive(x, w, b, conv_param) -> (out, cache)`` and its likes.

Untrusted side (Python >= 3.9); the trusted side asks only what it needs and which cases it can express.
Names and arguments are those of the course's public handouts
(https://cs231n.github.io/assignments2024/assignment2/): stride and pad are one int
for both axes, pooling does not pad, and an affine layer's w is (D, M).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.worker.interface.recipe_interface import Recipes

_CONV = "{'stride': stride, 'pad': padding}"
_POOL = "{'pool_height': kernel_height, 'pool_width': kernel_width, 'stride': stride}"
CALLS = {
    "pairs": False,
    "layouts": {"linear_weight": "IO"},
    "conv2d": {
        "forward": f"output, cache = conv_forward_naive(x, weight, bias, {_CONV})",
        "backward": "grad_x, grad_weight, grad_bias = conv_backward_naive(grad_output, cache)",
    },
    "max_pool2d": {
        "forward": f"output, cache = max_pool_forward_naive(x, {_POOL})",
        "backward": "grad_x = max_pool_backward_naive(grad_output, cache)",
    },
    "relu": {
        "forward": "output, cache = relu_forward(x)",
        "backward": "grad_x = relu_backward(grad_output, cache)",
    },
    "linear": {
        "forward": "output, cache = affine_forward(x, weight, bias)",
        "backward": "grad_x, grad_weight, grad_bias = affine_backward(grad_output, cache)",
    },
    "cross_entropy": {"forward": "output, grad_logits = softmax_loss(logits, labels)"},
}


def interface(settings: Mapping[str, Any]) -> Recipes:
    """Return the interface under an assignment's settings."""
    return Recipes(CALLS, settings)
