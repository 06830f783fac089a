"""Ways to get ReLU, the linear layer and softmax cross-entropy wrong.

Trusted side; a table with the functions that it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from grader.feedback.mistakes.entries import wrong
from grader.feedback.mistakes.model import Array, FormSteps, LayerCall, StepFunction
from grader.feedback.mistakes.steps import log_softmax, one_hot, softmax


def _leaky(slope: float) -> FormSteps:
    return {
        "output.formula": lambda call: np.where(call.x > 0, call.x, slope * call.x),
        "grad_x.formula": lambda call: call.grad_output * np.where(call.x > 0, 1, slope),
    }


RELU_MISTAKES = (
    wrong(
        "relu.grad_x",
        "passes_gradient_at_zero",
        formula=(
            lambda call: call.grad_output * (call.x >= 0),
            lambda call: call.grad_output * np.where(call.x == 0, 0.5, call.x > 0),
        ),
    ),
    wrong("relu.grad_x", "rectifies_gradient", formula=lambda call: np.maximum(call.grad_output, 0)),
    wrong("relu.grad_x", "passes_whole_gradient", formula=lambda call: call.grad_output * 1),
    wrong("relu.output grad_x", "leaks_negative_values", *map(_leaky, (0.01, 0.1, 0.2))),
)

LINEAR_MISTAKES = (
    wrong(
        "linear.output",
        "forgets_transpose_in_linear",
        product=(
            lambda call: call.x @ call.weight,
            lambda call: call.x @ call.weight.reshape(call.weight.shape[::-1]),
        ),
    ),
    wrong(
        "linear.grad_x",
        "transposes_weight_in_linear_grad_x",
        formula=(
            lambda call: call.grad_output @ call.weight.T,
            lambda call: call.grad_output @ call.weight.T.reshape(call.weight.shape),
        ),
    ),
    wrong("linear.grad_weight", "transposes_linear_grad_weight", finish=lambda result, _: result.T),
    wrong(
        "linear.grad_bias",
        "sums_linear_bias_over_wrong_axis",
        formula=(
            lambda call: call.grad_output.sum(axis=1),
            lambda call: np.asarray(call.grad_output.sum()),
            lambda call: call.grad_output,
        ),
    ),
)


def _unshifted(call: LayerCall) -> Array:
    exponentials = np.exp(call.x)
    return cast(Array, exponentials / exponentials.sum(axis=1, keepdims=True))


def _over_batch(call: LayerCall) -> Array:
    shifted = np.exp(call.x - call.x.max(axis=0))
    return cast(Array, shifted / shifted.sum(axis=0))


def _mean_loss(
    probabilities: Callable[[LayerCall], Array], tiny: float = 0.0, lowest: float = 0.0
) -> StepFunction:
    """Take the logarithm of probabilities to which `tiny` is added, or which are clipped at `lowest`."""

    def loss(call: LayerCall) -> Array:
        right = probabilities(call)[np.arange(len(call.labels)), call.labels] + tiny
        return np.asarray(-np.log(np.clip(right, lowest, 1 - lowest) if lowest else right).mean())

    return loss


def _by(probabilities: Callable[[LayerCall], Array]) -> FormSteps:
    """Compute loss and gradient from other probabilities."""
    return {
        "output.formula": _mean_loss(probabilities),
        "grad_logits.formula": lambda call: (probabilities(call) - one_hot(call)) / len(call.x),
    }


LOSS_MISTAKES = (
    wrong("cross_entropy.output", "sums_loss_over_batch", finish=lambda result, call: result * len(call.x)),
    wrong("cross_entropy.output grad_logits", "does_not_shift_logits", _by(_unshifted)),
    wrong("cross_entropy.output", "takes_logarithm_of_probability", formula=_mean_loss(softmax)),
    wrong(
        "cross_entropy.output",
        "adds_small_number_to_probability",
        formula=(
            *(_mean_loss(softmax, tiny) for tiny in (1e-12, 1e-8, 1e-10, 1e-7, 1e-15, 1e-9)),
            *(_mean_loss(softmax, lowest=tiny) for tiny in (1e-12, 1e-8, 1e-10, 1e-7, 1e-15)),
        ),
    ),
    wrong("cross_entropy.output", "forgets_minus_in_loss", finish=lambda result, _: -result),
    wrong(
        "cross_entropy.output",
        "averages_loss_over_classes",
        formula=lambda call: np.asarray(-(log_softmax(call) * one_hot(call)).mean()),
    ),
    wrong("cross_entropy.output grad_logits", "normalises_over_batch", _by(_over_batch)),
    wrong(
        "cross_entropy.grad_logits",
        "forgets_batch_size_in_grad_logits",
        finish=lambda result, call: result * len(call.x),
    ),
    wrong("cross_entropy.grad_logits", "forgets_one_hot", formula=lambda call: softmax(call) / len(call.x)),
    wrong("cross_entropy.grad_logits", "negates_grad_logits", finish=lambda result, _: -result),
    wrong(
        "cross_entropy.grad_logits",
        "returns_gradient_of_probabilities",
        formula=lambda call: -one_hot(call) / softmax(call) / len(call.x),
    ),
    wrong(
        "cross_entropy.grad_logits",
        "divides_grad_logits_by_size",
        finish=lambda result, call: result / call.x.shape[1],
    ),
)
