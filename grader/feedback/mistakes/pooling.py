"""Ways to get max pooling wrong.

Trusted side; a table with the functions that it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np

from grader.feedback.mistakes import transforms
from grader.feedback.mistakes.dense_steps import border, first_largest, flat_windows
from grader.feedback.mistakes.grad_x_steps import (
    crop_from_the_end,
    crop_that_fails_without_padding,
    uncropped,
)
from grader.feedback.mistakes.model import Array, Call, Form, Mistake, Steps
from grader.feedback.mistakes.note_anchors import CHAIN, CROP, DTYPE, PADDING, POOLING, SIZE, STRIDE
from grader.feedback.mistakes.transforms import on


def _pooling(parts: str, name: str, sentence: str, link: str, *forms: Steps, hint: str = "") -> Mistake:
    names = {"output": "max_pool2d.forward", "grad_x": "max_pool2d.grad_x"}
    criteria = tuple(names[part] for part in parts.split())
    made = tuple(Form(steps) for steps in forms)
    # Those with a line to show are those that raise.
    return Mistake(name, "max_pool2d", criteria, sentence, link, made, hint, refuses=bool(hint))


def _to_every_tie(rows: Array, call: Call) -> Array:
    ties = rows == rows.max(axis=-1, keepdims=True)
    return cast(Array, ties * call.grad_output[..., None])


def _shared_by_ties(rows: Array, call: Call) -> Array:
    ties = rows == rows.max(axis=-1, keepdims=True)
    return cast(Array, ties / ties.sum(axis=-1, keepdims=True) * call.grad_output[..., None])


def _to_last_tie(rows: Array, call: Call) -> Array:
    return first_largest(rows[..., ::-1], call)[..., ::-1]


def _to_all(rows: Array, call: Call) -> Array:
    return np.ones_like(rows) * call.grad_output[..., None]


def _to_all_evenly(rows: Array, call: Call) -> Array:
    return cast(Array, _to_all(rows, call) / rows.shape[-1])


def _assigned(shares: Array, call: Call) -> Array:
    """Let a later window overwrite the pixels of the ones before."""
    (s_h, s_w), (k_h, k_w) = call.stride, call.kernel
    grad_padded = np.zeros_like(border(call))
    blocks = shares.reshape(*shares.shape[:4], k_h, k_w)
    for i, j in np.ndindex(*shares.shape[2:4]):
        grad_padded[:, :, s_h * i : s_h * i + k_h, s_w * j : s_w * j + k_w] = blocks[:, :, i, j]
    return grad_padded


def _winner_assigned(shares: Array, call: Call) -> Array:
    """Let a later window overwrite the pixel that wins in it, and no other."""
    windows = flat_windows(border(call), call)
    grad_padded = np.zeros_like(border(call))
    (s_h, s_w), k_w = call.stride, call.kernel[1]
    for n, c, i, j in np.ndindex(*shares.shape[:4]):
        u, v = divmod(int(windows[n, c, i, j].argmax()), k_w)
        grad_padded[n, c, s_h * i + u, s_w * j + v] = call.grad_output[n, c, i, j]
    return grad_padded


def _refuse_remainder(call: Call) -> Call:
    if any(_remainders(call)):
        raise ValueError("not divisible")
    return call


def _remainders(call: Call) -> list[int]:
    return [
        (side + 2 * p - k) % s
        for side, p, k, s in zip(call.x.shape[2:], call.padding, call.kernel, call.stride, strict=True)
    ]


def _rounded_up(call: Call) -> Array:
    """Add rows and columns of the border until the last window is whole."""
    missing = [-r % s for r, s in zip(_remainders(call), call.stride, strict=True)]
    widths = ((0, 0), (0, 0), (0, missing[0]), (0, missing[1]))
    return np.pad(border(call), widths, constant_values=-np.inf)


def _zero_border(call: Call) -> Array:
    return border(call, 0.0)


def _stride_is(stride: Callable[[Call], tuple[int, int]]) -> Callable[[Call], Call]:
    return lambda call: replace(call, stride=stride(call))


def _read_only(result: Array, call: Call) -> Array:
    """Leave out the rows and columns of the image that no window reads."""
    rows, columns = (
        side - max(0, r - p)
        for side, r, p in zip(call.x.shape[2:], _remainders(call), call.padding, strict=True)
    )
    return result[:, :, :rows, :columns]


BOTH = "output grad_x"

POOLING_MISTAKES = (
    _pooling(
        BOTH,
        "pads_maximum_with_zeros",
        "The border is zero, which beats negative pixels: pad the maximum with minus infinity.",
        PADDING,
        on(BOTH, "pad", _zero_border),
    ),
    _pooling(
        BOTH,
        "ignores_padding_in_pooling",
        "It is computed as if the padding were 0.",
        PADDING,
        on(BOTH, "arguments", transforms.no_padding),
    ),
    _pooling(
        BOTH,
        "uses_stride_one_in_pooling",
        "The windows move by one pixel whatever the stride is; without a stride they lie side by side.",
        STRIDE,
        on(BOTH, "arguments", transforms.no_stride),
    ),
    _pooling(
        BOTH,
        "uses_kernel_as_stride_in_pooling",
        "The windows always lie side by side, whatever the stride is.",
        STRIDE,
        on(BOTH, "arguments", _stride_is(lambda call: call.kernel)),
    ),
    _pooling(
        BOTH,
        "swaps_stride_axes_in_pooling",
        "The stride is (height, width); here its two numbers are exchanged.",
        STRIDE,
        on(BOTH, "arguments", transforms.stride_swapped),
    ),
    _pooling(
        BOTH,
        "swaps_kernel_axes_in_pooling",
        "The window is (height, width); here its two numbers are exchanged.",
        POOLING,
        on(BOTH, "arguments", lambda call: replace(call, kernel=call.kernel[::-1])),
    ),
    _pooling(
        "output",
        "averages_instead_of_maximum",
        "The mean of each window is taken; its maximum is asked for.",
        POOLING,
        on("output", "reduce", lambda rows, _: rows.mean(axis=-1)),
        on("output", "reduce", lambda rows, _: rows.sum(axis=-1)),
    ),
    _pooling(
        "output",
        "takes_minimum",
        "The minimum of each window is taken; its maximum is asked for.",
        POOLING,
        {
            **on("output", "pad", lambda call: border(call, np.inf)),
            **on("output", "reduce", lambda rows, _: rows.min(axis=-1)),
        },
    ),
    _pooling(
        "output",
        "takes_largest_magnitude",
        "The largest absolute value of each window is taken.",
        POOLING,
        on("output", "reduce", lambda rows, _: np.abs(np.where(np.isinf(rows), 0, rows)).max(axis=-1)),
    ),
    _pooling(
        "output",
        "starts_maximum_at_zero",
        "The maximum starts at zero, so negative windows give zero: start at minus infinity.",
        POOLING,
        on("output", "reduce", lambda rows, _: np.maximum(rows.max(axis=-1), 0)),
    ),
    _pooling(
        "output",
        "refuses_remainder_in_pooling",
        "Sizes that the stride does not divide are refused. They are valid: floor the output size.",
        SIZE,
        on("output", "arguments", _refuse_remainder),
        hint="divisibility",
    ),
    _pooling(
        "output",
        "rounds_output_size_up_in_pooling",
        "The output has a window too many where the stride leaves a remainder: floor the size.",
        SIZE,
        on("output", "pad", _rounded_up),
    ),
    _pooling(
        "grad_x",
        "gives_gradient_to_every_tie",
        "Every pixel that equals the maximum gets the whole gradient; only the first one of a window does.",
        POOLING,
        on("grad_x", "share", _to_every_tie),
    ),
    _pooling(
        "grad_x",
        "shares_gradient_among_ties",
        "Pixels that tie share the gradient; the first one of a window gets it all, as in PyTorch.",
        POOLING,
        on("grad_x", "share", _shared_by_ties),
    ),
    _pooling(
        "grad_x",
        "gives_gradient_to_last_tie",
        "Of pixels that tie, the last gets the gradient; the first one does, as in PyTorch.",
        POOLING,
        on("grad_x", "share", _to_last_tie),
    ),
    _pooling(
        "grad_x",
        "gives_gradient_to_whole_window",
        "Every pixel of a window gets its gradient; only the largest one does.",
        POOLING,
        on("grad_x", "share", _to_all),
        on("grad_x", "share", _to_all_evenly),
    ),
    _pooling(
        "grad_x",
        "assigns_where_pooling_overlaps",
        "Where windows overlap, a later one overwrites the gradient of an earlier one: use += instead of =.",
        POOLING,
        on("grad_x", "scatter", _winner_assigned),
        on("grad_x", "scatter", _assigned),
    ),
    _pooling(
        "grad_x",
        "ignores_upstream_gradient_in_pooling",
        "The upstream gradient is taken to be all ones: multiply by what backward is given.",
        CHAIN,
        on("grad_x", "arguments", transforms.upstream_ones),
    ),
    _pooling(
        "grad_x",
        "multiplies_pooling_gradient_by_maximum",
        "The gradient is multiplied by the pixel itself; the derivative of the maximum is 1.",
        CHAIN,
        on("grad_x", "finish", lambda result, call: result * call.x),
    ),
    _pooling(
        "grad_x",
        "returns_padded_grad_x_in_pooling",
        "The gradient still has the border; cut it off with [p : p + H].",
        CROP,
        on("grad_x", "crop", uncropped),
    ),
    _pooling(
        "grad_x",
        "crops_from_the_end_in_pooling",
        "The border is cut off with p:-p, which is empty at p = 0; write p : p + H.",
        CROP,
        on("grad_x", "crop", crop_from_the_end),
        on("grad_x", "crop", crop_that_fails_without_padding),
        hint="crop",
    ),
    _pooling(
        "grad_x",
        "crops_to_the_windows",
        "The gradient ends with the last window; rows that no window reads belong to it too, as zeros.",
        SIZE,
        on("grad_x", "finish", _read_only),
    ),
    _pooling(
        BOTH,
        "computes_pooling_in_float32",
        "float64 inputs are computed in float32: take the dtype from the input.",
        DTYPE,
        on(BOTH, "arguments", transforms.in_dtype(np.float32)),
    ),
)
