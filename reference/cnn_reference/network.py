"""A network as a list of layers: forward, backward, and one step of gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from cnn_reference.arrays import Array


class Layer(Protocol):
    """Anything with a forward pass and the backward pass that belongs to it."""

    def forward(self, x: Array, /) -> Array:
        """Return the output."""

    def backward(self, grad_output: Array, /) -> Array:
        """Return grad_x, and set the gradients of the weights, if there are any."""


@runtime_checkable
class Trainable(Protocol):
    """A layer with weights to learn."""

    weight: Array
    bias: Array
    grad_weight: Array
    grad_bias: Array


class CNN:
    """Layers in sequence, trained by stochastic gradient descent.

    Parameters
    ----------
    layers
        From the input to the logits.

    Examples
    --------
    >>> from cnn_reference.linear import Linear
    >>> network = CNN([Linear(3, 2)])
    >>> network.forward(np.ones((5, 3))).shape
    (5, 2)
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = list(layers)
        self._velocities: dict[tuple[int, str], Array] = {}

    def forward(self, x: Array) -> Array:
        """Return the logits of a batch."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad: Array) -> Array:
        """Carry the gradient from the logits to the input, setting every layer's own on the way."""
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad

    def step(self, lr: float, momentum: float = 0.0) -> None:
        """Move every weight and bias against its gradient.

        ``velocity = momentum * velocity + gradient``, then ``weight -= lr * velocity``, as PyTorch does it
        (Sutskever et al., 2013, with the learning rate outside the velocity).

        Parameters
        ----------
        lr
            Learning rate: how far to go.
        momentum
            From 0 (forget) to below 1: how much of the last step's velocity to keep.
        """
        for index, layer in enumerate(self.layers):
            if not isinstance(layer, Trainable):
                continue
            layer.weight = layer.weight - lr * self._velocity(index, "weight", layer.grad_weight, momentum)
            layer.bias = layer.bias - lr * self._velocity(index, "bias", layer.grad_bias, momentum)

    def _velocity(self, index: int, name: str, gradient: Array, momentum: float) -> Array:
        before = self._velocities.get((index, name), np.zeros_like(gradient))
        self._velocities[index, name] = momentum * before + gradient
        return self._velocities[index, name]
