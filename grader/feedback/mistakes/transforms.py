"""Small changes to a call or to a result, of which the conv2d mistakes are put together.

Trusted side; pure. A change of a call takes the call; one of a result takes the result and the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, cast

import numpy as np

from grader.feedback.mistakes.model import Array, Call, Steps


def on(parts: str, step: str, function: Callable[..., Any]) -> Steps:
    """Replace a step of several parts, named with spaces between, by one function."""
    return {f"{part}.{step}": function for part in parts.split()}


def merged(*steps: Steps) -> Steps:
    """Put several replacements together."""
    return {name: function for some in steps for name, function in some.items()}


def no_stride(call: Call) -> Call:
    """Compute as if the stride were 1."""
    return replace(call, stride=(1, 1))


def no_padding(call: Call) -> Call:
    """Compute as if the padding were 0."""
    return replace(call, padding=(0, 0))


def stride_swapped(call: Call) -> Call:
    """Take the stride's height for its width, and the other way round."""
    return replace(call, stride=call.stride[::-1])


def padding_swapped(call: Call) -> Call:
    """Take the padding's height for its width, and the other way round."""
    return replace(call, padding=call.padding[::-1])


def one_stride(axis: int) -> Callable[[Call], Call]:
    """Take one axis's stride for both."""
    return lambda call: replace(call, stride=(call.stride[axis],) * 2)


def one_padding(axis: int) -> Callable[[Call], Call]:
    """Take one axis's padding for both."""
    return lambda call: replace(call, padding=(call.padding[axis],) * 2)


def padding_of(amount: Callable[[int], int]) -> Callable[[Call], Call]:
    """Compute with another padding than the one given."""
    return lambda call: replace(call, padding=(amount(call.padding[0]), amount(call.padding[1])))


def kernel_flipped(call: Call) -> Call:
    """Turn every kernel by half a turn."""
    return replace(call, weight=call.weight[:, :, ::-1, ::-1])


def kernel_transposed(call: Call) -> Call:
    """Exchange the kernel's height and width."""
    return replace(call, weight=call.weight.swapaxes(2, 3))


def channels_swapped(call: Call) -> Call:
    """Read the weight as (C_in, C_out, K_h, K_w), in the memory of the right one."""
    C_out, C_in, *kernel = call.weight.shape
    return replace(call, weight=call.weight.reshape(C_in, C_out, *kernel).swapaxes(0, 1))


def in_dtype(dtype: Any) -> Callable[[Call], Call]:
    """Convert every array before computing."""

    def convert(call: Call) -> Call:
        names = ("x", "weight", "bias", "grad_output")
        return replace(call, **{name: getattr(call, name).astype(dtype) for name in names})

    return convert


def upstream_ones(call: Call) -> Call:
    """Compute as if the upstream gradient were all ones."""
    return replace(call, grad_output=np.ones_like(call.grad_output))


def last_image(call: Call) -> Call:
    """Compute from the last image of the batch alone."""
    return replace(call, x=call.x[-1:], grad_output=call.grad_output[-1:])


def per_image(result: Array, call: Call) -> Array:
    """Divide by N."""
    return cast(Array, result / len(call.x))


def per_position(result: Array, call: Call) -> Array:
    """Divide by N * H_out * W_out."""
    _, _, rows, columns = call.grad_output.shape
    return cast(Array, result / (len(call.x) * rows * columns))


def per_window(result: Array, call: Call) -> Array:
    """Divide by H_out * W_out."""
    return cast(Array, result / (call.grad_output.shape[2] * call.grad_output.shape[3]))


def halves(result: Array, _: Call) -> Array:
    """Divide by two."""
    return result / 2


def clipped(limit: float) -> Callable[[Array, Call], Array]:
    """Clip to [-limit, limit]."""
    return lambda result, _: np.clip(result, -limit, limit)


def zeros_replaced(result: Array, _: Call) -> Array:
    """Replace exact zeros by 1e-3."""
    return np.where(result == 0, result.dtype.type(1e-3), result)


def flipped(result: Array, _: Call) -> Array:
    """Turn the last two axes by half a turn."""
    return result[:, :, ::-1, ::-1]


def pasted(result: Array, shape: Iterable[int]) -> Array:
    """Return zeros of a shape with the result in their first corner, as far as it fits."""
    canvas = np.zeros(tuple(shape), result.dtype)
    region = tuple(slice(0, min(mine, its)) for mine, its in zip(canvas.shape, result.shape, strict=True))
    canvas[region] = result[region]
    return canvas


def windows_in(size: tuple[int, int], call: Call) -> tuple[int, int]:
    """Return how many windows fit into an image of this size: (rows, columns), at least none."""
    rows, columns = (
        max(0, (side - k) // s + 1)
        for side, k, s in zip(size, call.weight.shape[2:], call.stride, strict=True)
    )
    return rows, columns


def remainders(call: Call) -> tuple[int, int]:
    """Return how many padded rows and columns no window reads."""
    r_h, r_w = (
        (side + 2 * p - k) % s
        for side, p, k, s in zip(
            call.x.shape[2:], call.padding, call.weight.shape[2:], call.stride, strict=True
        )
    )
    return r_h, r_w


def stride_capped(call: Call) -> Call:
    """Compute as if no stride were above 2."""
    return replace(call, stride=(min(call.stride[0], 2), min(call.stride[1], 2)))


def kernel_flipped_along(axis: int) -> Callable[[Call], Call]:
    """Turn kernels over along one axis."""
    return lambda call: replace(call, weight=np.flip(call.weight, axis))
