"""Layers in the template's interface whose steps, or methods, a mistake replaces.

Trusted side; pure. `student` returns what stands in for a student's module.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from numpy.typing import NDArray

from cnn_reference.activations import Flatten, ReLU
from cnn_reference.arrays import Array
from cnn_reference.conv import Conv2d
from cnn_reference.linear import Linear
from cnn_reference.loss import CrossEntropyLoss
from cnn_reference.network import CNN
from cnn_reference.pooling import AvgPool2d, MaxPool2d
from grader.feedback.mistakes.model import NOTHING, Form, FormSteps, LayerCall
from grader.feedback.mistakes.steps import PIPELINE, compute
from grader.worker.layer_kinds import LAYER_KINDS, both

CLASSES: Mapping[str, type] = {
    "conv2d": Conv2d,
    "max_pool2d": MaxPool2d,
    "avg_pool2d": AvgPool2d,
    "relu": ReLU,
    "linear": Linear,
    "cross_entropy": CrossEntropyLoss,
    "network": CNN,
}
"""The reference's classes, by kind."""


class SteppedLayer:
    """A layer of any kind, made of steps; see `grader.feedback.mistakes.model.Form`."""

    kind: str
    steps: FormSteps

    def __init__(self, **params: Any) -> None:
        self.params = params
        self.weight = self.bias = self.grad_weight = self.grad_bias = NOTHING
        self.call = LayerCall(NOTHING)

    def forward(self, x: Array, labels: NDArray[Any] = NOTHING) -> Array:
        """Return the output, or the loss."""
        self.call = self.calls(x, labels)
        return compute(self.kind, "output", self.call, self.steps)

    def calls(self, x: Array, labels: NDArray[Any] = NOTHING) -> LayerCall:
        """Return what the parts of an answer are computed from, but for the upstream gradient."""
        kernel = both(self.params.get("kernel_size", 1))
        stride = self.params.get("stride")
        usual = kernel if LAYER_KINDS[self.kind].tiles else 1
        return LayerCall(
            x,
            self.weight,
            self.bias,
            labels=labels,
            kernel=kernel,
            stride=both(usual if stride is None else stride),
            padding=both(self.params.get("padding", 0)),
        )

    def backward(self, grad_output: Array = NOTHING) -> Array:
        """Set the gradients of weight and bias and return that of the input."""
        call = replace(self.call, grad_output=grad_output)
        _, first, *others = PIPELINE[self.kind]
        grad_x = compute(self.kind, first, call, self.steps)
        for name in others:
            setattr(self, name, compute(self.kind, name, call, self.steps))
        return grad_x


def student(kind: str, form: Form) -> SimpleNamespace:
    """Return the module of a student who makes this mistake and no other.

    It has the template's classes; all but the one of `kind` are the reference's.
    """
    classes: dict[str, type] = {cls.__name__: cls for cls in (*CLASSES.values(), Flatten)}
    name = CLASSES[kind].__name__
    right, fields = (CNN, {}) if kind == "network" else (SteppedLayer, {"kind": kind, "steps": form.steps})
    return SimpleNamespace(**{**classes, name: type(name, (*form.mixins, right), fields)})
