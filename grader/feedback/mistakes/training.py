"""Ways to get a training step wrong.

Trusted side; a table with the classes that it needs. A mixin goes before the reference's `CNN`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnn_reference.network import Trainable
from grader.feedback.mistakes.model import Array, Form, Mistake
from grader.feedback.mistakes.note_anchors import STATE, TRAINING


@dataclass(frozen=True, slots=True)
class Move:
    """What one parameter's step is computed from."""

    value: Array
    gradient: Array
    lr: float
    name: str
    last: bool


class Stepper:
    """A network that changes what its step does to a parameter."""

    layers: list[Any]

    def step(self, lr: float) -> None:
        """Move every parameter."""
        trained = [layer for layer in self.layers if isinstance(layer, Trainable)]
        for place, layer in enumerate(trained):
            for name in ("weight", "bias"):
                gradient = self.direction((place, name), getattr(layer, f"grad_{name}"))
                move = Move(getattr(layer, name), gradient, lr, name, place == len(trained) - 1)
                setattr(layer, name, self.moved(move))

    def direction(self, _: tuple[int, str], gradient: Array) -> Array:
        """Return what takes the gradient's place."""
        return gradient

    def moved(self, move: Move) -> Array:
        """Return a parameter after its step."""
        return move.value - move.lr * move.gradient


def _update(formula: Callable[[Move], Any]) -> Form:
    moved = staticmethod(formula)
    return Form(mixins=(type("Moves", (Stepper,), {"moved": moved}),))


class Momentum(Stepper):
    """Keeps a velocity without being asked to."""

    share = 0.9

    def direction(self, which: tuple[int, str], gradient: Array) -> Array:
        """Return the velocity."""
        velocities: dict[tuple[int, str], Array] = self.__dict__.setdefault("velocities", {})
        velocities[which] = self.share * velocities.get(which, np.zeros_like(gradient)) + gradient
        return velocities[which]


class SumsOverSteps(Momentum):
    """Never sets the gradients back to zero."""

    share = 1.0


class ForgetsStep:
    """Leaves every parameter as it is."""

    def step(self, lr: float) -> None:
        """Do nothing."""


def _decay(rate: float) -> Form:
    return _update(lambda move: move.value - move.lr * (move.gradient + rate * move.value))


def _clip(limit: float) -> Form:
    return _update(lambda move: move.value - move.lr * np.clip(move.gradient, -limit, limit))


def _training(name: str, sentence: str, *forms: Form, link: str = TRAINING) -> Mistake:
    return Mistake(name, "network", ("network.training",), sentence, link, forms)


TRAINING_MISTAKES = (
    _training(
        "steps_uphill",
        "The step goes along the gradient; it goes against it.",
        _update(lambda move: move.value + move.lr * move.gradient),
    ),
    _training(
        "ignores_learning_rate",
        "The step does not use the learning rate that it is given.",
        _update(lambda move: move.value - move.gradient),
        _update(lambda move: move.value - 0.01 * move.gradient),
        _update(lambda move: move.value - 0.001 * move.gradient),
    ),
    _training(
        "does_not_train_biases",
        "The step leaves the biases as they are.",
        _update(lambda move: move.value - move.lr * move.gradient * (move.name == "weight")),
    ),
    _training(
        "does_not_train_weights",
        "The step leaves the weights as they are.",
        _update(lambda move: move.value - move.lr * move.gradient * (move.name == "bias")),
    ),
    _training(
        "trains_last_layer_only",
        "Only the last layer is trained.",
        _update(lambda move: move.value - move.lr * move.gradient * move.last),
    ),
    _training("does_not_train", "The step changes nothing.", Form(mixins=(ForgetsStep,))),
    _training(
        "sums_gradients_over_steps",
        "The gradients add up from step to step: each step uses its own batch's.",
        Form(mixins=(SumsOverSteps,)),
        link=STATE,
    ),
    _training(
        "uses_momentum_unasked",
        "The step keeps a momentum of 0.9 though none is asked for.",
        Form(mixins=(Momentum,)),
        Form(mixins=(type("Half", (Momentum,), {"share": 0.5}),)),
    ),
    _training(
        "steps_twice",
        "Each step is made two times, in backward and in step, say.",
        _update(lambda move: move.value - 2 * move.lr * move.gradient),
    ),
    _training(
        "decays_weights_unasked",
        "The step also shrinks the weights though no weight decay is asked for.",
        *map(_decay, (1e-2, 1e-3, 1e-4, 0.1)),
    ),
    _training(
        "normalises_gradients",
        "The step uses the gradient's direction or sign only.",
        _update(lambda move: move.value - move.lr * np.sign(move.gradient)),
        _update(lambda move: move.value - move.lr * move.gradient / (np.linalg.norm(move.gradient) + 1e-12)),
    ),
    _training(
        "clips_gradients_in_step",
        "The step clips the gradients though it is not asked to.",
        *map(_clip, (1.0, 0.5, 0.1)),
    ),
)
