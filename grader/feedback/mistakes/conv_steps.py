"""A right convolution, step by step, each step replaceable by a mistake.

Trusted side; pure. Unlike `cnn_reference.conv`, the steps compute with whatever they are given: a gradient
too short or too long for its windows is used as far as it goes, as students' loops do.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.lib import stride_tricks

from cnn_reference.conv import conv_arguments
from grader.feedback.mistakes.model import Array, Call, Steps

# NumPy's stubs know the view of one axis only.
strided: Any = stride_tricks


def check(call: Call) -> Call:
    """Refuse arguments that make no sense, as the reference does."""
    conv_arguments(call.x, call.weight, call.bias, call.stride, call.padding)
    return call


def same(call: Call) -> Call:
    """Leave the arguments as they are."""
    return call


def as_it_is(result: Array, _: Call) -> Array:
    """Leave a result as it is."""
    return result


def pad(call: Call) -> Array:
    """Return x with its border of zeros, (N, C_in, H + 2*p_h, W + 2*p_w)."""
    p_h, p_w = call.padding
    return np.pad(call.x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))


def windows(padded: Array, call: Call) -> Array:
    """Return each window of the padded images, (N, C_in, H_out, W_out, K_h, K_w), a view."""
    s_h, s_w = call.stride
    return cast(Array, strided.sliding_window_view(padded, call.weight.shape[2:], (2, 3))[:, :, ::s_h, ::s_w])


def correlate(padded: Array, call: Call) -> Array:
    """Return the weighted sum of each window, (N, C_out, H_out, W_out), without bias."""
    sums = np.tensordot(windows(padded, call), call.weight, axes=([1, 4, 5], [1, 2, 3]))
    return np.ascontiguousarray(sums.transpose(0, 3, 1, 2))


def add_bias(sums: Array, call: Call) -> Array:
    """Add each output channel's bias."""
    return sums + call.bias[:, None, None]


def scatter(call: Call) -> Array:
    """Return the gradient of the padded images: each window's share, added where the window lay."""
    N, C_in, H, W = call.x.shape
    (p_h, p_w), (s_h, s_w) = call.padding, call.stride
    grad_padded = np.zeros((N, C_in, H + 2 * p_h, W + 2 * p_w), call.grad_output.dtype)
    shares = np.tensordot(call.grad_output, call.weight, axes=(1, 0)).transpose(0, 3, 1, 2, 4, 5)
    rows, columns = shares.shape[2:4]
    for u, v in np.ndindex(shares.shape[4:]):
        target = grad_padded[:, :, u : u + s_h * rows : s_h, v : v + s_w * columns : s_w]
        target += shares[:, :, : target.shape[2], : target.shape[3], u, v]
    return grad_padded


def crop(grad_padded: Array, call: Call) -> Array:
    """Take the border off."""
    (p_h, p_w), (H, W) = call.padding, call.x.shape[2:]
    return grad_padded[:, :, p_h : p_h + H, p_w : p_w + W]


def weigh(padded: Array, call: Call) -> Array:
    """Return grad_weight: each window times its gradient, summed over images and windows."""
    seen = windows(padded, call)
    rows, columns = np.minimum(seen.shape[2:4], call.grad_output.shape[2:])
    gradient = call.grad_output[:, :, :rows, :columns]
    return np.tensordot(gradient, seen[:, :, :rows, :columns], axes=([0, 2, 3], [0, 2, 3]))


def total(call: Call) -> Array:
    """Return grad_bias: the gradient summed over images and positions, (C_out,)."""
    return cast(Array, call.grad_output.sum(axis=(0, 2, 3)))


def output(call: Call, steps: Steps) -> Array:
    """Run the forward pass."""
    call = steps["output.arguments"](steps["output.check"](call))
    sums = steps["output.correlate"](steps["output.pad"](call), call)
    return cast(Array, steps["output.finish"](steps["output.bias"](sums, call), call))


def grad_x(call: Call, steps: Steps) -> Array:
    """Run the backward pass to the input."""
    call = steps["grad_x.arguments"](call)
    grad_padded = steps["grad_x.scatter"](call)
    return cast(Array, steps["grad_x.finish"](steps["grad_x.crop"](grad_padded, call), call))


def grad_weight(call: Call, steps: Steps) -> Array:
    """Run the backward pass to the weight."""
    call = steps["grad_weight.arguments"](call)
    gradient = steps["grad_weight.weigh"](steps["grad_weight.pad"](call), call)
    return cast(Array, steps["grad_weight.finish"](gradient, call))


def grad_bias(call: Call, steps: Steps) -> Array:
    """Run the backward pass to the bias."""
    call = steps["grad_bias.arguments"](call)
    return cast(Array, steps["grad_bias.finish"](steps["grad_bias.total"](call), call))


RIGHT: Steps = {
    "output.check": check,
    "output.arguments": same,
    "output.pad": pad,
    "output.correlate": correlate,
    "output.bias": add_bias,
    "output.finish": as_it_is,
    "grad_x.arguments": same,
    "grad_x.scatter": scatter,
    "grad_x.crop": crop,
    "grad_x.finish": as_it_is,
    "grad_weight.arguments": same,
    "grad_weight.pad": pad,
    "grad_weight.weigh": weigh,
    "grad_weight.finish": as_it_is,
    "grad_bias.arguments": same,
    "grad_bias.total": total,
    "grad_bias.finish": as_it_is,
}
"""The right steps, by name."""

PARTS = {"output": output, "grad_x": grad_x, "grad_weight": grad_weight, "grad_bias": grad_bias}
