"""Small changes to a call or to a result, of which mistakes are put together.

Trusted side; pure. A change of a call takes the call; one of a result takes the result and the call.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias, cast

import numpy as np

from cnn_reference.arrays import Array
from grader.feedback.mistakes.model import FormSteps, LayerCall

LAST, FIRST = slice(-1, None), slice(1)
CallChange: TypeAlias = Callable[[LayerCall], LayerCall]


def on(parts: str, step: str, function: Callable[..., Any]) -> FormSteps:
    """Replace a step of several parts, named with spaces between, by one function."""
    return {f"{part}.{step}": function for part in parts.split()}


def changed(**fields: Callable[[LayerCall], Any]) -> CallChange:
    """Compute fields of the call anew."""
    return lambda call: replace(call, **{name: value(call) for name, value in fields.items()})


no_stride = changed(stride=lambda _: (1, 1))
stride_swapped = changed(stride=lambda call: call.stride[::-1])
one_stride = (
    changed(stride=lambda call: (call.stride[0],) * 2),
    changed(stride=lambda call: (call.stride[1],) * 2),
)
stride_capped = changed(stride=lambda call: (min(call.stride[0], 2), min(call.stride[1], 2)))
stride_made_positive = changed(stride=lambda call: tuple(abs(s) or 1 for s in call.stride))
no_padding = changed(padding=lambda _: (0, 0))
padding_swapped = changed(padding=lambda call: call.padding[::-1])
one_padding = (
    changed(padding=lambda call: (call.padding[0],) * 2),
    changed(padding=lambda call: (call.padding[1],) * 2),
)
kernel_flipped = changed(weight=lambda call: call.weight[:, :, ::-1, ::-1])
kernel_transposed = changed(weight=lambda call: call.weight.swapaxes(2, 3))
upstream_ones = changed(grad_output=lambda call: np.ones_like(call.grad_output))
last_image = changed(x=lambda call: call.x[-1:], grad_output=lambda call: call.grad_output[-1:])


def padding_of(amount: Callable[[int], int]) -> CallChange:
    """Compute with another padding than the one given."""
    return changed(padding=lambda call: (amount(call.padding[0]), amount(call.padding[1])))


def bordered(before: int, after: int) -> Callable[[LayerCall], Array]:
    """Pad by multiples of p before and after each axis."""
    return lambda call: np.pad(call.x, ((0, 0), (0, 0), *((before * p, after * p) for p in call.padding)))


def channels_swapped(call: LayerCall) -> LayerCall:
    """Read the weight as (C_in, C_out, K_h, K_w), in the memory of the right one."""
    C_out, C_in, *kernel = call.weight.shape
    return replace(call, weight=call.weight.reshape(C_in, C_out, *kernel).swapaxes(0, 1))


def in_dtype(dtype: Any) -> CallChange:
    """Convert every array before computing."""

    def convert(call: LayerCall) -> LayerCall:
        names = ("x", "weight", "bias", "grad_output")
        return replace(call, **{name: getattr(call, name).astype(dtype) for name in names})

    return convert


def refusing(unwanted: Callable[[LayerCall], bool], reason: str) -> CallChange:
    """Raise on some valid arguments."""

    def refuse(call: LayerCall) -> LayerCall:
        if unwanted(call):
            raise ValueError(reason)
        return call

    return refuse


def per_image(result: Array, call: LayerCall) -> Array:
    """Divide by N."""
    return cast(Array, result / len(call.x))


def flipped(result: Array, _: LayerCall) -> Array:
    """Turn the last two axes by half a turn."""
    return result[:, :, ::-1, ::-1]


def pasted(result: Array, size: tuple[int, ...]) -> Array:
    """Return zeros of another height and width with the result in their first corner, as far as it fits."""
    canvas = np.zeros((*result.shape[:2], *size), result.dtype)
    rows, columns = np.minimum(size, result.shape[2:])
    canvas[:, :, :rows, :columns] = result[:, :, :rows, :columns]
    return canvas


def remainders(call: LayerCall) -> tuple[int, int]:
    """Return how many padded rows and columns no window reads."""
    axes = zip(call.x.shape[2:], call.padding, call.window, call.stride, strict=True)
    r_h, r_w = ((side + 2 * p - k) % s for side, p, k, s in axes)
    return r_h, r_w


def windows_without_padding(call: LayerCall) -> tuple[int, int]:
    """Return how many windows an image without padding has: (rows, columns), at least none."""
    axes = zip(call.x.shape[2:], call.window, call.stride, strict=True)
    rows, columns = (max(0, (side - k) // s + 1) for side, k, s in axes)
    return rows, columns
