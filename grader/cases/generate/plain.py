"""Every layer as nested loops over single numbers: answers that share no code with the vectorised reference.

Trusted side; pure. Easy to compare with the formulas. Counterexamples are answered by it, and it checks every
set of fresh questions.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_reference import loops
from grader.cases.generate.answers import Doubles, Params
from grader.cases.layers import LAYERS
from grader.cases.model import Arrays
from grader.cases.shapes import window_counts
from grader.worker.layer_kinds import LAYER_KINDS, WINDOW, both

_Array = NDArray[Any]
_Forward = Callable[[Params, Arrays], _Array]
_Backward = Callable[[Params, Arrays], tuple[_Array, ...]]


def plain_answers(kind: str, params: Params, arrays: Arrays) -> Doubles:
    """Return what nested loops answer in float64, by part; see `grader.cases.generate.answers.Source`."""
    if kind == "network":
        return _trained(params, arrays)
    forward, backward = _LAYERS[kind]
    return dict(zip(LAYERS[kind].parts, (forward(params, arrays), *backward(params, arrays)), strict=True))


def _window(params: Params) -> Params:
    return {name: value for name, value in params.items() if name in WINDOW}


def _conv2d(params: Params, a: Arrays) -> _Array:
    # Lists, because a number of an array takes several times as long to read.
    padded, weight, bias = _padded(params, a["x"]), a["weight"].tolist(), a["bias"].tolist()
    (s_h, s_w), output = both(params.get("stride", 1)), np.zeros(_outputs(params, a))
    for n, o, i, j in np.ndindex(output.shape):
        total = bias[o]
        for image, kernel in zip(padded[n], weight[o], strict=True):
            for u, weights in enumerate(kernel):
                pixels = image[s_h * i + u]
                for v, value in enumerate(weights):
                    total += value * pixels[s_w * j + v]
        output[n, o, i, j] = total
    return output


def _conv2d_back(params: Params, a: Arrays) -> tuple[_Array, ...]:
    """Send each product's share back to its two factors."""
    padded, weight, upstream = _padded(params, a["x"]), a["weight"].tolist(), a["grad_output"]
    grad_padded: Any = np.zeros(np.shape(padded)).tolist()
    grad_weight: Any = np.zeros(a["weight"].shape).tolist()
    (s_h, s_w), grad_bias = both(params.get("stride", 1)), np.zeros(len(weight))
    for (n, o, i, j), grad in zip(np.ndindex(upstream.shape), upstream.ravel().tolist(), strict=True):
        grad_bias[o] += grad
        for c, kernel in enumerate(weight[o]):
            for u, weights in enumerate(kernel):
                pixels, grad_pixels = padded[n][c][s_h * i + u], grad_padded[n][c][s_h * i + u]
                grad_weights = grad_weight[o][c][u]
                for v, value in enumerate(weights):
                    grad_pixels[s_w * j + v] += value * grad
                    grad_weights[v] += pixels[s_w * j + v] * grad
    (p_h, p_w), (H, W) = both(params.get("padding", 0)), a["x"].shape[2:]
    grad_x = np.array(grad_padded)[:, :, p_h : p_h + H, p_w : p_w + W]
    return grad_x, np.array(grad_weight), grad_bias


def _padded(params: Params, x: _Array) -> list[Any]:
    p_h, p_w = both(params.get("padding", 0))
    padded: list[Any] = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w))).tolist()
    return padded


def _outputs(params: Params, a: Arrays) -> tuple[int, ...]:
    (N, _, H, W), (C_out, _, K_h, K_w) = a["x"].shape, a["weight"].shape
    return N, C_out, *window_counts({"H": H, "W": W}, {**params, "kernel_size": (K_h, K_w)})


def _max_pool2d(params: Params, a: Arrays) -> _Array:
    return loops.max_pool2d_forward(a["x"], **_window(params))


def _max_pool2d_back(params: Params, a: Arrays) -> tuple[_Array, ...]:
    return (loops.max_pool2d_backward(a["grad_output"], a["x"], **_window(params)),)


def _avg_pool2d(params: Params, a: Arrays) -> _Array:
    return loops.avg_pool2d_forward(a["x"], **_window(params))


def _avg_pool2d_back(params: Params, a: Arrays) -> tuple[_Array, ...]:
    return (loops.avg_pool2d_backward(a["grad_output"], a["x"], **_window(params)),)


