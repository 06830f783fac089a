"""Ways to get max pooling and average pooling wrong.

Trusted side; a table with the functions that it needs.
"""

from functools import partial
from typing import cast

import numpy as np

from cnn_reference.arrays import Array
from grader.feedback.mistakes import transforms as to
from grader.feedback.mistakes.entries import wrong
from grader.feedback.mistakes.model import LayerCall
from grader.feedback.mistakes.steps import first_largest, flat_windows, pad, share_equally

_both = partial(wrong, "max_pool2d.output grad_x")
_output, _grad_x = partial(wrong, "max_pool2d.output"), partial(wrong, "max_pool2d.grad_x")


def _to_every_tie(rows: Array, call: LayerCall) -> Array:
    ties = rows == rows.max(axis=-1, keepdims=True)
    return cast(Array, ties * call.grad_output[..., None])


def _shared_by_ties(rows: Array, call: LayerCall) -> Array:
    ties = rows == rows.max(axis=-1, keepdims=True)
    return cast(Array, ties / ties.sum(axis=-1, keepdims=True) * call.grad_output[..., None])


def _to_all(rows: Array, call: LayerCall) -> Array:
    return np.ones_like(rows) * call.grad_output[..., None]


def _assigned_to_winner(_: Array, call: LayerCall) -> Array:
    """Let a later window overwrite the pixel that wins in it, and no other."""
    padded = pad(call, -np.inf)
    rows, grad_padded = flat_windows(padded, call), np.zeros_like(padded)
    (s_h, s_w), k_w = call.stride, call.kernel[1]
    for n, c, i, j in np.ndindex(*rows.shape[:4]):
        u, v = divmod(int(rows[n, c, i, j].argmax()), k_w)
        grad_padded[n, c, s_h * i + u, s_w * j + v] = call.grad_output[n, c, i, j]
    return grad_padded


def _read_only(result: Array, call: LayerCall) -> Array:
    """Leave out the rows and columns of the image that no window reads."""
    axes = zip(call.x.shape[2:], to.remainders(call), call.padding, strict=True)
    rows, columns = (side - max(0, r - p) for side, r, p in axes)
    return result[:, :, :rows, :columns]


def _pixels_of_the_image(call: LayerCall) -> Array:
    """Return how many pixels of each window are not border."""
    inside = LayerCall(np.ones_like(call.x), kernel=call.kernel, stride=call.stride, padding=call.padding)
    return cast(Array, flat_windows(pad(inside), inside).sum(axis=-1))


def _summed_share(call: LayerCall) -> Array:
    return share_equally(call) * (call.window[0] * call.window[1])


def _share_inside(call: LayerCall) -> Array:
    return cast(Array, _summed_share(call) / np.maximum(_pixels_of_the_image(call), 1)[..., None])


def _mean_inside(rows: Array, call: LayerCall) -> Array:
    return cast(Array, rows.sum(axis=-1) / np.maximum(_pixels_of_the_image(call), 1))


AVERAGE_MISTAKES = (
    wrong("avg_pool2d.output", "leaves_border_out_of_mean", reduce=_mean_inside),
    wrong("avg_pool2d.grad_x", "leaves_border_out_of_shares", share=_share_inside),
    wrong("avg_pool2d.output", "sums_instead_of_mean", reduce=lambda rows, _: rows.sum(axis=-1)),
    wrong("avg_pool2d.output", "takes_maximum_instead_of_mean", reduce=lambda rows, _: rows.max(axis=-1)),
    wrong("avg_pool2d.grad_x", "passes_undivided_gradient", share=_summed_share),
)

POOLING_MISTAKES = (
    _both("pads_maximum_with_zeros", pad=pad),
    _both("uses_kernel_as_stride_in_pooling", arguments=to.changed(stride=lambda call: call.kernel)),
    _both("swaps_kernel_axes_in_pooling", arguments=to.changed(kernel=lambda call: call.kernel[::-1])),
    _output(
        "averages_instead_of_maximum",
        reduce=(lambda rows, _: rows.mean(axis=-1), lambda rows, _: rows.sum(axis=-1)),
    ),
    _output("starts_maximum_at_zero", reduce=lambda rows, _: np.maximum(rows.max(axis=-1), 0)),
    _grad_x("gives_gradient_to_every_tie", share=_to_every_tie),
    _grad_x("shares_gradient_among_ties", share=_shared_by_ties),
    _grad_x(
        "gives_gradient_to_last_tie", share=lambda rows, call: first_largest(rows[..., ::-1], call)[..., ::-1]
    ),
    _grad_x(
        "gives_gradient_to_whole_window",
        share=(_to_all, lambda rows, call: _to_all(rows, call) / rows.shape[-1]),
    ),
    _grad_x("assigns_to_winner_in_pooling", scatter=_assigned_to_winner),
    _grad_x("crops_to_the_windows", finish=_read_only),
)
