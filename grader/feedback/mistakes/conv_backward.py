"""Ways to get one of the convolution's gradients wrong.

Trusted side; a table with the functions that it needs.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from cnn_reference.arrays import Array
from grader.feedback.mistakes import transforms as to
from grader.feedback.mistakes.entries import wrong
from grader.feedback.mistakes.model import LayerCall, StepFunction
from grader.feedback.mistakes.steps import as_it_is, correlate, crop, pad, weigh, windows

_grad_x, _grad_weight = partial(wrong, "conv2d.grad_x"), partial(wrong, "conv2d.grad_weight")
_grad_bias, _parameters = partial(wrong, "conv2d.grad_bias"), partial(wrong, "conv2d.grad_weight grad_bias")


def _cropped_along(first: int, second: int) -> StepFunction:
    """Crop two axes by the paddings of height and width."""

    def cut(grad_padded: Array, call: LayerCall) -> Array:
        region = [slice(None)] * 4
        for axis, p in zip((first, second), call.padding, strict=True):
            region[axis] = slice(p, grad_padded.shape[axis] - p)
        return grad_padded[tuple(region)]

    return cut


def _full(grad_output: Array, call: LayerCall, border: tuple[int, ...]) -> Array:
    """Dilate a gradient, pad it by `border` and correlate it with the flipped kernels."""
    (*batch, rows, columns), (s_h, s_w) = grad_output.shape, call.stride
    dilated = np.zeros((*batch, (rows - 1) * s_h + 1, (columns - 1) * s_w + 1), grad_output.dtype)
    dilated[:, :, ::s_h, ::s_w] = grad_output
    turned = call.weight[:, :, ::-1, ::-1].swapaxes(0, 1)
    whole = LayerCall(dilated, turned, padding=(border[0], border[1]))
    return correlate(windows(pad(whole), whole), whole)


def _pads_like_the_blog(_: Array, call: LayerCall) -> Array:
    """Pad by k - 1 at p = 0 and by p otherwise."""
    border = tuple(k - 1 if p == 0 else p for k, p in zip(call.window, call.padding, strict=True))
    return _full(call.grad_output, call, border)


def _without_remainder(_: Array, call: LayerCall) -> Array:
    """Correlate the dilated gradient without the zeros that the remainder needs."""
    return _full(call.grad_output, call, tuple(k - 1 for k in call.window))


def _pads_before_dilating(_: Array, call: LayerCall) -> Array:
    """Pad the gradient by k - 1, then put zeros between its rows."""
    widths = ((0, 0), (0, 0), *((k - 1, k - 1) for k in call.window))
    return to.pasted(_full(np.pad(call.grad_output, widths), call, (0, 0)), pad(call).shape[2:])


def _unread_copied(grad_padded: Array, call: LayerCall) -> Array:
    """Give the unread rows and columns what the last read ones got."""
    (r_h, r_w), (rows, columns) = to.remainders(call), grad_padded.shape[2:]
    read = grad_padded[:, :, : rows - r_h, : columns - r_w]
    return crop(np.pad(read, ((0, 0), (0, 0), (0, r_h), (0, r_w)), mode="edge"), call)


def _fewer_windows(call: LayerCall) -> LayerCall:
    """Loop over the windows of an image without padding."""
    rows, columns = to.windows_without_padding(call)
    return replace(call, grad_output=call.grad_output[:, :, :rows, :columns])


def _one_image(index: int) -> StepFunction:
    """Keep the gradient of one image, zeros for the others."""
    return lambda result, _: result * (np.arange(len(result)) == index % len(result))[:, None, None, None]


def _one_kernel(chosen: slice) -> StepFunction:
    """Let one output channel's share be all."""
    return to.changed(
        weight=lambda call: call.weight[chosen], grad_output=lambda call: call.grad_output[:, chosen]
    )


def _weight_gradient(call: LayerCall) -> Array:
    return weigh(windows(pad(call), call), call)


