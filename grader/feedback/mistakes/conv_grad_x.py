"""Ways to get the convolution's gradient of the input wrong.

Trusted side; a table.
"""

from __future__ import annotations

import numpy as np

from grader.feedback.mistakes import grad_x_steps as wrong
from grader.feedback.mistakes import transforms
from grader.feedback.mistakes.conv_steps import crop, pad, weigh
from grader.feedback.mistakes.model import Form, Mistake, Steps
from grader.feedback.mistakes.note_anchors import (
    CHAIN,
    CROP,
    DILATION,
    GRAD_X,
    INDEXING,
    PADDING,
    SIZE,
    STRIDE,
)
from grader.feedback.mistakes.transforms import on


def _grad_x(name: str, sentence: str, link: str, *forms: Steps, hint: str = "", **flags: bool) -> Mistake:
    made = tuple(Form(steps) for steps in forms)
    return Mistake(name, "conv2d", ("conv2d.grad_x",), sentence, link, made, hint, **flags)


GRAD_X_MISTAKES = (
    _grad_x(
        "ignores_stride_in_grad_x",
        "The upstream gradient is not dilated: window (i, j) lies at (s*i, s*j), so its share goes there.",
        STRIDE,
        on("grad_x", "arguments", transforms.no_stride),
    ),
    _grad_x(
        "dilates_by_one_zero",
        "One zero is put between the upstream gradient's rows whatever the stride; it takes s - 1 of them.",
        DILATION,
        on("grad_x", "arguments", transforms.stride_capped),
    ),
    _grad_x(
        "swaps_stride_axes_in_grad_x",
        "The stride is (height, width); here its two numbers are exchanged.",
        STRIDE,
        on("grad_x", "arguments", transforms.stride_swapped),
    ),
    _grad_x(
        "uses_one_stride_in_grad_x",
        "One number of the stride is used for both axes.",
        STRIDE,
        on("grad_x", "arguments", transforms.one_stride(0)),
        on("grad_x", "arguments", transforms.one_stride(1)),
    ),
    _grad_x(
        "ignores_padding_in_grad_x",
        "The gradient is computed as if the padding were 0; window (i, j) starts at row s*i - p.",
        PADDING,
        on("grad_x", "arguments", transforms.no_padding),
    ),
    _grad_x(
        "returns_padded_grad_x",
        "The gradient still has the border; cut it off with [p : p + H].",
        CROP,
        on("grad_x", "crop", wrong.uncropped),
    ),
    _grad_x(
        "crops_from_the_end",
        "The border is cut off with p:-p, which is empty at p = 0; write p : p + H.",
        CROP,
        on("grad_x", "crop", wrong.crop_from_the_end),
        on("grad_x", "crop", wrong.crop_that_fails_without_padding),
        on("grad_x", "crop", wrong.crop_without_padding_aside),
        hint="crop",
        refuses=True,
    ),
    _grad_x(
        "crops_by_one",
        "One row and column is cut off on each side whatever the padding is.",
        CROP,
        on("grad_x", "crop", wrong.crop_by_one),
    ),
    _grad_x(
        "crops_swapped_paddings",
        "Rows are cut off by the width's padding and columns by the height's.",
        CROP,
        on("grad_x", "crop", wrong.crop_swapped),
    ),
    _grad_x(
        "crops_wrong_axes",
        "The border is cut off the wrong axes; it lies around axes 2 and 3.",
        CROP,
        on("grad_x", "crop", wrong.crop_wrong_axes),
        on("grad_x", "crop", wrong.crop_batch_and_channels),
    ),
    _grad_x(
        "pads_gradient_like_the_blog",
        "The dilated gradient is padded by p where it should be K - 1, and the result cropped by p.",
        DILATION,
        {
            **on("grad_x", "scatter", wrong.pads_like_the_blog),
            **on("grad_x", "crop", wrong.uncropped),
        },
    ),
    _grad_x(
        "forgets_remainder_in_grad_x",
        "The dilated gradient lacks r zeros at its end, so the result is too small.",
        SIZE,
        {
            **on("grad_x", "scatter", wrong.without_remainder),
            **on("grad_x", "crop", wrong.crop_as_far_as_there_is),
        },
        on("grad_x", "scatter", wrong.without_remainder),
    ),
    _grad_x(
        "gives_unread_rows_gradient",
        "Rows and columns that no window reads get a gradient; theirs is zero.",
        SIZE,
        on("grad_x", "crop", wrong.unread_copied),
    ),
    _grad_x(
        "puts_remainder_first",
        "The zeros of the unread rows come before the gradient; they belong after it.",
        SIZE,
        on("grad_x", "crop", wrong.moved_by_remainder),
    ),
    _grad_x(
        "dilates_after_padding",
        "The gradient is padded before it is dilated, which stretches the border: dilate first.",
        DILATION,
        on("grad_x", "scatter", wrong.pads_before_dilating),
    ),
    _grad_x(
        "does_not_flip_kernel_in_grad_x",
        "The dilated form correlates with the flipped kernel; here it is not flipped.",
        DILATION,
        on("grad_x", "arguments", transforms.kernel_flipped),
    ),
    _grad_x(
        "flips_one_axis_in_grad_x",
        "The kernel is flipped along one axis only; both turn.",
        DILATION,
        on("grad_x", "arguments", transforms.kernel_flipped_along(2)),
        on("grad_x", "arguments", transforms.kernel_flipped_along(3)),
    ),
    _grad_x(
        "transposes_kernel_in_grad_x",
        "Height and width of the kernel are exchanged: flip both axes instead of transposing them.",
        INDEXING,
        on("grad_x", "arguments", transforms.kernel_transposed),
    ),
    _grad_x(
        "swaps_channels_in_grad_x",
        "The weight's channel axes are mixed up: grad_x sums over C_out, the weight's axis 0.",
        INDEXING,
        on("grad_x", "arguments", transforms.channels_swapped),
    ),
    _grad_x(
        "assigns_where_windows_overlap",
        "Where windows overlap, a later one overwrites the gradient of an earlier one: use += instead of =.",
        GRAD_X,
        on("grad_x", "scatter", wrong.assigns),
    ),
    _grad_x(
        "keeps_one_image_in_grad_x",
        "Only one image of the batch gets its gradient; the others are zero.",
        GRAD_X,
        on("grad_x", "finish", wrong.only(-1)),
        on("grad_x", "finish", wrong.only(0)),
    ),
    _grad_x(
        "keeps_one_kernel_in_grad_x",
        "Only one output channel's share is kept: sum the shares of all kernels with +=.",
        GRAD_X,
        on("grad_x", "arguments", wrong.one_kernel(-1)),
        on("grad_x", "arguments", wrong.one_kernel(0)),
    ),
    _grad_x(
        "answers_zeros_if_padded",
        "The gradient is all zeros where there is padding.",
        PADDING,
        on("grad_x", "crop", lambda padded, call: wrong.zeros_if_padded(crop(padded, call), call)),
    ),
    _grad_x(
        "returns_grad_weight_as_grad_x",
        "backward returns the gradient of the weight; it returns that of x.",
        CHAIN,
        on("grad_x", "finish", lambda _, call: weigh(pad(call), call)),
    ),
    _grad_x(
        "updates_weight_before_grad_x",
        "The weights are updated before grad_x is computed; it belongs to the weights that forward used.",
        CHAIN,
        *(on("grad_x", "arguments", wrong.updated_weight(rate)) for rate in (0.01, 0.1, 0.001, 1.0)),
    ),
    _grad_x(
        "averages_grad_x_over_batch",
        "grad_x is divided by the batch size; the loss has done that already.",
        CHAIN,
        on("grad_x", "finish", transforms.per_image),
    ),
    _grad_x(
        "multiplies_grad_x_by_x",
        "grad_x is multiplied by the input; the upstream gradient and the weights are all it needs.",
        CHAIN,
        on("grad_x", "finish", lambda result, call: result * call.x),
    ),
    _grad_x(
        "squeezes_grad_x",
        "Axes of size one are dropped: a batch of one image, or one channel, still has its axis.",
        SIZE,
        on("grad_x", "finish", lambda result, _: np.squeeze(result)),
    ),
)
