"""Ways to get the forward convolution wrong, to stop on valid arguments, and to answer invalid ones.

Trusted side; a table with the functions that it needs.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.lib import stride_tricks

from cnn_reference.arrays import Array
from grader.feedback.mistakes import transforms as to
from grader.feedback.mistakes.entries import around, wrong
from grader.feedback.mistakes.model import FormSteps, LayerCall, StepFunction
from grader.feedback.mistakes.steps import as_it_is, pad

_forward = partial(wrong, "conv2d.output")
_errors = partial(wrong, "conv2d.errors")


def _padded(mode: Any) -> StepFunction:
    """Fill the border as one of NumPy's modes does."""
    return lambda call: np.pad(call.x, ((0, 0), (0, 0), *((p, p) for p in call.padding)), mode=mode)


def _every_axis(call: LayerCall) -> Array:
    """Pad as ``np.pad(x, p)`` does."""
    p_h, p_w = call.padding
    return np.pad(call.x, ((p_h, p_h), (p_h, p_h), (p_h, p_h), (p_w, p_w)))


def _columns_in_other_order(call: LayerCall) -> LayerCall:
    """Multiply weight rows in the order (c, u, v) with window columns in the order (u, v, c)."""
    C_out, C_in, *kernel = call.weight.shape
    return replace(call, weight=call.weight.reshape(C_out, *kernel, C_in).transpose(0, 3, 1, 2))


def _reshaped(*axes: int) -> StepFunction:
    return lambda result, _: result.transpose(axes).reshape(result.shape)


def _sized(rows: int, columns: int) -> StepFunction:
    """Make the output as high and wide as two of its axes say, zero where nothing is computed."""
    return lambda result, _: to.pasted(result, (result.shape[rows], result.shape[columns]))


def _fewer(sizes: Callable[[LayerCall], tuple[int, ...]]) -> StepFunction:
    """Keep as many rows and columns of the output as a formula for its size gives."""

    def kept(result: Array, call: LayerCall) -> Array:
        rows, columns = sizes(call)
        if min(rows, columns) < 0:
            raise ValueError("negative dimensions are not allowed")
        return to.pasted(result, (rows, columns))

    return kept


def _by_size(formula: Callable[[int, int, int, int], int]) -> Callable[[LayerCall], tuple[int, ...]]:
    """Compute both output sizes from H, K, p and s."""
    return lambda call: tuple(map(formula, call.x.shape[2:], call.window, call.padding, call.stride))


