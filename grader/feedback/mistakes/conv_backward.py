"""Ways to get one of the convolution's gradients wrong.

Trusted side; a table with the functions that it needs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from grader.feedback.mistakes import transforms
from grader.feedback.mistakes.entries import wrong
from grader.feedback.mistakes.families import uncropped
from grader.feedback.mistakes.model import Array, LayerCall, StepFunction
from grader.feedback.mistakes.steps import correlate, crop, pad, weigh, windows
from grader.feedback.mistakes.transforms import on


def _cropped_along(first: int, second: int) -> StepFunction:
    """Crop two axes by the paddings of height and width."""

    def cut(grad_padded: Array, call: LayerCall) -> Array:
        region = [slice(None)] * 4
        for axis, p in zip((first, second), call.padding, strict=True):
            region[axis] = slice(p, grad_padded.shape[axis] - p)
        return grad_padded[tuple(region)]

    return cut


def _zeros_if_padded(grad_padded: Array, call: LayerCall) -> Array:
    return crop(grad_padded, call) * (not any(call.padding))


def _dilated(grad_output: Array, call: LayerCall) -> Array:
    """Put ``stride - 1`` zeros between rows and columns."""
    (*batch, rows, columns), (s_h, s_w) = grad_output.shape, call.stride
    wide = np.zeros((*batch, (rows - 1) * s_h + 1, (columns - 1) * s_w + 1), grad_output.dtype)
    wide[:, :, ::s_h, ::s_w] = grad_output
    return wide


def _full(wide: Array, call: LayerCall, border: tuple[int, int]) -> Array:
    """Correlate a dilated gradient, padded by `border`, with the flipped kernels."""
    turned = call.weight[:, :, ::-1, ::-1].swapaxes(0, 1)
    around = LayerCall(wide, turned, padding=border)
    return correlate(windows(pad(around), around), around)


def _pads_like_the_blog(_: Array, call: LayerCall) -> Array:
    """Pad by k - 1 at p = 0 and by p otherwise."""
    rows, columns = (k - 1 if p == 0 else p for k, p in zip(call.window, call.padding, strict=True))
    return _full(_dilated(call.grad_output, call), call, (rows, columns))


def _without_remainder(_: Array, call: LayerCall) -> Array:
    """Correlate the dilated gradient without the zeros that the remainder needs."""
    k_h, k_w = call.window
    return _full(_dilated(call.grad_output, call), call, (k_h - 1, k_w - 1))


def _pads_before_dilating(_: Array, call: LayerCall) -> Array:
    """Pad the gradient by k - 1, then put zeros between its rows."""
    k_h, k_w = call.window
    padded = np.pad(call.grad_output, ((0, 0), (0, 0), (k_h - 1, k_h - 1), (k_w - 1, k_w - 1)))
    return transforms.pasted(_full(_dilated(padded, call), call, (0, 0)), pad(call).shape)


def _unread_copied(grad_padded: Array, call: LayerCall) -> Array:
    """Give the unread rows and columns what the last read ones got."""
    filled = grad_padded.copy()
    r_h, r_w = transforms.remainders(call)
    if r_h:
        filled[:, :, -r_h:] = filled[:, :, -r_h - 1 : -r_h]
    if r_w:
        filled[:, :, :, -r_w:] = filled[:, :, :, -r_w - 1 : -r_w]
    return crop(filled, call)


def _fewer_windows(call: LayerCall) -> LayerCall:
    """Loop over the windows of an image without padding."""
    rows, columns = transforms.windows_without_padding(call)
    return replace(call, grad_output=call.grad_output[:, :, :rows, :columns])


def _only_image(chosen: slice) -> StepFunction:
    """Keep the gradient of some images, zeros for the others."""

    def keep(result: Array, _: LayerCall) -> Array:
        kept = np.zeros_like(result)
        kept[chosen] = result[chosen]
        return kept

    return keep


def _one_kernel(chosen: slice) -> StepFunction:
    """Let one output channel's share be all."""
    return transforms.changed(
        weight=lambda call: call.weight[chosen], grad_output=lambda call: call.grad_output[:, chosen]
    )


def _weight_gradient(call: LayerCall) -> Array:
    return weigh(windows(pad(call), call), call)


def _updated_weight(rate: float) -> StepFunction:
    """Step down the weight's gradient first."""
    return transforms.changed(weight=lambda call: call.weight - rate * _weight_gradient(call))


def _all_rows(padded: Array, call: LayerCall) -> Array:
    """Let every padded row that the gradient fits be a kernel row: K + r rows come out."""
    axes = zip(padded.shape[2:], call.grad_output.shape[2:], call.stride, strict=True)
    rows, columns = (side - (count - 1) * s for side, count, s in axes)
    return windows(padded, LayerCall(padded, kernel=(rows, columns), stride=call.stride))


def _undilated(padded: Array, call: LayerCall) -> Array:
    return _all_rows(padded, transforms.no_stride(call))


