"""Layers that are right once, and wrong by what they remember or change.

Trusted side; a table with the functions that it needs.
"""

from typing import Any

import numpy as np

from cnn_reference.arrays import Array
from grader.feedback.mistakes.entries import around, family, layer
from grader.feedback.mistakes.model import Form, LayerCall


def _accumulates(own: Any, backward: Any, *grad_output: Array) -> Any:
    """Add each backward pass's gradients to those of the one before."""
    before = own.grad_weight, own.grad_bias
    grad_x = backward(*grad_output)
    if before[0].size:
        own.grad_weight, own.grad_bias = before[0] + own.grad_weight, before[1] + own.grad_bias
    return grad_x


def _keeps_first_input(own: Any, forward: Any, *inputs: Array) -> Any:
    """Remember the first forward's input for every backward."""
    first, output = own.call, forward(*inputs)
    if first.x.size:
        own.call = first
    return output


def _rectifies_in_place(_: Any, forward: Any, *inputs: Array) -> Any:
    """Set the input's negative pixels to zero after use."""
    output = forward(*(array.copy() for array in inputs))
    np.maximum(inputs[0], 0, out=inputs[0])
    return output


def _scales_in_place(_: Any, backward: Any, grad_output: Array) -> Any:
    """Halve the upstream gradient after use, in the caller's array."""
    grad_x = backward(grad_output)
    grad_output /= 2
    return grad_x


def _changes_bias(own: Any, forward: Any, *inputs: Array) -> Any:
    """Add the output's sum to the bias."""
    output = forward(*inputs)
    own.bias += output.sum(axis=tuple(a for a in range(output.ndim) if a != 1))
    return output


class SharesInput:
    """Remembers the input in the class, so that all its layers have one memory."""

    shared: LayerCall

    @property
    def call(self) -> LayerCall:
        """What forward remembered last, in whichever layer."""
        return type(self).shared

    @call.setter
    def call(self, value: LayerCall) -> None:
        type(self).shared = value


_WEIGHTED = ("conv2d", "linear")
# Of a layer that is linear in x, only the weight's gradient needs the input that forward remembers.
_NEEDS_INPUT = (
    *(layer(kind, "grad_weight") for kind in _WEIGHTED),
    *(layer(kind, "grad_x") for kind in ("max_pool2d", "relu")),
    layer("cross_entropy", "grad_logits"),
)

STATE_MISTAKES = (
    *family(
        [layer(kind, "grad_weight grad_bias") for kind in _WEIGHTED],
        "accumulates_gradients",
        around("backward", _accumulates),
    ),
    *family(_NEEDS_INPUT, "keeps_first_input", around("forward", _keeps_first_input)),
    *family(_NEEDS_INPUT, "shares_memory_between_layers", Form(mixins=(SharesInput,))),
    *family(
        [layer(kind, "output") for kind in ("conv2d", "relu")],
        "rectifies_input_in_place",
        around("forward", _rectifies_in_place),
    ),
    *family(
        [layer("relu", "grad_x")], "changes_upstream_gradient_in_place", around("backward", _scales_in_place)
    ),
    *family(
        [layer(kind, "output") for kind in _WEIGHTED],
        "changes_bias_in_forward",
        around("forward", _changes_bias),
    ),
)