_without_one = _by_size(lambda side, k, p, s: (side + 2 * p - k) // s)
_one_padding = _by_size(lambda side, k, p, s: (side + p - k) // s + 1)
_rounded = _by_size(lambda side, k, p, s: round((side + 2 * p - k) / s + 1))
_rounded_first = _by_size(lambda side, k, p, s: round((side + 2 * p - k) / s) + 1)


def _right_size(call: LayerCall) -> tuple[int, ...]:
    return _by_size(lambda side, k, p, s: (side + 2 * p - k) // s + 1)(call)


def _stops_unless_rounded(formula: Callable[[LayerCall], tuple[int, ...]]) -> StepFunction:
    """Stop where rounding gives a window too many."""
    return to.refusing(lambda call: formula(call) != _right_size(call), "could not be broadcast")


def _with_whole_windows(formula: Callable[[LayerCall], tuple[int, ...]]) -> StepFunction:
    """Extend the padded images by zeros for a window too many."""

    def extended(call: LayerCall) -> Array:
        more = (new - old for new, old in zip(formula(call), _right_size(call), strict=True))
        widths = ((0, m * s) for m, s in zip(more, call.stride, strict=True))
        return np.pad(pad(call), ((0, 0), (0, 0), *widths))

    return extended


def _with_empty_windows(formula: Callable[[LayerCall], tuple[int, ...]]) -> StepFunction:
    return lambda result, call: to.pasted(result, formula(call))


def _transposed(result: Array, _: LayerCall) -> Array:
    return result.swapaxes(2, 3)


def _sizes_exchanged(result: Array, _: LayerCall) -> Array:
    return result.reshape(*result.shape[:2], *result.shape[:1:-1])


def _one_tap(chosen: int) -> StepFunction:
    """Let one kernel element be all."""

    def kept(call: LayerCall) -> Array:
        weight = np.zeros_like(call.weight)
        weight[:, :, chosen, chosen] = call.weight[:, :, chosen, chosen]
        return weight

    return to.changed(weight=kept)


def _bias_times(count: Callable[[LayerCall], int]) -> StepFunction:
    return lambda sums, call: sums + count(call) * call.bias[:, None, None]


def _channels_summed(call: LayerCall) -> LayerCall:
    """Sum the image's channels first, and use each kernel's first channel."""
    return replace(call, x=call.x.sum(axis=1, keepdims=True), weight=call.weight[:, :1])


def _kernels_summed(call: LayerCall) -> LayerCall:
    """Use the sum of a kernel's channels for each channel."""
    return replace(call, x=call.x.sum(axis=1, keepdims=True), weight=call.weight.sum(axis=1, keepdims=True))


def _windows_of_unpadded(result: Array, call: LayerCall) -> Array:
    """Fill only the windows that an image without padding would have."""
    rows, columns = to.windows_without_padding(call)
    return to.pasted(result[:, :, :rows, :columns], result.shape[2:])


def _one_channel(chosen: slice) -> StepFunction:
    return to.changed(x=lambda call: call.x[:, chosen], weight=lambda call: call.weight[:, chosen])


def _bias_along(shape: tuple[int, ...]) -> StepFunction:
    return lambda sums, call: sums + call.bias.reshape(shape)


def _strides_of_the_unpadded(call: LayerCall) -> Array:
    """Look at the unpadded array with the shape of the padded one."""
    return stride_tricks.as_strided(call.x, pad(call).shape, call.x.strides)


def _strides_from_the_shape(call: LayerCall) -> Array:
    """Look at an array as if it lay row by row in memory."""
    padded = _padded("constant")(call) if any(call.padding) else call.x
    strides = tuple(padded.itemsize * prod(padded.shape[axis + 1 :]) for axis in range(4))
    return stride_tricks.as_strided(padded, padded.shape, strides)


def _unequal(pair: tuple[int, int]) -> bool:
    return pair[0] != pair[1]


def _any_pair(call: LayerCall) -> bool:
    return any(map(_unequal, (call.window, call.stride, call.padding)))


def _answers_anything(layer: Any, right: Any, *inputs: Array) -> Any:
    """Answer with an empty array instead of raising."""
    try:
        return right(*inputs)
    except ValueError:
        return np.zeros((len(inputs[0]), len(layer.weight), 0, 0))


def _kernel_clipped(call: LayerCall) -> LayerCall:
    """Use as much of the kernel as fits."""
    rows, columns = (side + 2 * p for side, p in zip(call.x.shape[2:], call.padding, strict=True))
    return replace(call, weight=call.weight[:, :, :rows, :columns])


def _channels_clipped(call: LayerCall) -> LayerCall:
    """Use as many channels as both have."""
    shared = min(call.x.shape[1], call.weight.shape[1])
    return replace(call, x=call.x[:, :shared], weight=call.weight[:, :shared])


def _cropped_by_negative(call: LayerCall) -> Array:
    p_h, p_w = call.padding
    return call.x[:, :, -p_h : p_h or None, -p_w : p_w or None] if min(p_h, p_w) < 0 else pad(call)


def _unchecked(**steps: StepFunction) -> FormSteps:
    return {"output.check": as_it_is, **{f"output.{name}": step for name, step in steps.items()}}


FORWARD_MISTAKES = (
    _forward("flips_kernel_in_forward", arguments=to.kernel_flipped),
    _forward("orders_columns_differently", arguments=_columns_in_other_order),
    _forward(
        "reshapes_instead_of_transposing",
        finish=(_reshaped(0, 2, 3, 1), _reshaped(1, 0, 2, 3), _reshaped(1, 2, 3, 0), _reshaped(2, 3, 0, 1)),
    ),
    _forward("exchanges_output_axes", finish=(_transposed, _sizes_exchanged)),
    _forward("forgets_one_in_output_size", finish=_fewer(_without_one)),
    _forward("adds_padding_once_to_output_size", finish=_fewer(_one_padding)),
    _forward(
        "rounds_output_size",
        *({"output.refuse": _stops_unless_rounded(formula)} for formula in (_rounded, _rounded_first)),
        *({"output.pad": _with_whole_windows(formula)} for formula in (_rounded, _rounded_first)),
        *({"output.finish": _with_empty_windows(formula)} for formula in (_rounded, _rounded_first)),
        flags={"refuses": True},
    ),
    _forward("keeps_one_kernel_element", arguments=(_one_tap(-1), _one_tap(0))),
    _forward(
        "adds_bias_several_times",
        bias=(
            _bias_times(lambda call: call.weight[0, 0].size),
            _bias_times(lambda call: call.weight.shape[1]),
            _bias_times(lambda call: call.weight[0].size),
        ),
    ),
    _forward("sums_channels_before_weighting", arguments=(_channels_summed, _kernels_summed)),
    _forward("pads_twice", arguments=to.padding_of(lambda p: 2 * p)),
    _forward("pads_too_far_before", pad=to.bordered(2, 0)),
    _forward("pads_by_one", arguments=(to.padding_of(lambda _: 1), to.padding_of(lambda p: min(p, 1)))),
    _forward("pads_with_edge_values", pad=tuple(map(_padded, ("edge", "symmetric", "wrap")))),
    _forward("pads_one_side", pad=tuple(map(to.bordered, (0, 0), (2, 1)))),
    _forward(
        "pads_every_axis",
        flags={"hint": "pad_without_axes", "needs_hint": True, "refuses": True},
        pad=_every_axis,
    ),
    _forward("swaps_output_height_and_width", finish=_sized(3, 2)),
    _forward("computes_one_output_size", finish=(_sized(2, 2), _sized(3, 3))),
    _forward("makes_output_as_large_as_input", finish=lambda y, call: to.pasted(y, call.x.shape[2:])),
    _forward("counts_windows_without_padding", finish=_windows_of_unpadded),
    _forward("adds_bias_along_wrong_axis", bias=tuple(map(_bias_along, ((-1,), (-1, 1))))),
    _forward("keeps_one_input_channel", arguments=(_one_channel(to.LAST), _one_channel(to.FIRST))),
    _forward(
        "views_outside_the_array",
        flags={"refuses": True, "errors": "^out_of_bounds_view"},
        pad=_strides_of_the_unpadded,
    ),
    _forward(
        "assumes_contiguous_memory",
        flags={"refuses": True, "errors": "^out_of_bounds_view"},
        pad=_strides_from_the_shape,
    ),
    *(
        _forward(
            name, flags={"refuses": True, "by_case": True, "hint": hint}, refuse=to.refusing(unwanted, reason)
        )
        for name, unwanted, reason, hint in (
            ("handles_square_images_only", lambda call: _unequal(call.x.shape[2:]), "not square", "square"),
            ("handles_square_kernels_only", lambda call: _unequal(call.window), "not square", ""),
            ("handles_equal_strides_only", lambda call: _unequal(call.stride), "not an integer", ""),
            ("handles_equal_paddings_only", lambda call: _unequal(call.padding), "not an integer", ""),
            ("handles_integers_only", _any_pair, "not an integer", ""),
            ("fails_on_one_image", lambda call: len(call.x) == 1, "N = 1", ""),
            ("fails_on_one_kernel", lambda call: len(call.weight) == 1, "C_out = 1", ""),
        )
    ),
    _errors("answers_anything", around("forward", _answers_anything)),
    _errors("clips_kernel_to_image", _unchecked(arguments=_kernel_clipped)),
    _errors("ignores_extra_channels", _unchecked(arguments=_channels_clipped)),
    _errors("takes_negative_stride", _unchecked(arguments=to.stride_made_positive)),
    _errors(
        "takes_negative_padding",
        _unchecked(pad=_cropped_by_negative),
        _unchecked(arguments=to.padding_of(lambda p: max(p, 0))),
    ),
)
