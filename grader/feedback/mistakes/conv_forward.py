"""Ways to get the forward convolution wrong, to stop on valid arguments, and to answer invalid ones.

Trusted side; a table with the functions that it needs.
"""

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


def _one_sided(before: int, after: int) -> StepFunction:
    """Pad by multiples of p before and after each axis."""
    return lambda call: np.pad(call.x, ((0, 0), (0, 0), *((before * p, after * p) for p in call.padding)))


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


def _float_sizes(call: LayerCall) -> LayerCall:
    np.zeros((call.x.shape[2] / call.stride[0],))
    return call


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
    _forward("reshapes_instead_of_transposing", finish=(_reshaped(0, 2, 3, 1), _reshaped(1, 0, 2, 3))),
    _forward("pads_twice", arguments=to.padding_of(lambda p: 2 * p)),
    _forward("pads_by_one", arguments=(to.padding_of(lambda _: 1), to.padding_of(lambda p: min(p, 1)))),
    _forward("pads_with_edge_values", pad=tuple(map(_padded, ("edge", "symmetric", "wrap")))),
    _forward("pads_one_side", pad=tuple(map(_one_sided, (0, 2, 1, 0), (2, 0, 0, 1)))),
    _forward("pads_every_axis", flags={"hint": "pad_without_axes", "refuses": True}, pad=_every_axis),
    _forward("swaps_output_height_and_width", finish=_sized(3, 2)),
    _forward("computes_one_output_size", finish=(_sized(2, 2), _sized(3, 3))),
    _forward("makes_output_as_large_as_input", finish=lambda y, call: to.pasted(y, call.x.shape[2:])),
    _forward("counts_windows_without_padding", finish=_windows_of_unpadded),
    _forward("adds_bias_along_wrong_axis", bias=tuple(map(_bias_along, ((-1,), (-1, 1))))),
    _forward("keeps_one_input_channel", arguments=(_one_channel(to.LAST), _one_channel(to.FIRST))),
    _forward("views_outside_the_array", flags={"refuses": True}, pad=_strides_of_the_unpadded),
    _forward("assumes_contiguous_memory", flags={"refuses": True}, pad=_strides_from_the_shape),
    _forward(
        "computes_float_sizes",
        flags={"hint": "true_division", "needs_hint": True, "refuses": True, "single": True},
        refuse=_float_sizes,
    ),
    *(
        _forward(name, flags={"refuses": True, "hint": hint}, refuse=to.refusing(unwanted, reason))
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
