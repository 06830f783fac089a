"""Ways to get ReLU and the linear layer wrong.

Trusted side; a table with the functions that it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.cases import criterion_of
from grader.feedback.mistakes import transforms
from grader.feedback.mistakes.model import Call, Form, Mistake, Steps
from grader.feedback.mistakes.note_anchors import BATCH, CHAIN, DTYPE, LINEAR, RELU
from grader.feedback.mistakes.transforms import on


def _wrong(kind: str, parts: str, name: str, sentence: str, link: str, *forms: Steps) -> Mistake:
    criteria = tuple(criterion_of(kind, part) for part in parts.split())
    return Mistake(name, kind, criteria, sentence, link, tuple(Form(steps) for steps in forms))


def _formula(part: str, formula: Callable[[Call], Any]) -> Steps:
    return on(part, "formula", formula)


def _leaky(slope: float) -> Steps:
    return {
        **_formula("output", lambda call: np.where(call.x > 0, call.x, slope * call.x)),
        **_formula("grad_x", lambda call: call.grad_output * np.where(call.x > 0, 1, slope)),
    }


GRADS = "grad_x grad_weight grad_bias"

RELU_MISTAKES = (
    _wrong(
        "relu",
        "grad_x",
        "passes_gradient_at_zero",
        "The gradient passes where x is exactly zero; it is zero there, as in PyTorch.",
        RELU,
        _formula("grad_x", lambda call: call.grad_output * (call.x >= 0)),
        _formula("grad_x", lambda call: call.grad_output * np.where(call.x == 0, 0.5, call.x > 0)),
    ),
    _wrong(
        "relu",
        "grad_x",
        "rectifies_gradient",
        "The gradient is rectified by its own sign; x decides where it passes.",
        RELU,
        _formula("grad_x", lambda call: np.maximum(call.grad_output, 0)),
    ),
    _wrong(
        "relu",
        "grad_x",
        "passes_whole_gradient",
        "The gradient passes everywhere; it is zero where x is negative.",
        RELU,
        _formula("grad_x", lambda call: call.grad_output * 1),
    ),
    _wrong(
        "relu",
        "grad_x",
        "ignores_upstream_gradient_in_relu",
        "backward returns the derivative alone: multiply by the upstream gradient.",
        CHAIN,
        _formula("grad_x", lambda call: (call.x > 0).astype(call.x.dtype)),
    ),
    _wrong(
        "relu",
        "grad_x",
        "multiplies_relu_gradient_by_output",
        "The gradient is multiplied by the output; the derivative is 1 where x is positive.",
        RELU,
        _formula("grad_x", lambda call: call.grad_output * np.maximum(call.x, 0)),
    ),
    _wrong(
        "relu",
        "output grad_x",
        "leaks_negative_values",
        "Negative inputs are scaled down instead of set to zero: that is a leaky ReLU.",
        RELU,
        *map(_leaky, (0.01, 0.1, 0.2)),
    ),
    _wrong(
        "relu",
        "output",
        "takes_absolute_value",
        "Negative inputs become positive; they become zero.",
        RELU,
        _formula("output", lambda call: np.abs(call.x)),
    ),
    _wrong(
        "relu",
        "output",
        "returns_mask",
        "The output is 1 where x is positive; it is x there.",
        RELU,
        _formula("output", lambda call: (call.x > 0).astype(call.x.dtype)),
    ),
    _wrong(
        "relu",
        "output grad_x",
        "computes_relu_in_float32",
        "float64 inputs are computed in float32: take the dtype from the input.",
        DTYPE,
        on("output grad_x", "arguments", transforms.in_dtype(np.float32)),
    ),
)

LINEAR_MISTAKES = (
    _wrong(
        "linear",
        "output",
        "forgets_transpose_in_linear",
        "x is multiplied by the weight as it is; the weight is (out_features, in_features): x @ weight.T.",
        LINEAR,
        _formula("output", lambda call: call.x @ call.weight + call.bias),
        _formula("output", lambda call: call.x @ call.weight.reshape(call.weight.shape[::-1]) + call.bias),
    ),
    _wrong(
        "linear",
        "output",
        "forgets_bias_in_linear",
        "The bias is not added.",
        LINEAR,
        _formula("output", lambda call: call.x @ call.weight.T),
    ),
    _wrong(
        "linear",
        "grad_x",
        "transposes_weight_in_linear_grad_x",
        "grad_x multiplies by weight.T; it is grad_output @ weight.",
        LINEAR,
        _formula("grad_x", lambda call: call.grad_output @ call.weight.T),
        _formula("grad_x", lambda call: call.grad_output @ call.weight.T.reshape(call.weight.shape)),
    ),
    _wrong(
        "linear",
        "grad_weight",
        "transposes_linear_grad_weight",
        "grad_weight is (in_features, out_features); it has the weight's shape: grad_output.T @ x.",
        LINEAR,
        on("grad_weight", "finish", lambda result, _: result.T),
    ),
    _wrong(
        "linear",
        "grad_weight grad_bias",
        "averages_over_batch_in_linear",
        "The gradients of weight and bias are averaged over the batch; they are sums over it.",
        BATCH,
        on("grad_weight grad_bias", "finish", transforms.per_image),
    ),
    _wrong(
        "linear",
        "grad_weight grad_bias",
        "keeps_last_row_only_in_linear",
        "Each row overwrites the gradient of the one before: sum over the batch.",
        BATCH,
        on("grad_weight grad_bias", "arguments", transforms.last_image),
    ),
    _wrong(
        "linear",
        "grad_bias",
        "sums_linear_bias_over_wrong_axis",
        "grad_bias sums the upstream gradient over the batch, axis 0, and over no other.",
        LINEAR,
        _formula("grad_bias", lambda call: call.grad_output.sum(axis=1)),
        _formula("grad_bias", lambda call: np.asarray(call.grad_output.sum())),
        _formula("grad_bias", lambda call: call.grad_output),
    ),
    _wrong(
        "linear",
        "grad_bias",
        "shapes_linear_grad_bias_differently",
        "grad_bias has a further axis; it has the bias's shape (out_features,).",
        LINEAR,
        on("grad_bias", "finish", lambda result, _: result[None]),
        on("grad_bias", "finish", lambda result, _: result[:, None]),
    ),
    _wrong(
        "linear",
        GRADS,
        "ignores_upstream_gradient_in_linear",
        "The upstream gradient is taken to be all ones: multiply by what backward is given.",
        CHAIN,
        on(GRADS, "arguments", transforms.upstream_ones),
    ),
    _wrong(
        "linear",
        "grad_x grad_weight",
        "exchanges_linear_gradients",
        "The gradients of x and of the weight are exchanged.",
        LINEAR,
        {
            **_formula("grad_x", lambda call: call.grad_output.T @ call.x),
            **_formula("grad_weight", lambda call: call.grad_output @ call.weight),
        },
    ),
    _wrong(
        "linear",
        f"output {GRADS}",
        "computes_linear_in_float32",
        "float64 inputs are computed in float32: take the dtype from the input.",
        DTYPE,
        on(f"output {GRADS}", "arguments", transforms.in_dtype(np.float32)),
    ),
)
