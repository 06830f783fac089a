"""Mistakes that are made alike in several parts or layers: each a change, and the places it is made in.

Trusted side; a table with the functions that it needs.
"""

from typing import Any

import numpy as np

from cnn_reference.arrays import Array
from grader.feedback.mistakes import transforms as to
from grader.feedback.mistakes.dilated import ONE_ZERO
from grader.feedback.mistakes.entries import Site, family, layer, wrong
from grader.feedback.mistakes.model import LayerCall, StepFunction
from grader.feedback.mistakes.steps import as_it_is, pad

GRADS = "grad_x grad_weight grad_bias"
# Where window (i, j) of the padded image meets each part; height stands for both axes.
READS = "window (i, j) starts at padded[s*i, s*j]"
FORWARD_PASS = Site("conv2d.output", "_in_forward", " in forward", "The output", READS)
SHARES = "the share of window (i, j) belongs at padded[s*i, s*j]"
GRAD_X_PASS = Site("conv2d.grad_x", "_in_grad_x", " in grad_x", "grad_x", SHARES)
WEIGHS = "grad_output[i] meets padded row s*i + u"
GRAD_WEIGHT_PASS = Site("conv2d.grad_weight", "_in_grad_weight", " in grad_weight", "grad_weight", WEIGHS)
POOLING_PASS = Site("max_pool2d.output grad_x", "_in_pooling", " in max pooling", "Max pooling", READS)
AVERAGE_PASS = Site(
    "avg_pool2d.output grad_x", "_in_average_pooling", " in average pooling", "Average pooling", READS
)
CONV_PASSES = (FORWARD_PASS, GRAD_X_PASS, GRAD_WEIGHT_PASS)
PASSES = (*CONV_PASSES, POOLING_PASS, AVERAGE_PASS)
CONV = layer("conv2d", f"output {GRADS}")
POOLING, RELU = layer("max_pool2d", "output grad_x"), layer("relu", "output grad_x")
LINEAR = layer("linear", f"output {GRADS}")
CONV_GRADS, LINEAR_GRADS = layer("conv2d", GRADS), layer("linear", GRADS)
PARAMETER_GRADS = (layer("conv2d", "grad_weight grad_bias"), layer("linear", "grad_weight grad_bias"))
FORWARDS = (layer("conv2d", "output"), layer("max_pool2d", "output"))
GRAD_XS = (layer("conv2d", "grad_x"), layer("max_pool2d", "grad_x"), layer("relu", "grad_x"))


def _float_sizes(call: LayerCall) -> LayerCall:
    np.zeros((call.x.shape[2] / call.stride[0],))
    return call


_FLOAT_SIZE = (
    r"TypeError: ('(numpy\.)?float\d*' object cannot be interpreted as an integer"
    r"|slice indices must be integers"
    r"|Cannot cast array data from dtype\('float64'\) to dtype\('int64'\))"
    r"|IndexError: arrays used as indices must be of integer"
)
"""What NumPy and Python say to a size, a count or an index that is a float."""


def _assigns(shares: Array, call: LayerCall) -> Array:
    """Let a later window overwrite the pixels of the ones before."""
    (s_h, s_w), (k_h, k_w) = call.stride, call.window
    grad_padded = np.zeros_like(pad(call))
    blocks = shares.reshape(*shares.shape[:4], k_h, k_w)
    for i, j in np.ndindex(*shares.shape[2:4]):
        grad_padded[:, :, s_h * i : s_h * i + k_h, s_w * j : s_w * j + k_w] = blocks[:, :, i, j]
    return grad_padded


def _last_tap(shares: Array, call: LayerCall) -> Array:
    """Let a later kernel element overwrite the pixels of the ones before."""
    (s_h, s_w), (rows, columns) = call.stride, shares.shape[2:4]
    grad_padded = np.zeros_like(pad(call))
    blocks = shares.reshape(*shares.shape[:4], *call.window)
    for u, v in np.ndindex(*call.window):
        grad_padded[:, :, u : u + s_h * rows : s_h, v : v + s_w * columns : s_w] = blocks[..., u, v]
    return grad_padded


def _crop_from_the_end(grad_padded: Array, call: LayerCall) -> Array:
    """Crop by p:-p, which is empty at p = 0."""
    p_h, p_w = call.padding
    return grad_padded[:, :, p_h:-p_h, p_w:-p_w]


def _crop_that_fails_without_padding(grad_padded: Array, call: LayerCall) -> Array:
    """Crop by p:-p and assign to an array of the input's shape."""
    cropped = _crop_from_the_end(grad_padded, call)
    if cropped.shape != call.x.shape:
        raise ValueError(f"could not broadcast input array from shape {cropped.shape} into {call.x.shape}")
    return cropped


def _crop_without_padding_aside(grad_padded: Array, call: LayerCall) -> Array:
    """Crop by p:-p only where every p is positive."""
    return _crop_from_the_end(grad_padded, call) if min(call.padding) else grad_padded