def _relu(_: Params, a: Arrays) -> _Array:
    output = np.zeros(a["x"].shape)
    for place, value in np.ndenumerate(a["x"]):
        output[place] = max(float(value), 0.0)
    return output


def _relu_back(_: Params, a: Arrays) -> tuple[_Array, ...]:
    grad_x = np.zeros(a["x"].shape)
    for place, value in np.ndenumerate(a["x"]):
        if value > 0:
            grad_x[place] = a["grad_output"][place]
    return (grad_x,)


def _linear(_: Params, a: Arrays) -> _Array:
    x, weight = a["x"], a["weight"]
    output = np.zeros((len(x), len(weight)))
    for n, o in np.ndindex(output.shape):
        output[n, o] = a["bias"][o]
        for i in range(x.shape[1]):
            output[n, o] += weight[o, i] * x[n, i]
    return output


def _linear_back(_: Params, a: Arrays) -> tuple[_Array, ...]:
    x, weight, upstream = a["x"], a["weight"], a["grad_output"]
    grad_x, grad_weight, grad_bias = np.zeros(x.shape), np.zeros(weight.shape), np.zeros(len(weight))
    for n, o in np.ndindex(upstream.shape):
        grad_bias[o] += upstream[n, o]
        for i in range(x.shape[1]):
            grad_x[n, i] += weight[o, i] * upstream[n, o]
            grad_weight[o, i] += x[n, i] * upstream[n, o]
    return grad_x, grad_weight, grad_bias


def _flatten(_: Params, a: Arrays) -> _Array:
    return np.array([image.ravel() for image in a["x"]])


def _flatten_back(_: Params, a: Arrays) -> tuple[_Array, ...]:
    return (a["grad_output"].reshape(a["x"].shape),)


def _cross_entropy(_: Params, a: Arrays) -> _Array:
    losses = [_log_sum(row) - row[label] for row, label in zip(a["logits"], a["labels"], strict=True)]
    return np.array(math.fsum(losses) / len(losses))


def _cross_entropy_back(_: Params, a: Arrays) -> tuple[_Array, ...]:
    grad = np.zeros(a["logits"].shape)
    for n, row in enumerate(a["logits"]):
        total = _log_sum(row)
        for k, value in enumerate(row):
            grad[n, k] = (math.exp(value - total) - (k == a["labels"][n])) / len(grad)
    return (grad,)


def _log_sum(row: _Array) -> float:
    """Return log(sum(exp(row))), shifted by the largest entry, since exp overflows at 710."""
    largest = float(max(row))
    return largest + math.log(math.fsum(math.exp(value - largest) for value in row))


_LAYERS: Mapping[str, tuple[_Forward, _Backward]] = {
    "conv2d": (_conv2d, _conv2d_back),
    "max_pool2d": (_max_pool2d, _max_pool2d_back),
    "avg_pool2d": (_avg_pool2d, _avg_pool2d_back),
    "relu": (_relu, _relu_back),
    "linear": (_linear, _linear_back),
    "flatten": (_flatten, _flatten_back),
    "cross_entropy": (_cross_entropy, _cross_entropy_back),
}


def _trained(params: Params, arrays: Arrays) -> Doubles:
    """Train a network by plain gradient descent; every layer's backward starts from what its forward got."""
    trained = {name: array for name, array in arrays.items() if name not in ("x", "labels")}
    losses = []
    for x, labels in zip(arrays["x"], arrays["labels"], strict=True):
        given = []
        for i, (kind, own) in enumerate(params["layers"]):
            weights = {name: trained[f"{name}_{i}"] for name in LAYER_KINDS[kind].parameters}
            given.append({"x": x, **weights})
            x = _LAYERS[kind][0](own, given[-1])
        batch = {"logits": x, "labels": labels}
        losses.append(float(_cross_entropy({}, batch)))
        (grad,) = _cross_entropy_back({}, batch)
        for i, (kind, own) in reversed([*enumerate(params["layers"])]):
            grad, *gradients = _LAYERS[kind][1](own, {**given[i], "grad_output": grad})
            for name, gradient in zip(LAYER_KINDS[kind].parameters, gradients, strict=True):
                trained[f"{name}_{i}"] = trained[f"{name}_{i}"] - params["lr"] * gradient
    return {"losses": np.array(losses), **trained}
