"""Convolution and pooling as plain nested loops, with nothing done for speed.

Read this module first. The tests compare the vectorised modules with it, and the grader measures speed
relative to it. The functions have the same signatures and errors as in ``conv`` and ``pooling``.
"""

from __future__ import annotations

import numpy as np

from cnn_reference.arrays import Array
from cnn_reference.conv import conv_arguments, conv_grad_arguments
from cnn_reference.pooling import pool_arguments, pool_grad_arguments
from cnn_reference.windows import IntOrPair, crop, pad


def conv2d_forward(
    x: Array, weight: Array, bias: Array, *, stride: IntOrPair = 1, padding: IntOrPair = 0
) -> Array:
    """Cross-correlate; see `cnn_reference.conv.conv2d_forward`."""
    x, weight, bias, windows = conv_arguments(x, weight, bias, stride, padding)
    N, C_out, (s_h, s_w) = len(x), len(weight), windows.stride
    padded = pad(x, windows.padding)
    output = np.zeros((N, C_out, *windows.output), x.dtype)
    for n, o, i, j in np.ndindex(output.shape):
        output[n, o, i, j] = bias[o]
        for c, u, v in np.ndindex(weight.shape[1:]):
            output[n, o, i, j] += weight[o, c, u, v] * padded[n, c, s_h * i + u, s_w * j + v]
    return output


def conv2d_backward(
    grad_output: Array, x: Array, weight: Array, *, stride: IntOrPair = 1, padding: IntOrPair = 0
) -> tuple[Array, Array, Array]:
    """Send each product's share back to its two factors; see `cnn_reference.conv.conv2d_backward`."""
    grad_output, x, weight, windows = conv_grad_arguments(grad_output, x, weight, stride, padding)
    s_h, s_w = windows.stride
    padded = pad(x, windows.padding)
    grad_padded, grad_weight = np.zeros_like(padded), np.zeros_like(weight)
    grad_bias = np.zeros(len(weight), x.dtype)
    for n, o, i, j in np.ndindex(grad_output.shape):
        grad_bias[o] += grad_output[n, o, i, j]
        for c, u, v in np.ndindex(weight.shape[1:]):
            row, column = s_h * i + u, s_w * j + v
            grad_padded[n, c, row, column] += weight[o, c, u, v] * grad_output[n, o, i, j]
            grad_weight[o, c, u, v] += padded[n, c, row, column] * grad_output[n, o, i, j]
    return crop(grad_padded, windows), grad_weight, grad_bias


def max_pool2d_forward(
    x: Array, *, kernel_size: IntOrPair, stride: IntOrPair | None = None, padding: IntOrPair = 0
) -> Array:
    """Take the largest pixel of each window; see `cnn_reference.pooling.max_pool2d_forward`."""
    x, windows = pool_arguments(x, kernel_size, stride, padding)
    (K_h, K_w), (s_h, s_w) = windows.kernel, windows.stride
    padded = pad(x, windows.padding, -np.inf)
    output = np.zeros((*x.shape[:2], *windows.output), x.dtype)
    for n, c, i, j in np.ndindex(output.shape):
        output[n, c, i, j] = padded[n, c, s_h * i : s_h * i + K_h, s_w * j : s_w * j + K_w].max()
    return output


def max_pool2d_backward(
    grad_output: Array,
    x: Array,
    *,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
) -> Array:
    """Send each gradient to its window's first largest pixel; see `pooling.max_pool2d_backward`."""
    grad_output, x, windows = pool_grad_arguments(grad_output, x, kernel_size, stride, padding)
    (K_h, K_w), (s_h, s_w) = windows.kernel, windows.stride
    padded = pad(x, windows.padding, -np.inf)
    grad_padded = np.zeros_like(padded)
    for n, c, i, j in np.ndindex(grad_output.shape):
        window = padded[n, c, s_h * i : s_h * i + K_h, s_w * j : s_w * j + K_w]
        u, v = divmod(int(window.argmax()), K_w)
        grad_padded[n, c, s_h * i + u, s_w * j + v] += grad_output[n, c, i, j]
    return crop(grad_padded, windows)


def avg_pool2d_forward(
    x: Array, *, kernel_size: IntOrPair, stride: IntOrPair | None = None, padding: IntOrPair = 0
) -> Array:
    """Take the mean of each window; see `cnn_reference.pooling.avg_pool2d_forward`."""
    x, windows = pool_arguments(x, kernel_size, stride, padding)
    (K_h, K_w), (s_h, s_w) = windows.kernel, windows.stride
    padded = pad(x, windows.padding)
    output = np.zeros((*x.shape[:2], *windows.output), x.dtype)
    for n, c, i, j in np.ndindex(output.shape):
        for u, v in np.ndindex(K_h, K_w):
            output[n, c, i, j] += padded[n, c, s_h * i + u, s_w * j + v] / (K_h * K_w)
    return output


def avg_pool2d_backward(
    grad_output: Array,
    x: Array,
    *,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
) -> Array:
    """Share each window's gradient among its pixels; see `cnn_reference.pooling.avg_pool2d_backward`."""
    grad_output, x, windows = pool_grad_arguments(grad_output, x, kernel_size, stride, padding)
    (K_h, K_w), (s_h, s_w) = windows.kernel, windows.stride
    grad_padded = np.zeros_like(pad(x, windows.padding))
    for n, c, i, j in np.ndindex(grad_output.shape):
        for u, v in np.ndindex(K_h, K_w):
            grad_padded[n, c, s_h * i + u, s_w * j + v] += grad_output[n, c, i, j] / (K_h * K_w)
    return crop(grad_padded, windows)
