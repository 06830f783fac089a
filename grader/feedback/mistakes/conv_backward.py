"""Ways to get one of the convolution's gradients wrong.

Trusted side; a table with the functions that it needs.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from cnn_reference.arrays import Array
from grader.feedback.mistakes import transforms as to
from grader.feedback.mistakes.dilated import VIEWS, WITHOUT_REMAINDER, full, spread
from grader.feedback.mistakes.entries import wrong
from grader.feedback.mistakes.model import Form, LayerCall, StepFunction
from grader.feedback.mistakes.steps import as_it_is, crop, pad, weigh, windows

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


def _cropped_by_one(grad_padded: Array, _: LayerCall) -> Array:
    return grad_padded[:, :, 1:-1, 1:-1]


def _cropped_by_one_if_padded(grad_padded: Array, call: LayerCall) -> Array:
    return _cropped_by_one(grad_padded, call) if any(call.padding) else grad_padded


def _cropped_at(first: int, last: int) -> StepFunction:
    """Crop p rows and columns at the start, or at the end, or at neither."""

    def cut(grad_padded: Array, call: LayerCall) -> Array:
        (p_h, p_w), (rows, columns) = call.padding, grad_padded.shape[2:]
        return grad_padded[:, :, first * p_h : rows - last * p_h, first * p_w : columns - last * p_w]

    return cut


def _of_border(amount: Callable[[int, int], int]) -> StepFunction:
    """Correlate the dilated gradient with another border than K - 1, a function of K and p."""

    def correlated(_: Array, call: LayerCall) -> Array:
        border = tuple(map(amount, call.window, call.padding))
        return full(spread(call.grad_output, call.stride), call, border)

    return correlated


def _pads_before_dilating(_: Array, call: LayerCall) -> Array:
    """Pad the gradient by k - 1, then put zeros between its rows."""
    widths = ((0, 0), (0, 0), *((k - 1, k - 1) for k in call.window))
    dilated = spread(np.pad(call.grad_output, widths), call.stride)
    return to.pasted(full(dilated, call, (0, 0)), pad(call).shape[2:])


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


def _updated_weight(rate: float, mean: bool = False) -> StepFunction:
    """Step down the weight's gradient, or its mean over the batch, first."""

    def updated(call: LayerCall) -> Array:
        return call.weight - rate / (len(call.x) if mean else 1) * _weight_gradient(call)

    return to.changed(weight=updated)


def _all_rows(padded: Array, call: LayerCall) -> Array:
    """Let every padded row that the gradient fits be a kernel row: K + r rows come out."""
    axes = zip(padded.shape[2:], call.grad_output.shape[2:], call.stride, strict=True)
    rows, columns = (side - (count - 1) * s for side, count, s in axes)
    return windows(padded, LayerCall(padded, kernel=(rows, columns), stride=call.stride))


def _last_window(images: slice) -> StepFunction:
    """Let the last window's share be all."""

    def kept(call: LayerCall) -> Array:
        gradient = np.zeros_like(call.grad_output)
        gradient[images, :, -1, -1] = call.grad_output[images, :, -1, -1]
        return gradient

    return to.changed(grad_output=kept)


def _gradient_misread(axes: tuple[int, ...]) -> StepFunction:
    """Read the gradient's memory as if its axes were in another order."""

    def misread(call: LayerCall) -> Array:
        shape = tuple(call.grad_output.shape[axis] for axis in axes)
        return np.ascontiguousarray(call.grad_output).reshape(shape).transpose(np.argsort(axes))

    return to.changed(grad_output=misread)


def _channels_misread(result: Array, call: LayerCall) -> Array:
    return result.swapaxes(0, 1).reshape(call.weight.shape)


def _summed(axes: tuple[int, ...]) -> StepFunction:
    return lambda call: call.grad_output.sum(axis=axes)


_RATES = (0.01, 0.1, 0.001, 1.0, 0.05, 0.5, 0.005, 1e-4)

BACKWARD_MISTAKES = (
    _grad_x("crops_by_one", crop=(_cropped_by_one, _cropped_by_one_if_padded)),
    _grad_x("crops_one_end_only", crop=(_cropped_at(1, 0), _cropped_at(0, 1))),
    _grad_x("crops_wrong_axes", crop=(_cropped_along(1, 2), _cropped_along(0, 1))),
    _grad_x(
        "pads_gradient_like_the_blog",
        scatter=(_of_border(lambda k, p: p or k - 1), _of_border(lambda _, p: p)),
        crop=as_it_is,
    ),
    _grad_x(
        "views_gradient_with_wrong_border",
        *(Form({"grad_x.scatter": view, "grad_x.crop": cut}) for view, cut in VIEWS),
        flags={"errors": "^(out_of_bounds_view|raised: ValueError)"},
    ),
    _grad_x(
        "forgets_remainder_in_grad_x",
        *(Form({"grad_x.scatter": view, "grad_x.crop": cut}) for view, cut in WITHOUT_REMAINDER),
        scatter=_of_border(lambda k, _: k - 1),
        crop=(_cropped_along(2, 3), None),
    ),
    _grad_x("gives_unread_rows_gradient", crop=_unread_copied),
    _grad_x("dilates_after_padding", scatter=_pads_before_dilating),
    _grad_x("does_not_flip_kernel_in_grad_x", arguments=to.kernel_flipped),
    _grad_x("keeps_one_image_in_grad_x", finish=(_one_image(-1), _one_image(0))),
    _grad_x("keeps_one_kernel_in_grad_x", arguments=(_one_kernel(to.LAST), _one_kernel(to.FIRST))),
    _grad_x("answers_zeros_if_padded", crop=lambda whole, call: crop(whole, call) * (not any(call.padding))),
    _grad_x("returns_grad_weight_as_grad_x", finish=lambda _, call: _weight_gradient(call)),
    _grad_x(
        "updates_weight_before_grad_x",
        flags={
            "refuses": True,
            "says_so": True,
            "single": True,
            "errors": "with weights that were already updated",
        },
        arguments=tuple(_updated_weight(rate, mean) for mean in (False, True) for rate in _RATES),
    ),
    _grad_x("averages_grad_x_over_batch", finish=to.per_image),
    wrong(
        "conv2d.grad_x grad_weight", "counts_windows_without_padding_in_backward", arguments=_fewer_windows
    ),
    wrong(
        "conv2d.grad_x grad_weight",
        "orders_gradient_differently",
        arguments=(
            _gradient_misread((1, 2, 3, 0)),
            _gradient_misread((1, 0, 2, 3)),
            _gradient_misread((0, 2, 3, 1)),
        ),
    ),
    _grad_weight(
        "keeps_last_window_in_grad_weight", arguments=(_last_window(to.LAST), _last_window(slice(None)))
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
