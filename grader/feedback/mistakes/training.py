"""Ways to get a training step wrong.

Trusted side; a table with the functions that it needs. A mixin goes before the reference's `CNN`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cnn_reference.arrays import Array
from cnn_reference.network import Trainable
from grader.feedback.mistakes.entries import around, wrong
from grader.feedback.mistakes.model import Form

_training = partial(wrong, "network.losses")


def _step(formula: Callable[[Any, Any, float, str], Any]) -> Form:
    """Move each parameter to a formula of itself, its gradient, the learning rate and its name."""

    def step(network: Any, _: object, lr: float) -> None:
        for layer in network.layers:
            if isinstance(layer, Trainable):
                for name in ("weight", "bias"):
                    gradient = getattr(layer, f"grad_{name}")
                    setattr(layer, name, formula(getattr(layer, name), gradient, lr, name))

    return around("step", step)


def _clipped(limit: float) -> Form:
    return _step(lambda value, gradient, lr, _: value - lr * np.clip(gradient, -limit, limit))


def _momentum(share: float) -> Form:
    return around("step", lambda _, step, lr: step(lr, share))


def _last_layer_only(network: Any, step: Any, lr: float) -> None:
    whole, network.layers = network.layers, network.layers[-1:]
    step(lr)
    network.layers = whole


def _in_forward_order(network: Any, _: object, grad: Array) -> Array:
    for layer in network.layers:
        grad = layer.backward(grad)
    return grad


TRAINING_MISTAKES = (
    _training("steps_uphill", _step(lambda value, gradient, lr, _: value + lr * gradient)),
    _training(
        "ignores_learning_rate",
        _step(lambda value, gradient, *_: value - gradient),
        _step(lambda value, gradient, *_: value - 0.01 * gradient),
        _step(lambda value, gradient, *_: value - 0.001 * gradient),
    ),
    _training(
        "does_not_train_biases",
        _step(lambda value, gradient, lr, name: value - lr * gradient * (name == "weight")),
    ),
    _training("trains_last_layer_only", around("step", _last_layer_only)),
    _training(
        "passes_layers_in_forward_order",
        around("backward", _in_forward_order),
        flags={"hint": "layer_order", "needs_hint": True, "refuses": True},
    ),
    _training("does_not_train", _step(lambda value, *_: value)),
    _training("sums_gradients_over_steps", _momentum(1.0)),
    _training("uses_momentum_unasked", _momentum(0.9), _momentum(0.5)),
    _training("steps_twice", _step(lambda value, gradient, lr, _: value - 2 * lr * gradient)),
    _training("clips_gradients_in_step", *map(_clipped, (1.0, 0.5, 0.1))),
)