def _rounded_up(call: LayerCall) -> Array:
    """Extend the padded images until the last window is whole."""
    value = -np.inf if call.weight.ndim < 4 else 0.0
    below, right = (-r % s for r, s in zip(to.remainders(call), call.stride, strict=True))
    widths = ((0, 0), (0, 0), (0, below), (0, right))
    return np.pad(pad(call, value), widths, constant_values=value)


def _shaped(shape: tuple[int, ...]) -> StepFunction:
    return lambda result, _: result.reshape(shape)


def _clipped(limit: float) -> StepFunction:
    return lambda result, _: np.clip(result, -limit, limit)


def _cut_to_integers(dtype: Any) -> StepFunction:
    return lambda result, _: result.astype(np.int64).astype(dtype)


def _zeros_replaced(result: Array, _: LayerCall) -> Array:
    return np.where(result == 0, result.dtype.type(1e-3), result)


FAMILIES = (
    *family(PASSES, "ignores_stride", arguments=to.no_stride),
    *family(PASSES, "swaps_stride_axes", arguments=to.stride_swapped),
    *family(CONV_PASSES[:2], "uses_one_stride", arguments=to.one_stride),
    wrong(GRAD_X_PASS, "dilates_by_one_zero", arguments=(to.stride_capped, None), scatter=(None, ONE_ZERO)),
    wrong(GRAD_WEIGHT_PASS, "dilates_by_one_zero", arguments=to.stride_capped),
    *family((*CONV_PASSES[:2], *PASSES[3:]), "ignores_padding", arguments=to.no_padding),
    wrong(
        GRAD_WEIGHT_PASS, "ignores_padding", arguments=(to.no_padding, None), pad=(None, to.bordered(0, 2))
    ),
    *family(CONV_PASSES, "swaps_padding_axes", arguments=to.padding_swapped),
    *family((FORWARD_PASS,), "uses_one_padding", arguments=to.one_padding),
    *family(CONV_PASSES[:2], "transposes_kernel", arguments=to.kernel_transposed),
    *family(CONV_PASSES[:2], "swaps_channels", arguments=to.channels_swapped),
    *family(CONV_PASSES[:2], "drops_axes_of_one", finish=lambda result, _: np.squeeze(result)),
    *family(
        FORWARDS,
        "refuses_remainder",
        flags={"hint": "divisibility", "refuses": True},
        refuse=to.refusing(lambda call: any(to.remainders(call)), "not divisible"),
    ),
    *family(
        FORWARDS,
        "computes_float_sizes",
        flags={
            "hint": "true_division",
            "refuses": True,
            "says_so": True,
            "single": True,
            "errors": _FLOAT_SIZE,
        },
        refuse=_float_sizes,
    ),
    *family(FORWARDS, "rounds_output_size_up", pad=_rounded_up),
    *family(GRAD_XS[:2], "returns_padded_grad_x", crop=as_it_is),
    *family(
        GRAD_XS[:2],
        "crops_from_the_end",
        flags={"hint": "crop", "refuses": True},
        crop=(_crop_from_the_end, _crop_that_fails_without_padding, _crop_without_padding_aside),
    ),
    *family(GRAD_XS[:2], "assigns_where_windows_overlap", scatter=(_assigns, _last_tap)),
    *family((layer("conv2d", "output"), layer("linear", "output")), "forgets_bias", bias=as_it_is),
    *family(
        (layer("conv2d", "grad_bias"), layer("linear", "grad_bias")),
        "shapes_grad_bias_differently",
        finish=tuple(map(_shaped, ((-1, 1), (1, -1), (1, -1, 1, 1), (-1, 1, 1), (-1, 1, 1, 1)))),
    ),
    *family(PARAMETER_GRADS, "averages_over_batch", finish=to.per_image),
    *family(PARAMETER_GRADS, "keeps_last_image_only", arguments=to.last_image),
    *family(
        (CONV_GRADS, *GRAD_XS[1:], LINEAR_GRADS), "ignores_upstream_gradient", arguments=to.upstream_ones
    ),
    *family(
        (CONV, POOLING, RELU, LINEAR),
        "computes_in_float32",
        arguments=(to.in_dtype(np.float32),) * 2 + (to.in_dtype(np.float16),),
        finish=(None, lambda result, _: result.astype(np.float64), None),
    ),
    wrong(CONV, "computes_in_integers", finish=tuple(map(_cut_to_integers, (np.int64, np.float64)))),
    wrong(CONV, "answers_zeros", finish=lambda result, _: result * 0),
    wrong(CONV_GRADS, "negates_gradients", finish=lambda result, _: -result),
    wrong(CONV_GRADS, "clips_gradients", finish=tuple(map(_clipped, (1.0, 5.0, 10.0, 0.5, 0.1)))),
    # Only in grad_x are there pixels whose gradient is exactly zero.
    wrong("conv2d.grad_x", "replaces_zeros_in_gradients", to.on(GRADS, "finish", _zeros_replaced)),
)
