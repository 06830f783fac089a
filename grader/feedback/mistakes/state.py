"""Layers that are right once, and wrong by what they remember or change: for every kind of layer.

Trusted side; a table with the classes that it needs. A mixin goes before the layer's class.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from grader.cases import PARTS, criterion_of
from grader.feedback.mistakes.model import Array, Call, Form, Mistake
from grader.feedback.mistakes.note_anchors import STATE


class Accumulates:
    """Adds each backward pass's gradients to those of the one before."""

    def backward(self, *grad_output: Array) -> Any:
        """Return grad_x."""
        layer: Any = self
        before = layer.grad_weight, layer.grad_bias
        grad_x = super().backward(*grad_output)  # type: ignore[misc]
        if before[0].size:
            layer.grad_weight = before[0] + layer.grad_weight
            layer.grad_bias = before[1] + layer.grad_bias
        return grad_x


class KeepsFirstInput:
    """Remembers the first forward's input for every backward."""

    def forward(self, *inputs: Array) -> Any:
        """Return the output."""
        layer: Any = self
        first = layer.call
        output = super().forward(*inputs)  # type: ignore[misc]
        if first.x.size:
            layer.call = first
        return output


class Shares:
    """Remembers the input in the class, so that all its layers have one memory."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "call" and value.x.size:
            type(self).shared = value  # type: ignore[attr-defined]
        else:
            object.__setattr__(self, name, value)

    def __getattribute__(self, name: str) -> Any:
        shared = type(self).__dict__.get("shared") if name == "call" else None
        return object.__getattribute__(self, name) if shared is None else shared


class SharesParameters:
    """Keeps weight and bias in the class, so that the last layer's are everyone's."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("weight", "bias") and value.size:
            setattr(type(self), f"shared_{name}", value)
        object.__setattr__(self, name, value)

    def part(self, name: str, call: Call) -> Array:
        """Compute a part with the shared weight and bias."""
        kind: Any = type(self)
        call = replace(call, weight=kind.shared_weight, bias=kind.shared_bias)
        result: Array = super().part(name, call)  # type: ignore[misc]
        return result


class RectifiesInPlace:
    """Sets the negative pixels of its input to zero when it is done with them."""

    def forward(self, *inputs: Array) -> Any:
        """Return the output."""
        output = super().forward(*(array.copy() for array in inputs))  # type: ignore[misc]
        np.maximum(inputs[0], 0, out=inputs[0])
        return output


class ScalesGradientInPlace:
    """Divides the upstream gradient by the batch size in the caller's array, after use."""

    def backward(self, *grad_output: Array) -> Any:
        """Return grad_x."""
        grad_x = super().backward(*grad_output)  # type: ignore[misc]
        grad_output[0].__itruediv__(2)
        return grad_x


class ChangesBias:
    """Adds the output's sum to its bias."""

    def forward(self, *inputs: Array) -> Any:
        """Return the output."""
        layer: Any = self
        output = super().forward(*inputs)  # type: ignore[misc]
        layer.bias += output.sum(axis=tuple(a for a in range(output.ndim) if a != 1))
        return output


def _remembered(name: str, kind: str, parts: tuple[str, ...], sentence: str, mixin: type) -> Mistake:
    own_name = name if kind == "conv2d" else f"{name}_in_{kind}"
    criteria = tuple(criterion_of(kind, part) for part in parts)
    return Mistake(own_name, kind, criteria, sentence, STATE, (Form(mixins=(mixin,)),))


def _gradients(kind: str) -> tuple[str, ...]:
    return PARTS[kind][1:]


# The gradient of x of a layer that is linear in x does not need x; with the weight kept, nothing is wrong.
_LINEAR_IN_X = {("conv2d", "grad_x"), ("linear", "grad_x")}
_WEIGHTED = ("conv2d", "linear")
_LAYERS = ("conv2d", "max_pool2d", "relu", "linear")

STATE_MISTAKES = (
    *(
        _remembered(
            "accumulates_gradients",
            kind,
            ("grad_weight", "grad_bias"),
            "The gradients of weight and bias add up over calls: each backward sets them anew.",
            Accumulates,
        )
        for kind in _WEIGHTED
    ),
    *(
        _remembered(
            "keeps_first_input",
            kind,
            tuple(
                part for part in _gradients(kind) if part != "grad_bias" and (kind, part) not in _LINEAR_IN_X
            ),
            "backward uses the input of the first forward: each forward replaces what is remembered.",
            KeepsFirstInput,
        )
        for kind in (*_LAYERS, "cross_entropy")
    ),
    *(
        _remembered(
            "shares_memory_between_layers",
            kind,
            tuple(
                part for part in _gradients(kind) if part != "grad_bias" and (kind, part) not in _LINEAR_IN_X
            ),
            "What forward remembers is kept in the class or a global: two layers overwrite each other's.",
            Shares,
        )
        for kind in (*_LAYERS, "cross_entropy")
    ),
    *(
        _remembered(
            "rectifies_input_in_place",
            kind,
            PARTS[kind][:1],
            "forward changes the array that it is given: work on a copy.",
            RectifiesInPlace,
        )
        for kind in _LAYERS
    ),
    *(
        _remembered(
            "changes_upstream_gradient_in_place",
            kind,
            PARTS[kind][:1],
            "backward changes the gradient that it is given: work on a copy.",
            ScalesGradientInPlace,
        )
        for kind in _LAYERS
    ),
    *(
        _remembered(
            "changes_bias_in_forward",
            kind,
            PARTS[kind][:1],
            "forward changes the bias: an output that starts as the bias's own array must be a copy of it.",
            ChangesBias,
        )
        for kind in _WEIGHTED
    ),
)