def _updated_weight(rate: float) -> StepFunction:
    """Step down the weight's gradient first."""
    return to.changed(weight=lambda call: call.weight - rate * _weight_gradient(call))


def _all_rows(padded: Array, call: LayerCall) -> Array:
    """Let every padded row that the gradient fits be a kernel row: K + r rows come out."""
    axes = zip(padded.shape[2:], call.grad_output.shape[2:], call.stride, strict=True)
    rows, columns = (side - (count - 1) * s for side, count, s in axes)
    return windows(padded, LayerCall(padded, kernel=(rows, columns), stride=call.stride))


def _channels_misread(result: Array, call: LayerCall) -> Array:
    return result.swapaxes(0, 1).reshape(call.weight.shape)


def _summed(axes: tuple[int, ...]) -> StepFunction:
    return lambda call: call.grad_output.sum(axis=axes)


BACKWARD_MISTAKES = (
    _grad_x("crops_by_one", crop=lambda grad_padded, _: grad_padded[:, :, 1:-1, 1:-1]),
    _grad_x("crops_wrong_axes", crop=(_cropped_along(1, 2), _cropped_along(0, 1))),
    _grad_x("pads_gradient_like_the_blog", scatter=_pads_like_the_blog, crop=as_it_is),
    _grad_x("forgets_remainder_in_grad_x", scatter=_without_remainder, crop=(_cropped_along(2, 3), None)),
    _grad_x("gives_unread_rows_gradient", crop=_unread_copied),
    _grad_x("dilates_after_padding", scatter=_pads_before_dilating),
    _grad_x("does_not_flip_kernel_in_grad_x", arguments=to.kernel_flipped),
    _grad_x("keeps_one_image_in_grad_x", finish=(_one_image(-1), _one_image(0))),
    _grad_x("keeps_one_kernel_in_grad_x", arguments=(_one_kernel(to.LAST), _one_kernel(to.FIRST))),
    _grad_x("answers_zeros_if_padded", crop=lambda whole, call: crop(whole, call) * (not any(call.padding))),
    _grad_x("returns_grad_weight_as_grad_x", finish=lambda _, call: _weight_gradient(call)),
    _grad_x("updates_weight_before_grad_x", arguments=tuple(map(_updated_weight, (0.01, 0.1, 0.001, 1.0)))),
    _grad_x("averages_grad_x_over_batch", finish=to.per_image),
    wrong(
        "conv2d.grad_x grad_weight", "counts_windows_without_padding_in_backward", arguments=_fewer_windows
    ),
    _grad_weight("does_not_dilate_in_grad_weight", windows=lambda x, call: _all_rows(x, to.no_stride(call))),
    _grad_weight("keeps_remainder_in_grad_weight", windows=_all_rows),
    _grad_weight("flips_grad_weight", finish=to.flipped),
    _grad_weight("transposes_grad_weight", finish=lambda result, _: result.swapaxes(2, 3)),
    _grad_weight("swaps_channels_of_grad_weight", finish=(lambda g, _: g.swapaxes(0, 1), _channels_misread)),
    _grad_weight(
        "orders_columns_of_grad_weight_differently",
        finish=lambda result, call: result.transpose(0, 2, 3, 1).reshape(call.weight.shape),
    ),
    _grad_weight("returns_zero_grad_weight_for_one_image", finish=lambda g, call: g * (len(call.x) > 1)),
    _parameters(
        "averages_over_positions",
        finish=(
            lambda result, call: result / (len(call.x) * call.grad_output[0, 0].size),
            lambda result, call: result / call.grad_output[0, 0].size,
        ),
    ),
    _grad_bias(
        "sums_bias_over_wrong_axes",
        formula=tuple(map(_summed, ((0, 1, 2, 3), (0, 1), (1, 2, 3), (0, 1, 2), (2, 3), (0, 2)))),
    ),
    _grad_bias("gives_bias_gradient_per_position", formula=_summed((0,))),
)
