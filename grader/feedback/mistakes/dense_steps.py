"""Right pooling, ReLU, linear layer and loss, step by step, each step replaceable by a mistake.

Trusted side; pure. See `conv_steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import numpy as np

from grader.feedback.mistakes.conv_steps import as_it_is, same, strided
from grader.feedback.mistakes.model import Array, Call, Steps

Pipeline = Callable[[Call, Steps], Array]


def border(call: Call, value: float = -np.inf) -> Array:
    """Return x with a border of `value`."""
    p_h, p_w = call.padding
    return np.pad(call.x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)), constant_values=value)


def flat_windows(padded: Array, call: Call) -> Array:
    """Return each window as one row, (N, C, H_out, W_out, K_h * K_w)."""
    s_h, s_w = call.stride
    seen: Array = strided.sliding_window_view(padded, call.kernel, (2, 3))[:, :, ::s_h, ::s_w]
    return seen.reshape(*seen.shape[:4], -1)


def largest(rows: Array, _: Call) -> Array:
    """Return the maximum of each window."""
    return cast(Array, rows.max(axis=-1))


def first_largest(rows: Array, call: Call) -> Array:
    """Return each window's shares of its gradient: all of it for the first maximum."""
    chosen = np.arange(rows.shape[-1]) == rows.argmax(axis=-1)[..., None]
    return cast(Array, chosen * call.grad_output[..., None])


def put_back(shares: Array, call: Call) -> Array:
    """Add the shares where their windows lay; return the gradient of the padded images."""
    N, C, H, W = call.x.shape
    (p_h, p_w), (s_h, s_w) = call.padding, call.stride
    grad_padded = np.zeros((N, C, H + 2 * p_h, W + 2 * p_w), call.grad_output.dtype)
    for tap, (u, v) in enumerate(np.ndindex(call.kernel)):
        target = grad_padded[:, :, u : u + s_h * shares.shape[2] : s_h, v : v + s_w * shares.shape[3] : s_w]
        target += shares[:, :, : target.shape[2], : target.shape[3], tap]
    return grad_padded


def crop(grad_padded: Array, call: Call) -> Array:
    """Take the border off."""
    (p_h, p_w), (H, W) = call.padding, call.x.shape[2:]
    return grad_padded[:, :, p_h : p_h + H, p_w : p_w + W]


def pool_output(call: Call, steps: Steps) -> Array:
    """Run max pooling forward."""
    call = steps["output.arguments"](call)
    rows = flat_windows(steps["output.pad"](call), call)
    return cast(Array, steps["output.finish"](steps["output.reduce"](rows, call), call))


def pool_grad_x(call: Call, steps: Steps) -> Array:
    """Run max pooling backward."""
    call = steps["grad_x.arguments"](call)
    shares = steps["grad_x.share"](flat_windows(steps["grad_x.pad"](call), call), call)
    cropped = steps["grad_x.crop"](steps["grad_x.scatter"](shares, call), call)
    return cast(Array, steps["grad_x.finish"](cropped, call))


POOL_RIGHT: Steps = {
    "output.arguments": same,
    "output.pad": border,
    "output.reduce": largest,
    "output.finish": as_it_is,
    "grad_x.arguments": same,
    "grad_x.pad": border,
    "grad_x.share": first_largest,
    "grad_x.scatter": put_back,
    "grad_x.crop": crop,
    "grad_x.finish": as_it_is,
}


def single_step(part: str) -> Pipeline:
    """Return the pipeline of a part that one formula computes."""

    def run(call: Call, steps: Steps) -> Array:
        call = steps[f"{part}.arguments"](call)
        return cast(Array, steps[f"{part}.finish"](steps[f"{part}.formula"](call), call))

    return run


def softmax(call: Call) -> Array:
    """Return the probabilities, (N, classes)."""
    return np.exp(log_softmax(call))


def log_softmax(call: Call) -> Array:
    """Return the logarithms of the probabilities, from shifted logits."""
    shifted = call.x - call.x.max(axis=1, keepdims=True)
    return cast(Array, shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def one_hot(call: Call) -> Array:
    """Return 1 at each row's label, 0 elsewhere."""
    return np.eye(call.x.shape[1], dtype=call.x.dtype)[call.labels]


def _loss(call: Call) -> Array:
    return np.asarray(-log_softmax(call)[np.arange(len(call.labels)), call.labels].mean())


_FORMULAS: Mapping[str, Mapping[str, Callable[[Call], Array]]] = {
    "relu": {
        "output": lambda call: np.maximum(call.x, 0),
        "grad_x": lambda call: call.grad_output * (call.x > 0),
    },
    "linear": {
        "output": lambda call: call.x @ call.weight.T + call.bias,
        "grad_x": lambda call: call.grad_output @ call.weight,
        "grad_weight": lambda call: call.grad_output.T @ call.x,
        "grad_bias": lambda call: call.grad_output.sum(axis=0),
    },
    "cross_entropy": {
        "output": _loss,
        "grad_logits": lambda call: (softmax(call) - one_hot(call)) / len(call.x),
    },
}

PARTS: Mapping[str, Mapping[str, Pipeline]] = {
    "max_pool2d": {"output": pool_output, "grad_x": pool_grad_x},
    **{kind: {part: single_step(part) for part in parts} for kind, parts in _FORMULAS.items()},
}

RIGHT: Mapping[str, Steps] = {
    "max_pool2d": POOL_RIGHT,
    **{
        kind: {
            f"{part}.{step}": function
            for part, formula in parts.items()
            for step, function in (("arguments", same), ("formula", formula), ("finish", as_it_is))
        }
        for kind, parts in _FORMULAS.items()
    },
}
