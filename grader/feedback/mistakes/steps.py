"""The right layers, step by step: the one pipeline whose steps the mistakes replace.

Trusted side; pure. Where `cnn_reference` refuses what a mistake makes of the arguments, a step computes as
far as it goes, as students' loops do: a gradient too short or too long for its windows is used in part.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.lib import stride_tricks

from cnn_reference.arrays import Array
from cnn_reference.conv import conv_arguments
from cnn_reference.loss import cross_entropy_backward, cross_entropy_forward
from cnn_reference.windows import pad as bordered
from grader.feedback.mistakes.model import FormSteps, LayerCall, StepFunction

# NumPy's stubs know the view of one axis only.
_strided: Any = stride_tricks


def check(call: LayerCall) -> LayerCall:
    """Refuse arguments of a convolution that make no sense, as the reference does."""
    conv_arguments(call.x, call.weight, call.bias, call.stride, call.padding)
    return call


def as_it_is(value: Any, *_: LayerCall) -> Any:
    """Return a call, or a result, unchanged."""
    return value


def pad(call: LayerCall, value: float = 0.0) -> Array:
    """Return x with its border, (N, C, H + 2*p_h, W + 2*p_w)."""
    return bordered(call.x, call.padding, value)


def windows(padded: Array, call: LayerCall) -> Array:
    """Return each window of the padded images, (N, C, H_out, W_out, K_h, K_w), a view.

    There are none where the formula for the output's size gives 0, as in students' loops.
    """
    s_h, s_w = call.stride
    sizes = zip(padded.shape[2:], call.window, call.stride, strict=True)
    counts = [(side - k) // max(s, 1) + 1 for side, k, s in sizes]
    if min(counts) == 0:
        return np.zeros((*padded.shape[:2], *counts, *call.window), padded.dtype)
    return cast(Array, _strided.sliding_window_view(padded, call.window, (2, 3))[:, :, ::s_h, ::s_w])


def correlate(seen: Array, call: LayerCall) -> Array:
    """Return the weighted sum of each window, (N, C_out, H_out, W_out), without bias."""
    sums = np.tensordot(seen, call.weight, axes=([1, 4, 5], [1, 2, 3]))
    return np.ascontiguousarray(sums.transpose(0, 3, 1, 2))


def share(call: LayerCall) -> Array:
    """Return each window's share of grad_x, in the shape of the windows."""
    return np.tensordot(call.grad_output, call.weight, axes=(1, 0)).transpose(0, 3, 1, 2, 4, 5)


def scatter(shares: Array, call: LayerCall) -> Array:
    """Add the shares where their windows lay; return the gradient of the padded images."""
    grad_padded = np.zeros(pad(call).shape, call.grad_output.dtype)
    (s_h, s_w), (rows, columns) = call.stride, shares.shape[2:4]
    blocks = shares.reshape(*shares.shape[:4], *call.window)
    for u, v in np.ndindex(*call.window):
        target = grad_padded[:, :, u : u + s_h * rows : s_h, v : v + s_w * columns : s_w]
        target += blocks[:, :, : target.shape[2], : target.shape[3], u, v]
    return grad_padded


def crop(grad_padded: Array, call: LayerCall) -> Array:
    """Take the border off."""
    (p_h, p_w), (H, W) = call.padding, call.x.shape[2:]
    return grad_padded[:, :, p_h : p_h + H, p_w : p_w + W]


def weigh(seen: Array, call: LayerCall) -> Array:
    """Return grad_weight: each window times its gradient, summed over images and windows."""
    rows, columns = np.minimum(seen.shape[2:4], call.grad_output.shape[2:])
    gradient = call.grad_output[:, :, :rows, :columns]
    return np.tensordot(gradient, seen[:, :, :rows, :columns], axes=([0, 2, 3], [0, 2, 3]))


def flat_windows(padded: Array, call: LayerCall) -> Array:
    """Return each window as one row, (N, C, H_out, W_out, K_h * K_w)."""
    seen = windows(padded, call)
    return seen.reshape(*seen.shape[:4], -1)


def first_largest(rows: Array, call: LayerCall) -> Array:
    """Give each window's gradient to its first maximum."""
    chosen = np.arange(rows.shape[-1]) == rows.argmax(axis=-1)[..., None]
    return cast(Array, chosen * call.grad_output[..., None])


def share_equally(call: LayerCall) -> Array:
    """Return each window's gradient, divided among its pixels, (N, C, H_out, W_out, K_h * K_w)."""
    area = call.window[0] * call.window[1]
    return np.repeat(call.grad_output[..., None] / area, area, axis=-1)


PIPELINE: Mapping[str, Mapping[str, FormSteps]] = {
    "conv2d": {
        "output": {
            "check": check,
            "pad": pad,
            "windows": windows,
            "correlate": correlate,
            "bias": lambda sums, call: sums + call.bias[:, None, None],
        },
        "grad_x": {"share": share, "scatter": scatter, "crop": crop},
        "grad_weight": {"pad": pad, "windows": windows, "weigh": weigh},
        "grad_bias": {"formula": lambda call: call.grad_output.sum(axis=(0, 2, 3))},
    },
    "max_pool2d": {
        "output": {
            "pad": partial(pad, value=-np.inf),
            "windows": flat_windows,
            "reduce": lambda rows, _: rows.max(axis=-1),
        },
        "grad_x": {
            "pad": partial(pad, value=-np.inf),
            "windows": flat_windows,
            "share": first_largest,
            "scatter": scatter,
            "crop": crop,
        },
    },
    "avg_pool2d": {
        "output": {"pad": pad, "windows": flat_windows, "reduce": lambda rows, _: rows.mean(axis=-1)},
        "grad_x": {"share": share_equally, "scatter": scatter, "crop": crop},
    },
    "relu": {
        "output": {"formula": lambda call: np.maximum(call.x, 0)},
        "grad_x": {"formula": lambda call: call.grad_output * (call.x > 0)},
    },
    "linear": {
        "output": {
            "product": lambda call: call.x @ call.weight.T,
            "bias": lambda rows, call: rows + call.bias,
        },
        "grad_x": {"formula": lambda call: call.grad_output @ call.weight},
        "grad_weight": {"formula": lambda call: call.grad_output.T @ call.x},
        "grad_bias": {"formula": lambda call: call.grad_output.sum(axis=0)},
    },
    "cross_entropy": {
        "output": {"formula": lambda call: np.asarray(cross_entropy_forward(call.x, call.labels))},
        "grad_logits": {"formula": lambda call: cross_entropy_backward(call.x, call.labels)},
    },
}
"""The right steps of each part of each kind of layer, in order.

Before them come ``check``, ``refuse`` and ``arguments``, which take and return the call. The first of the
steps takes the call; the others, and ``finish`` after them, take the result so far and the call.
"""


def compute(kind: str, part: str, call: LayerCall, replaced: FormSteps) -> Array:
    """Run one part of a layer; `replaced` steps, by ``part.step``, take the place of the right ones."""
    right: dict[str, StepFunction] = {
        "check": as_it_is,
        "refuse": as_it_is,
        "arguments": as_it_is,
        **PIPELINE[kind][part],
        "finish": as_it_is,
    }
    steps = (replaced.get(f"{part}.{name}", step) for name, step in right.items())
    check_call, refuse, arguments, first, *others = steps
    call = arguments(refuse(check_call(call)))
    result = first(call)
    for step in others:
        result = step(result, call)
    return cast(Array, result)
