"""Ways to get the convolution's gradients of weight and bias wrong, and all gradients at once.

Trusted side; a table with the functions that it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grader.feedback.mistakes import transforms
from grader.feedback.mistakes.conv_steps import windows
from grader.feedback.mistakes.grad_x_steps import windows_without_padding
from grader.feedback.mistakes.model import Array, Call, Form, Mistake, Steps
from grader.feedback.mistakes.note_anchors import (
    BATCH,
    CHAIN,
    DTYPE,
    GRAD_BIAS,
    GRAD_WEIGHT,
    INDEXING,
    PADDING,
    SIZE,
    STRIDE,
)
from grader.feedback.mistakes.transforms import on

GRADS = "grad_x grad_weight grad_bias"


def _wrong(parts: str, name: str, sentence: str, link: str, *forms: Steps) -> Mistake:
    names = {"output": "conv2d.forward"}
    criteria = tuple(names.get(part, f"conv2d.{part}") for part in parts.split())
    return Mistake(name, "conv2d", criteria, sentence, link, tuple(Form(steps) for steps in forms))


def _remainder_kept(padded: Array, call: Call) -> Array:
    """Correlate all padded rows with the dilated gradient: K + r rows come out."""
    rows, columns = (
        side + 2 * p - (count - 1) * s
        for side, p, count, s in zip(
            call.x.shape[2:], call.padding, call.grad_output.shape[2:], call.stride, strict=True
        )
    )
    larger = replace(call, weight=np.zeros((*call.weight.shape[:2], rows, columns)))
    seen = windows(padded, larger)
    return np.tensordot(call.grad_output, seen, axes=([0, 2, 3], [0, 2, 3]))


def _undilated(padded: Array, call: Call) -> Array:
    """Correlate with the gradient as it is: all rows that it fits are kernel rows."""
    whole = replace(call, stride=(1, 1))
    shape = [
        side - count + 1 for side, count in zip(padded.shape[2:], call.grad_output.shape[2:], strict=True)
    ]
    seen = windows(padded, replace(whole, weight=np.zeros((*call.weight.shape[:2], *shape))))
    return np.tensordot(call.grad_output, seen, axes=([0, 2, 3], [0, 2, 3]))


def _zero_for_one_image(result: Array, call: Call) -> Array:
    return result * (len(call.x) > 1)


def _regularised(rate: float) -> Callable[[Array, Call], Array]:
    return lambda result, call: result + rate * call.weight


def _summed(*axes: int) -> Callable[[Call], Array]:
    return lambda call: call.grad_output.sum(axis=axes)


def _shaped(*shape: int) -> Callable[[Array, Call], Array]:
    return lambda result, _: result.reshape(shape)


PARAMETER_MISTAKES = (
    _wrong(
        "grad_weight",
        "ignores_stride_in_grad_weight",
        "Window (i, j) starts at row s*i: grad_output[i] meets padded row s*i + u, not i + u.",
        STRIDE,
        on("grad_weight", "arguments", transforms.no_stride),
        on("grad_weight", "weigh", _undilated),
    ),
    _wrong(
        "grad_weight",
        "dilates_by_one_zero_in_grad_weight",
        "One zero is put between the upstream gradient's rows whatever the stride; it takes s - 1 of them.",
        STRIDE,
        on("grad_weight", "arguments", transforms.stride_capped),
    ),
    _wrong(
        "grad_weight",
        "swaps_stride_axes_in_grad_weight",
        "The stride is (height, width); here its two numbers are exchanged.",
        STRIDE,
        on("grad_weight", "arguments", transforms.stride_swapped),
    ),
    _wrong(
        "grad_weight",
        "ignores_padding_in_grad_weight",
        "grad_weight is computed from the image without its border; use the padded one that forward read.",
        PADDING,
        on("grad_weight", "arguments", transforms.no_padding),
    ),
    _wrong(
        "grad_weight",
        "keeps_remainder_in_grad_weight",
        "The unread rows are correlated too, so grad_weight comes out larger than the kernel.",
        SIZE,
        on("grad_weight", "weigh", _remainder_kept),
    ),
    _wrong(
        "grad_weight",
        "flips_grad_weight",
        "grad_weight is flipped: forward does not flip the kernel, so its gradient is not flipped either.",
        GRAD_WEIGHT,
        on("grad_weight", "finish", transforms.flipped),
    ),
    _wrong(
        "grad_weight",
        "transposes_grad_weight",
        "Height and width of grad_weight are exchanged.",
        INDEXING,
        on("grad_weight", "finish", lambda result, _: result.swapaxes(2, 3)),
    ),
    _wrong(
        "grad_weight",
        "swaps_channels_of_grad_weight",
        "grad_weight has its channel axes exchanged; it has the weight's shape (C_out, C_in, K_h, K_w).",
        INDEXING,
        on("grad_weight", "finish", lambda result, _: result.swapaxes(0, 1)),
        on("grad_weight", "finish", lambda result, call: result.swapaxes(0, 1).reshape(call.weight.shape)),
    ),
    _wrong(
        "grad_weight",
        "orders_columns_of_grad_weight_differently",
        "grad_weight is reshaped in another order than its columns were laid out in.",
        INDEXING,
        on(
            "grad_weight",
            "finish",
            lambda result, call: result.transpose(0, 2, 3, 1).reshape(call.weight.shape),
        ),
    ),
    _wrong(
        "grad_weight",
        "returns_zero_grad_weight_for_one_image",
        "grad_weight stays zero for a batch of one image.",
        GRAD_WEIGHT,
        on("grad_weight", "finish", _zero_for_one_image),
    ),
    _wrong(
        "grad_weight grad_bias",
        "keeps_last_image_only",
        "Each image overwrites the gradient of the one before: sum over the batch with +=.",
        BATCH,
        on("grad_weight grad_bias", "arguments", transforms.last_image),
    ),
    _wrong(
        "grad_weight",
        "keeps_one_channel_in_grad_weight",
        "All input channels get the gradient of one of them.",
        GRAD_WEIGHT,
        on("grad_weight", "finish", lambda result, _: result * 0 + result[:, -1:]),
        on("grad_weight", "finish", lambda result, _: result * 0 + result[:, :1]),
        on("grad_weight", "finish", lambda result, _: result * 0 + result.sum(1, keepdims=True)),
    ),
    _wrong(
        "grad_weight",
        "adds_weight_decay",
        "A multiple of the weight is added to its gradient: regularisation is no part of the layer.",
        GRAD_WEIGHT,
        *(on("grad_weight", "finish", _regularised(rate)) for rate in (1e-2, 1e-3, 1e-4, 0.1)),
    ),
    _wrong(
        "grad_weight grad_bias",
        "averages_over_batch",
        "The gradients of weight and bias are averaged over the batch; they are sums over it.",
        BATCH,
        on("grad_weight grad_bias", "finish", transforms.per_image),
    ),
    _wrong(
        "grad_weight grad_bias",
        "averages_over_positions",
        "The gradients of weight and bias are averaged over the output's positions; they are sums over them.",
        BATCH,
        on("grad_weight grad_bias", "finish", transforms.per_position),
        on("grad_weight grad_bias", "finish", transforms.per_window),
    ),
    _wrong(
        "grad_bias",
        "sums_bias_over_wrong_axes",
        "grad_bias sums the upstream gradient over images and positions, axes 0, 2 and 3, and over no other.",
        GRAD_BIAS,
        on("grad_bias", "total", _summed(0, 1, 2, 3)),
        on("grad_bias", "total", _summed(0, 1)),
        on("grad_bias", "total", _summed(1, 2, 3)),
        on("grad_bias", "total", _summed(0, 1, 2)),
        on("grad_bias", "total", _summed(2, 3)),
        on("grad_bias", "total", _summed(0, 2)),
    ),
    _wrong(
        "grad_bias",
        "gives_bias_gradient_per_position",
        "The gradient of the bias is summed over the batch only; a channel has one bias for all positions.",
        GRAD_BIAS,
        on("grad_bias", "total", _summed(0)),
    ),
    _wrong(
        "grad_bias",
        "shapes_grad_bias_differently",
        "grad_bias has further axes of size one; it has the bias's shape (C_out,).",
        GRAD_BIAS,
        on("grad_bias", "finish", _shaped(-1, 1)),
        on("grad_bias", "finish", _shaped(1, -1)),
        on("grad_bias", "finish", _shaped(1, -1, 1, 1)),
        on("grad_bias", "finish", _shaped(-1, 1, 1)),
        on("grad_bias", "finish", _shaped(-1, 1, 1, 1)),
    ),
)

GRADIENT_MISTAKES = (
    _wrong(
        GRADS,
        "ignores_upstream_gradient",
        "The upstream gradient is taken to be all ones: multiply by what backward is given.",
        CHAIN,
        on(GRADS, "arguments", transforms.upstream_ones),
    ),
    _wrong(
        GRADS,
        "halves_gradients",
        "The gradients are half of what they should be.",
        CHAIN,
        on(GRADS, "finish", transforms.halves),
    ),
    _wrong(
        GRADS,
        "negates_gradients",
        "The gradients have the wrong sign: the step downhill is the optimiser's business.",
        CHAIN,
        on(GRADS, "finish", lambda result, _: -result),
    ),
    _wrong(
        GRADS,
        "clips_gradients",
        "The gradients are clipped; a layer returns them as they are.",
        CHAIN,
        *(on(GRADS, "finish", transforms.clipped(limit)) for limit in (1.0, 5.0, 10.0, 0.5, 0.1)),
    ),
    _wrong(
        "grad_x",
        "replaces_zeros_in_gradients",
        "Gradients that are exactly zero are replaced by a small number; zero is right there.",
        CHAIN,
        on(GRADS, "finish", transforms.zeros_replaced),
    ),
    _wrong(
        "grad_x grad_weight",
        "counts_windows_without_padding_in_backward",
        "The loops end where an input without padding would end: count windows as forward does.",
        SIZE,
        on("grad_x grad_weight", "arguments", windows_without_padding),
    ),
    _wrong(
        f"output {GRADS}",
        "computes_in_float32",
        "float64 inputs are computed in float32: take the dtype from the input.",
        DTYPE,
        on(f"output {GRADS}", "arguments", transforms.in_dtype(np.float32)),
        {
            **on(f"output {GRADS}", "arguments", transforms.in_dtype(np.float32)),
            **on(f"output {GRADS}", "finish", lambda result, _: result.astype(np.float64)),
        },
        on(f"output {GRADS}", "arguments", transforms.in_dtype(np.float16)),
    ),
    _wrong(
        f"output {GRADS}",
        "answers_zeros",
        "The result is all zeros: the loop that fills it never runs, or another array is filled.",
        GRAD_WEIGHT,
        on(f"output {GRADS}", "finish", lambda result, _: result * 0),
    ),
    _wrong(
        f"output {GRADS}",
        "computes_in_integers",
        "Results are stored in an integer array, which cuts off the fractions.",
        DTYPE,
        on(f"output {GRADS}", "finish", lambda result, _: result.astype(np.int64)),
        on(f"output {GRADS}", "finish", lambda result, _: result.astype(np.int64).astype(np.float64)),
    ),
)
