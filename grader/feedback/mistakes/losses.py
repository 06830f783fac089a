"""Ways to get softmax cross-entropy wrong.

Trusted side; a table with the functions that it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from grader.cases import criterion_of
from grader.feedback.mistakes.dense_steps import log_softmax, one_hot, softmax
from grader.feedback.mistakes.model import Array, Call, Form, Mistake, Steps
from grader.feedback.mistakes.note_anchors import LOSS
from grader.feedback.mistakes.transforms import on


def _loss(parts: str, name: str, sentence: str, link: str, *forms: Steps) -> Mistake:
    criteria = tuple(criterion_of("cross_entropy", part) for part in parts.split())
    return Mistake(name, "cross_entropy", criteria, sentence, link, tuple(Form(steps) for steps in forms))


def _formula(part: str, formula: Callable[[Call], Array]) -> Steps:
    return on(part, "formula", formula)


def _unshifted(call: Call) -> Array:
    exponentials = np.exp(call.x)
    return cast(Array, exponentials / exponentials.sum(axis=1, keepdims=True))


def _mean_loss(probabilities: Callable[[Call], Array], tiny: float = 0.0) -> Callable[[Call], Array]:
    def loss(call: Call) -> Array:
        right = probabilities(call)[np.arange(len(call.labels)), call.labels]
        return np.asarray(-np.log(right + tiny).mean())

    return loss


def _clipped_loss(tiny: float) -> Callable[[Call], Array]:
    def loss(call: Call) -> Array:
        right = softmax(call)[np.arange(len(call.labels)), call.labels]
        return np.asarray(-np.log(np.clip(right, tiny, 1 - tiny)).mean())

    return loss


def _over_batch(call: Call) -> Array:
    shifted = np.exp(call.x - call.x.max(axis=0))
    return cast(Array, shifted / shifted.sum(axis=0))


def _minus_one_hot(probabilities: Callable[[Call], Array]) -> Callable[[Call], Array]:
    return lambda call: (probabilities(call) - one_hot(call)) / len(call.x)


def _of_probabilities(call: Call) -> Array:
    return -one_hot(call) / softmax(call) / len(call.x)


def _mean_over_classes(call: Call) -> Array:
    return np.asarray(-(log_softmax(call) * one_hot(call)).mean())


def _binary(call: Call) -> Array:
    chosen, right = softmax(call), one_hot(call)
    terms = right * np.log(chosen) + (1 - right) * np.log(1 - chosen)
    return np.asarray(-terms.sum() / len(call.x))


LOSS_MISTAKES = (
    _loss(
        "output",
        "sums_loss_over_batch",
        "The loss is summed over the batch; it is the mean.",
        LOSS,
        on("output", "finish", lambda result, call: result * len(call.x)),
    ),
    _loss(
        "output grad_logits",
        "does_not_shift_logits",
        "exp overflows for large logits: subtract each row's maximum first.",
        LOSS,
        {
            **_formula("output", _mean_loss(_unshifted)),
            **_formula("grad_logits", _minus_one_hot(_unshifted)),
        },
    ),
    _loss(
        "output",
        "takes_logarithm_of_probability",
        "The logarithm is taken of a probability that may be zero: log p = logit - log(sum of exponentials).",
        LOSS,
        _formula("output", _mean_loss(softmax)),
    ),
    _loss(
        "output",
        "adds_small_number_to_probability",
        "A small number is added to the probabilities, or they are clipped: log p = logit - log(sum of exp).",
        LOSS,
        *(_formula("output", _mean_loss(softmax, tiny)) for tiny in (1e-12, 1e-8, 1e-10, 1e-7, 1e-15, 1e-9)),
        *(_formula("output", _clipped_loss(tiny)) for tiny in (1e-12, 1e-8, 1e-10, 1e-7, 1e-15)),
    ),
    _loss(
        "output",
        "uses_other_logarithm",
        "The logarithm is not the natural one.",
        LOSS,
        on("output", "finish", lambda result, _: result / np.log(2)),
        on("output", "finish", lambda result, _: result / np.log(10)),
    ),
    _loss(
        "output",
        "forgets_minus_in_loss",
        "The loss has the wrong sign: it is minus the mean of the log-probabilities.",
        LOSS,
        on("output", "finish", lambda result, _: -result),
    ),
    _loss(
        "output",
        "averages_loss_over_classes",
        "The loss is divided by N times the number of classes; it is a mean over the batch.",
        LOSS,
        _formula("output", _mean_over_classes),
    ),
    _loss(
        "output",
        "uses_binary_cross_entropy",
        "The binary cross-entropy of every class is summed; only the right class's log-probability counts.",
        LOSS,
        _formula("output", _binary),
    ),
    _loss(
        "output grad_logits",
        "normalises_over_batch",
        "Softmax is taken down the batch; it is taken over the classes of each row.",
        LOSS,
        {
            **_formula("output", _mean_loss(_over_batch)),
            **_formula("grad_logits", _minus_one_hot(_over_batch)),
        },
    ),
    _loss(
        "grad_logits",
        "forgets_batch_size_in_grad_logits",
        "The gradient lacks the 1/N of the mean.",
        LOSS,
        on("grad_logits", "finish", lambda result, call: result * len(call.x)),
    ),
    _loss(
        "grad_logits",
        "forgets_one_hot",
        "The gradient is the softmax alone: subtract 1 at each row's label.",
        LOSS,
        _formula("grad_logits", lambda call: softmax(call) / len(call.x)),
    ),
    _loss(
        "grad_logits",
        "negates_grad_logits",
        "The gradient has the wrong sign: it is softmax minus one-hot.",
        LOSS,
        on("grad_logits", "finish", lambda result, _: -result),
    ),
    _loss(
        "grad_logits",
        "returns_gradient_of_probabilities",
        "The gradient is that of the probabilities, -1/p: carry it through the softmax to the logits.",
        LOSS,
        _formula("grad_logits", _of_probabilities),
    ),
    _loss(
        "grad_logits",
        "divides_grad_logits_by_size",
        "The gradient is divided by N times the number of classes; the loss is a mean over N.",
        LOSS,
        on("grad_logits", "finish", lambda result, call: result / call.x.shape[1]),
    ),
)
