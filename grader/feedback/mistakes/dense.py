"""Ways to get ReLU, the linear layer and softmax cross-entropy wrong.

Trusted side; a table with the functions that it needs.
"""

from collections.abc import Callable
from functools import partial
from typing import cast

import numpy as np

from cnn_reference.arrays import Array
from grader.feedback.mistakes.entries import wrong
from grader.feedback.mistakes.model import FormSteps, LayerCall, StepFunction

_relu_grad_x, _loss = partial(wrong, "relu.grad_x"), partial(wrong, "cross_entropy.output")
_grad_logits = partial(wrong, "cross_entropy.grad_logits")
_both = partial(wrong, "cross_entropy.output grad_logits")


def _leaky(slope: float) -> FormSteps:
    return {
        "output.formula": lambda call: np.where(call.x > 0, call.x, slope * call.x),
        "grad_x.formula": lambda call: call.grad_output * np.where(call.x > 0, 1, slope),
    }


def _softmax(call: LayerCall, axis: int = 1, shifted: bool = True) -> Array:
    """Take the softmax along an axis, of logits less their maximum or of the logits themselves."""
    exponentials = np.exp(call.x - shifted * call.x.max(axis=axis, keepdims=True))
    return cast(Array, exponentials / exponentials.sum(axis=axis, keepdims=True))


def _one_hot(call: LayerCall) -> Array:
    """Return 1 at each row's label, 0 elsewhere."""
    return cast(Array, np.eye(call.x.shape[1], dtype=call.x.dtype)[call.labels])


def _mean_loss(
    probabilities: Callable[[LayerCall], Array], tiny: float = 0.0, lowest: float = 0.0
) -> StepFunction:
    """Take the logarithm of probabilities to which `tiny` is added, or which are clipped at `lowest`."""

    def mean(call: LayerCall) -> Array:
        right = probabilities(call)[np.arange(len(call.labels)), call.labels] + tiny
        return np.asarray(-np.log(np.clip(right, lowest, 1 - lowest) if lowest else right).mean())

    return mean


def _by(probabilities: Callable[[LayerCall], Array]) -> FormSteps:
    """Compute loss and gradient from other probabilities."""
    return {
        "output.formula": _mean_loss(probabilities),
        "grad_logits.formula": lambda call: (probabilities(call) - _one_hot(call)) / len(call.x),
    }


_unshifted = partial(_softmax, shifted=False)
_TINY = (1e-12, 1e-8, 1e-10, 1e-7, 1e-15, 1e-9)

DENSE_MISTAKES = (
    _relu_grad_x(
        "passes_gradient_at_zero",
        formula=(
            lambda call: call.grad_output * (call.x >= 0),
            lambda call: call.grad_output * np.where(call.x == 0, 0.5, call.x > 0),
        ),
    ),
    _relu_grad_x("rectifies_gradient", formula=lambda call: np.maximum(call.grad_output, 0)),
    _relu_grad_x("passes_whole_gradient", formula=lambda call: call.grad_output * 1),
    wrong("relu.output grad_x", "leaks_negative_values", *map(_leaky, (0.01, 0.1, 0.2))),
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
    _loss("sums_loss_over_batch", finish=lambda result, call: result * len(call.x)),
    _both(
        "does_not_shift_logits",
        _by(_unshifted),
        *({**_by(_unshifted), "output.formula": _mean_loss(_unshifted, tiny)} for tiny in _TINY),
        *({**_by(_unshifted), "output.formula": _mean_loss(_unshifted, lowest=tiny)} for tiny in _TINY),
    ),
    _loss("takes_logarithm_of_probability", formula=_mean_loss(_softmax)),
    _loss(
        "adds_small_number_to_probability",
        formula=(
            *(_mean_loss(_softmax, tiny) for tiny in _TINY),
            *(_mean_loss(_softmax, lowest=tiny) for tiny in _TINY),
        ),
    ),
    _loss("forgets_minus_in_loss", finish=lambda result, _: -result),
    _loss("averages_loss_over_classes", finish=lambda result, call: result / call.x.shape[1]),
    _both("normalises_over_batch", _by(partial(_softmax, axis=0))),
    _grad_logits("forgets_batch_size_in_grad_logits", finish=lambda result, call: result * len(call.x)),
    _grad_logits("forgets_one_hot", formula=lambda call: _softmax(call) / len(call.x)),
    _grad_logits("negates_grad_logits", finish=lambda result, _: -result),
    _grad_logits(
        "returns_gradient_of_probabilities",
        formula=lambda call: -_one_hot(call) / _softmax(call) / len(call.x),
    ),
    _grad_logits("divides_grad_logits_by_size", finish=lambda result, call: result / call.x.shape[1]),
)
