"""Ways to get the forward convolution wrong.

Trusted side; a table with the functions that it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np

from grader.feedback.mistakes import transforms
from grader.feedback.mistakes.conv_steps import correlate, pad
from grader.feedback.mistakes.model import Array, Call, Form, Mistake, Steps
from grader.feedback.mistakes.note_anchors import FORWARD, INDEXING, PADDING, SIZE, STRIDE
from grader.feedback.mistakes.transforms import on


def _forward(name: str, sentence: str, link: str, *forms: Steps, hint: str = "", **flags: bool) -> Mistake:
    made = tuple(Form(steps) for steps in forms)
    return Mistake(name, "conv2d", ("conv2d.forward",), sentence, link, made, hint, **flags)


def _padded(mode: str) -> Callable[[Call], Array]:
    def fill(call: Call) -> Array:
        p_h, p_w = call.padding
        return np.pad(call.x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)), mode=mode)  # type: ignore[call-overload,no-any-return]

    return fill


def _one_sided(before: int, after: int) -> Callable[[Call], Array]:
    """Pad by multiples of p before and after each axis."""

    def fill(call: Call) -> Array:
        return np.pad(call.x, ((0, 0), (0, 0), *((before * p, after * p) for p in call.padding)))

    return fill


def _rounded_up(call: Call) -> Array:
    """Extend the padded images by zeros until the last window is whole."""
    missing = [-r % s for r, s in zip(transforms.remainders(call), call.stride, strict=True)]
    return np.pad(pad(call), ((0, 0), (0, 0), (0, missing[0]), (0, missing[1])))


def _columns_in_other_order(call: Call) -> Call:
    """Multiply weight rows in the order (c, u, v) with window columns in the order (u, v, c)."""
    C_out, C_in, *kernel = call.weight.shape
    return replace(call, weight=call.weight.reshape(C_out, *kernel, C_in).transpose(0, 3, 1, 2))


def _channels_last_reshaped(result: Array, _: Call) -> Array:
    return result.transpose(0, 2, 3, 1).reshape(result.shape)


def _channels_first_reshaped(result: Array, _: Call) -> Array:
    return result.transpose(1, 0, 2, 3).reshape(result.shape)


def _sized(*sizes: int) -> Callable[[Array, Call], Array]:
    """Make the output as high and wide as two of its axes say, zero where nothing is computed."""
    return lambda result, _: transforms.pasted(result, (*result.shape[:2], *(result.shape[a] for a in sizes)))


def _as_large_as_input(result: Array, call: Call) -> Array:
    return transforms.pasted(result, (*result.shape[:2], *call.x.shape[2:]))


def _windows_of_unpadded(result: Array, call: Call) -> Array:
    """Fill only the windows that an image without padding would have."""
    rows, columns = transforms.windows_in(call.x.shape[2:], call)
    return transforms.pasted(result[:, :, :rows, :columns], result.shape)


def _add_bias_times(count: Callable[[Call], int]) -> Callable[[Array, Call], Array]:
    return lambda sums, call: sums + count(call) * call.bias[:, None, None]


def _mean_of_window(padded: Array, call: Call) -> Array:
    return cast(Array, correlate(padded, call) / call.weight[0].size)


FORWARD_MISTAKES = (
    _forward(
        "flips_kernel_in_forward",
        "The kernel is flipped. A layer correlates: weight[u, v] meets padded[s*i + u, s*j + v].",
        FORWARD,
        on("output", "arguments", transforms.kernel_flipped),
    ),
    _forward(
        "transposes_kernel_in_forward",
        "Height and width of the kernel are exchanged: axis 2 of the weight runs down, axis 3 across.",
        INDEXING,
        on("output", "arguments", transforms.kernel_transposed),
    ),
    _forward(
        "swaps_channels_in_forward",
        "The weight is read as (C_in, C_out, K_h, K_w); it is (C_out, C_in, K_h, K_w).",
        INDEXING,
        on("output", "arguments", transforms.channels_swapped),
    ),
    _forward(
        "orders_columns_differently",
        "Windows and kernels are flattened in different orders, so each weight meets another pixel's value.",
        INDEXING,
        on("output", "arguments", _columns_in_other_order),
    ),
    _forward(
        "reshapes_instead_of_transposing",
        "Reshape alone mixes channels and pixels: reshape to the product's own axes first, then transpose.",
        INDEXING,
        on("output", "finish", _channels_last_reshaped),
        on("output", "finish", _channels_first_reshaped),
    ),
    _forward(
        "ignores_stride_in_forward",
        "The output is computed as if the stride were 1.",
        STRIDE,
        on("output", "arguments", transforms.no_stride),
    ),
    _forward(
        "swaps_stride_axes_in_forward",
        "The stride is (height, width); here its two numbers are exchanged.",
        STRIDE,
        on("output", "arguments", transforms.stride_swapped),
    ),
    _forward(
        "uses_one_stride_in_forward",
        "One number of the stride is used for both axes.",
        STRIDE,
        on("output", "arguments", transforms.one_stride(0)),
        on("output", "arguments", transforms.one_stride(1)),
    ),
    _forward(
        "ignores_padding_in_forward",
        "The output is computed as if the padding were 0.",
        PADDING,
        on("output", "arguments", transforms.no_padding),
    ),
    _forward(
        "swaps_padding_axes_in_forward",
        "The padding is (height, width); here its two numbers are exchanged.",
        PADDING,
        on("output", "arguments", transforms.padding_swapped),
    ),
    _forward(
        "uses_one_padding_in_forward",
        "One number of the padding is used for both axes.",
        PADDING,
        on("output", "arguments", transforms.one_padding(0)),
        on("output", "arguments", transforms.one_padding(1)),
    ),
    _forward(
        "pads_twice",
        "The input is padded twice: the border is 2p wide on each side instead of p.",
        PADDING,
        on("output", "arguments", transforms.padding_of(lambda p: 2 * p)),
    ),
    _forward(
        "pads_by_one",
        "The border is one pixel wide whatever padding is asked for.",
        PADDING,
        on("output", "arguments", transforms.padding_of(lambda _: 1)),
        on("output", "arguments", transforms.padding_of(lambda p: min(p, 1))),
    ),
    _forward(
        "pads_with_edge_values",
        "The border repeats or mirrors pixels of the image; it should be zero.",
        PADDING,
        on("output", "pad", _padded("edge")),
        on("output", "pad", _padded("symmetric")),
        on("output", "pad", _padded("wrap")),
    ),
    _forward(
        "pads_one_side",
        "The border is not the same on both sides: each side gets p rows or columns.",
        PADDING,
        on("output", "pad", _one_sided(0, 2)),
        on("output", "pad", _one_sided(2, 0)),
        on("output", "pad", _one_sided(1, 0)),
        on("output", "pad", _one_sided(0, 1)),
    ),
    _forward(
        "rounds_output_size_up",
        "The output has a window too many where the stride leaves a remainder: floor the size.",
        SIZE,
        on("output", "pad", _rounded_up),
    ),
    _forward(
        "swaps_output_height_and_width",
        "The output's height is computed from the input's width, and the other way round.",
        SIZE,
        on("output", "finish", _sized(3, 2)),
    ),
    _forward(
        "computes_one_output_size",
        "One size is computed and used for both height and width of the output.",
        SIZE,
        on("output", "finish", _sized(2, 2)),
        on("output", "finish", _sized(3, 3)),
    ),
    _forward(
        "makes_output_as_large_as_input",
        "The output has the input's height and width whatever kernel, stride and padding are.",
        SIZE,
        on("output", "finish", _as_large_as_input),
    ),
    _forward(
        "counts_windows_without_padding",
        "The loops end where an input without padding would end, so the last rows and columns stay zero.",
        SIZE,
        on("output", "finish", _windows_of_unpadded),
    ),
    _forward(
        "forgets_bias",
        "The bias is not added.",
        FORWARD,
        on("output", "bias", lambda sums, _: sums),
    ),
    _forward(
        "adds_bias_too_often",
        "The bias is added inside the sum, once for each channel or pixel of the window, instead of once.",
        FORWARD,
        on("output", "bias", _add_bias_times(lambda call: call.weight.shape[1])),
        on("output", "bias", _add_bias_times(lambda call: call.weight[0].size)),
        on("output", "bias", _add_bias_times(lambda call: call.weight[0, 0].size)),
    ),
    _forward(
        "adds_bias_along_wrong_axis",
        "The bias is broadcast along the width or height; it belongs to channels: bias[:, None, None].",
        FORWARD,
        on("output", "bias", lambda sums, call: sums + call.bias),
        on("output", "bias", lambda sums, call: sums + call.bias[:, None]),
    ),
    _forward(
        "adds_one_bias",
        "One channel's bias is added to all channels.",
        FORWARD,
        on("output", "bias", lambda sums, call: sums + call.bias[0]),
        on("output", "bias", lambda sums, call: sums + call.bias[-1]),
        on("output", "bias", lambda sums, call: sums + call.bias.sum()),
    ),
    _forward(
        "keeps_one_input_channel",
        "Each input channel overwrites the sum of the one before: use += over the channels.",
        FORWARD,
        on("output", "arguments", lambda call: replace(call, x=call.x[:, -1:], weight=call.weight[:, -1:])),
        on("output", "arguments", lambda call: replace(call, x=call.x[:, :1], weight=call.weight[:, :1])),
    ),
    _forward(
        "averages_window",
        "The products of a window are averaged; they are summed.",
        FORWARD,
        on("output", "correlate", _mean_of_window),
    ),
    _forward(
        "rectifies_output",
        "Negative outputs are set to zero: ReLU is a layer of its own.",
        FORWARD,
        on("output", "finish", lambda result, _: np.maximum(result, 0)),
    ),
    _forward(
        "squeezes_sizes_of_one",
        "Axes of size one are dropped: a batch of one image, or one channel, still has its axis.",
        SIZE,
        on("output", "finish", lambda result, _: result.squeeze()),
    ),
)