def _per_position(result: Array, call: LayerCall) -> Array:
    return cast(Array, result / (len(call.x) * call.grad_output[0, 0].size))


def _per_window(result: Array, call: LayerCall) -> Array:
    return cast(Array, result / call.grad_output[0, 0].size)


def _zeros_replaced(result: Array, _: LayerCall) -> Array:
    return np.where(result == 0, result.dtype.type(1e-3), result)


def _summed(axes: tuple[int, ...]) -> StepFunction:
    return lambda call: call.grad_output.sum(axis=axes)


LAST, FIRST = slice(-1, None), slice(1)

BACKWARD_MISTAKES = (
    wrong("conv2d.grad_x", "crops_by_one", crop=lambda grad_padded, _: grad_padded[:, :, 1:-1, 1:-1]),
    wrong("conv2d.grad_x", "crops_wrong_axes", crop=(_cropped_along(1, 2), _cropped_along(0, 1))),
    wrong(
        "conv2d.grad_x",
        "crops_swapped_paddings",
        crop=lambda grad_padded, call: crop(grad_padded, transforms.padding_swapped(call)),
    ),
    wrong("conv2d.grad_x", "pads_gradient_like_the_blog", scatter=_pads_like_the_blog, crop=uncropped),
    wrong(
        "conv2d.grad_x",
        "forgets_remainder_in_grad_x",
        scatter=_without_remainder,
        crop=(_cropped_along(2, 3), None),
    ),
    wrong("conv2d.grad_x", "gives_unread_rows_gradient", crop=_unread_copied),
    wrong("conv2d.grad_x", "dilates_after_padding", scatter=_pads_before_dilating),
    wrong("conv2d.grad_x", "does_not_flip_kernel_in_grad_x", arguments=transforms.kernel_flipped),
    wrong(
        "conv2d.grad_x",
        "flips_one_axis_in_grad_x",
        arguments=(
            transforms.changed(weight=lambda call: call.weight[:, :, ::-1]),
            transforms.changed(weight=lambda call: call.weight[:, :, :, ::-1]),
        ),
    ),
    wrong("conv2d.grad_x", "keeps_one_image_in_grad_x", finish=(_only_image(LAST), _only_image(FIRST))),
    wrong("conv2d.grad_x", "keeps_one_kernel_in_grad_x", arguments=(_one_kernel(LAST), _one_kernel(FIRST))),
    wrong("conv2d.grad_x", "answers_zeros_if_padded", crop=_zeros_if_padded),
    wrong("conv2d.grad_x", "returns_grad_weight_as_grad_x", finish=lambda _, call: _weight_gradient(call)),
    wrong(
        "conv2d.grad_x",
        "updates_weight_before_grad_x",
        arguments=tuple(map(_updated_weight, (0.01, 0.1, 0.001, 1.0))),
    ),
    wrong("conv2d.grad_x", "averages_grad_x_over_batch", finish=transforms.per_image),
    wrong(
        "conv2d.grad_x",
        "replaces_zeros_in_gradients",
        on("grad_x grad_weight grad_bias", "finish", _zeros_replaced),
    ),
    wrong(
        "conv2d.grad_x grad_weight", "counts_windows_without_padding_in_backward", arguments=_fewer_windows
    ),
    wrong("conv2d.grad_weight", "does_not_dilate_in_grad_weight", windows=_undilated),
    wrong("conv2d.grad_weight", "keeps_remainder_in_grad_weight", windows=_all_rows),
    wrong("conv2d.grad_weight", "flips_grad_weight", finish=transforms.flipped),
    wrong("conv2d.grad_weight", "transposes_grad_weight", finish=lambda result, _: result.swapaxes(2, 3)),
    wrong(
        "conv2d.grad_weight",
        "swaps_channels_of_grad_weight",
        finish=(
            lambda result, _: result.swapaxes(0, 1),
            lambda result, call: result.swapaxes(0, 1).reshape(call.weight.shape),
        ),
    ),
    wrong(
        "conv2d.grad_weight",
        "orders_columns_of_grad_weight_differently",
        finish=lambda result, call: result.transpose(0, 2, 3, 1).reshape(call.weight.shape),
    ),
    wrong(
        "conv2d.grad_weight",
        "returns_zero_grad_weight_for_one_image",
        finish=lambda result, call: result * (len(call.x) > 1),
    ),
    wrong("conv2d.grad_weight grad_bias", "averages_over_positions", finish=(_per_position, _per_window)),
    wrong(
        "conv2d.grad_bias",
        "sums_bias_over_wrong_axes",
        formula=tuple(map(_summed, ((0, 1, 2, 3), (0, 1), (1, 2, 3), (0, 1, 2), (2, 3), (0, 2)))),
    ),
    wrong("conv2d.grad_bias", "gives_bias_gradient_per_position", formula=_summed((0,))),
)
