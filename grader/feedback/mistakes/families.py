"""Mistakes that are made alike in several parts or layers: each a change, and the places it is made in.

Trusted side; a table with the functions that it needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.feedback.mistakes import transforms
from grader.feedback.mistakes.entries import Spot, family, layer
from grader.feedback.mistakes.model import Array, LayerCall, Mistake, StepFunction
from grader.feedback.mistakes.steps import as_it_is, pad

GRADS = "grad_x grad_weight grad_bias"
PARAMETERS = "grad_weight grad_bias"
# Where window (i, j) of the padded image meets each part; height stands for both axes.
READS = "window (i, j) starts at padded[s*i, s*j]"
FORWARD_PASS = Spot("conv2d.output", "_in_forward", " in forward", "The output", READS)
GRAD_X_PASS = Spot(
    "conv2d.grad_x",
    "_in_grad_x",
    " in grad_x",
    "grad_x",
    "the share of window (i, j) belongs at padded[s*i, s*j]",
)
GRAD_WEIGHT_PASS = Spot(
    "conv2d.grad_weight",
    "_in_grad_weight",
    " in grad_weight",
    "grad_weight",
    "grad_output[i] meets padded row s*i + u",
)
POOLING_PASS = Spot("max_pool2d.output grad_x", "_in_pooling", " in max pooling", "Max pooling", READS)
CONV_PASSES = (FORWARD_PASS, GRAD_X_PASS, GRAD_WEIGHT_PASS)
PASSES = (*CONV_PASSES, POOLING_PASS)
LAYERS = (
    layer("conv2d", f"output {GRADS}"),
    layer("max_pool2d", "output grad_x"),
    layer("relu", "output grad_x"),
    layer("linear", f"output {GRADS}"),
)
WEIGHTED = (layer("conv2d", PARAMETERS), layer("linear", PARAMETERS))
FORWARDS = (layer("conv2d", "output"), layer("max_pool2d", "output"))
SCATTERS = (layer("conv2d", "grad_x"), layer("max_pool2d", "grad_x"))


def assigns(shares: Array, call: LayerCall) -> Array:
    """Let a later window overwrite the pixels of the ones before."""
    (s_h, s_w), (k_h, k_w) = call.stride, call.window
    grad_padded = np.zeros_like(pad(call))
    blocks = shares.reshape(*shares.shape[:4], k_h, k_w)
    for i, j in np.ndindex(*shares.shape[2:4]):
        grad_padded[:, :, s_h * i : s_h * i + k_h, s_w * j : s_w * j + k_w] = blocks[:, :, i, j]
    return grad_padded


def uncropped(grad_padded: Array, _: LayerCall) -> Array:
    """Leave the border on."""
    return grad_padded


def crop_from_the_end(grad_padded: Array, call: LayerCall) -> Array:
    """Crop by p:-p, which is empty at p = 0."""
    p_h, p_w = call.padding
    return grad_padded[:, :, p_h:-p_h, p_w:-p_w]


def crop_that_fails_without_padding(grad_padded: Array, call: LayerCall) -> Array:
    """Crop by p:-p and assign to an array of the input's shape."""
    cropped = crop_from_the_end(grad_padded, call)
    if cropped.shape != call.x.shape:
        raise ValueError(f"could not broadcast input array from shape {cropped.shape} into {call.x.shape}")
    return cropped


def crop_without_padding_aside(grad_padded: Array, call: LayerCall) -> Array:
    """Crop by p:-p only where every p is positive."""
    return crop_from_the_end(grad_padded, call) if min(call.padding) else grad_padded


def _rounded_up(call: LayerCall) -> Array:
    """Extend the padded images until the last window is whole."""
    value = -np.inf if call.weight.ndim < 4 else 0.0
    below, right = (-r % s for r, s in zip(transforms.remainders(call), call.stride, strict=True))
    widths = ((0, 0), (0, 0), (0, below), (0, right))
    return np.pad(pad(call, value), widths, constant_values=value)


def _shaped(shape: tuple[int, ...]) -> StepFunction:
    return lambda result, _: result.reshape(shape)


def _clipped(limit: float) -> StepFunction:
    return lambda result, _: np.clip(result, -limit, limit)


def _cut_to_integers(dtype: Any) -> StepFunction:
    return lambda result, _: result.astype(np.int64).astype(dtype)


FAMILIES: tuple[Mistake, ...] = (
    *family(PASSES, "ignores_stride", arguments=transforms.no_stride),
    *family(PASSES, "swaps_stride_axes", arguments=transforms.stride_swapped),
    *family(CONV_PASSES[:2], "uses_one_stride", arguments=transforms.one_stride),
    *family((GRAD_X_PASS, GRAD_WEIGHT_PASS), "dilates_by_one_zero", arguments=transforms.stride_capped),
    *family(PASSES, "ignores_padding", arguments=transforms.no_padding),
    *family(CONV_PASSES, "swaps_padding_axes", arguments=transforms.padding_swapped),
    *family((FORWARD_PASS,), "uses_one_padding", arguments=transforms.one_padding),
    *family(CONV_PASSES[:2], "transposes_kernel", arguments=transforms.kernel_transposed),
    *family(CONV_PASSES[:2], "swaps_channels", arguments=transforms.channels_swapped),
    *family(CONV_PASSES[:2], "drops_axes_of_one", finish=lambda result, _: np.squeeze(result)),
    *family(
        FORWARDS,
        "refuses_remainder",
        flags={"hint": "divisibility", "refuses": True},
        refuse=transforms.refusing(lambda call: any(transforms.remainders(call)), "not divisible"),
    ),
    *family(FORWARDS, "rounds_output_size_up", pad=_rounded_up),
    *family(SCATTERS, "returns_padded_grad_x", crop=uncropped),
    *family(
        SCATTERS,
        "crops_from_the_end",
        flags={"hint": "crop", "refuses": True},
        crop=(crop_from_the_end, crop_that_fails_without_padding, crop_without_padding_aside),
    ),
    *family(SCATTERS, "assigns_where_windows_overlap", scatter=assigns),
    *family((layer("conv2d", "output"), layer("linear", "output")), "forgets_bias", bias=as_it_is),
    *family(
        (layer("conv2d", "grad_bias"), layer("linear", "grad_bias")),
        "shapes_grad_bias_differently",
        finish=tuple(map(_shaped, ((-1, 1), (1, -1), (1, -1, 1, 1), (-1, 1, 1), (-1, 1, 1, 1)))),
    ),
    *family(WEIGHTED, "averages_over_batch", finish=transforms.per_image),
    *family(WEIGHTED, "keeps_last_image_only", arguments=transforms.last_image),
    *family(
        (layer("conv2d", GRADS), *SCATTERS[1:], layer("relu", "grad_x"), layer("linear", GRADS)),
        "ignores_upstream_gradient",
        arguments=transforms.upstream_ones,
    ),
    *family(
        LAYERS,
        "computes_in_float32",
        arguments=(transforms.in_dtype(np.float32),) * 2 + (transforms.in_dtype(np.float16),),
        finish=(None, lambda result, _: result.astype(np.float64), None),
    ),
    *family(
        LAYERS[:1],
        "computes_in_integers",
        finish=tuple(_cut_to_integers(dtype) for dtype in (np.int64, np.float64)),
    ),
    *family(LAYERS[:1], "answers_zeros", finish=lambda result, _: result * 0),
    *family((layer("conv2d", GRADS),), "negates_gradients", finish=lambda result, _: -result),
    *family(
        (layer("conv2d", GRADS),), "clips_gradients", finish=tuple(map(_clipped, (1.0, 5.0, 10.0, 0.5, 0.1)))
    ),
)
