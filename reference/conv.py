"""The convolution layer, forward and backward, without a Python loop over pixels.

As in every deep-learning library it is a cross-correlation: the kernel is not flipped.
``loops`` has the same functions as nested loops; ``DERIVATION.md`` derives the gradients.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import DTypeLike

from reference.arrays import Array, as_floats, expect_axes, expect_shape, he_normal, remembered
from reference.windows import IntOrPair, Pair, Windows, crop, pad, pair, walk, window_view

# A block's columns should still be in the cache when they are multiplied ...
COLUMN_BYTES = 1 << 20
# ... but a matrix product of fewer columns than this spends its time on preparing the kernels.
FEWEST_COLUMNS = 512


def conv2d_forward(
    x: Array, weight: Array, bias: Array, *, stride: IntOrPair = 1, padding: IntOrPair = 0
) -> Array:
    """Slide each kernel over each image and sum the products.

    ``output[n, o, i, j] = bias[o] + sum over c, u, v of
    weight[o, c, u, v] * padded[n, c, s_h*i + u, s_w*j + v]``

    Parameters
    ----------
    x
        Images, (N, C_in, H, W).
    weight
        Kernels, (C_out, C_in, K_h, K_w).
    bias
        (C_out,).
    stride, padding
        Pixels: an integer, or (height, width). The border is zero.

    Returns
    -------
    ndarray
        (N, C_out, H_out, W_out) with ``H_out = (H + 2*p_h - K_h) // s_h + 1`` and W_out alike; float32
        if all arguments are, else float64.

    Raises
    ------
    ValueError
        If the shapes do not belong together, or the stride or padding is no possible one.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d_forward(x, np.ones((1, 1, 2, 2)), np.zeros(1))
    array([[[[ 8., 12.],
             [20., 24.]]]])
    """
    x, weight, bias, windows = conv_arguments(x, weight, bias, stride, padding)
    view, kernels = window_view(pad(x, windows.padding), windows), weight.reshape(len(weight), -1)
    output = np.empty((len(x), len(weight), *windows.output), x.dtype)
    for images, rows in _blocks(view):
        target = output[images, :, rows].swapaxes(0, 1)
        product = kernels @ _columns(view[images, :, rows])
        np.add(product.reshape(target.shape), bias[:, np.newaxis, np.newaxis, np.newaxis], out=target)
    return output


def conv2d_backward(
    grad_output: Array, x: Array, weight: Array, *, stride: IntOrPair = 1, padding: IntOrPair = 0
) -> tuple[Array, Array, Array]:
    """Carry the gradient of a loss from the output back to input, weight and bias.

    Parameters
    ----------
    grad_output
        Gradient of the loss with respect to the output, (N, C_out, H_out, W_out).
    x, weight, stride, padding
        As they were given to `conv2d_forward`.

    Returns
    -------
    grad_x, grad_weight, grad_bias : ndarray
        Of the shapes of `x`, `weight` and (C_out,). All are sums over the batch, not means. Pixels of
        the remainder, which no window reads, have gradient zero.

    Raises
    ------
    ValueError
        If the shapes do not belong together, or the stride or padding is no possible one.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> grad_x, grad_weight, grad_bias = conv2d_backward(np.ones((1, 1, 2, 2)), x, np.ones((1, 1, 2, 2)))
    >>> grad_x
    array([[[[1., 2., 1.],
             [2., 4., 2.],
             [1., 2., 1.]]]])
    """
    grad_output, x, weight, windows = conv_grad_arguments(grad_output, x, weight, stride, padding)
    padded = pad(x, windows.padding)
    view, kernels = window_view(padded, windows), weight.reshape(len(weight), -1)
    grad_padded, grad_kernels = np.zeros_like(padded), np.zeros_like(kernels)
    for images, rows in _blocks(view):
        grad_product = grad_output[images, :, rows].swapaxes(0, 1).reshape(len(weight), -1)
        grad_kernels += grad_product @ _columns(view[images, :, rows]).T
        grad_columns = (kernels.T @ grad_product).reshape(_by_tap(view[images, :, rows]).shape)
        _scatter(grad_columns, grad_padded[images, :, rows.start * windows.stride[0] :], windows.stride)
    return crop(grad_padded, windows), grad_kernels.reshape(weight.shape), grad_output.sum(axis=(0, 2, 3))


def _blocks(view: Array) -> Iterator[tuple[slice, slice]]:
    """Cut the windows into blocks of several images, or of some rows of one: (images, rows).

    `view` is (N, C_in, H_out, W_out, K_h, K_w).
    """
    N, C_in, H_out, W_out, K_h, K_w = view.shape
    pixels = max(COLUMN_BYTES // (C_in * K_h * K_w * view.itemsize), FEWEST_COLUMNS)
    some_images, some_rows = max(1, pixels // (H_out * W_out)), max(1, pixels // W_out)
    for n in range(0, N, some_images):
        for i in range(0, H_out, some_rows):
            yield slice(n, n + some_images), slice(i, i + some_rows)


def _by_tap(view: Array) -> Array:
    """Put the places in the window first: (n, C_in, h, w, K_h, K_w) -> (C_in, K_h, K_w, n, h, w), a view."""
    return view.transpose(1, 4, 5, 0, 2, 3)


def _columns(view: Array) -> Array:
    """Copy each window into a column (im2col): (n, C_in, h, w, K_h, K_w) -> (C_in*K_h*K_w, n*h*w)."""
    n, C_in, h, w, K_h, K_w = view.shape
    return _by_tap(view).reshape(C_in * K_h * K_w, n * h * w)


def _scatter(grad_columns: Array, grad_padded: Array, stride: Pair) -> None:
    """Add each window's gradient to the pixels it was read from: the transpose of `_columns`.

    First down, then across: K_h + K_w additions of long rows instead of K_h * K_w of short ones.

    Parameters
    ----------
    grad_columns
        (C_in, K_h, K_w, n, h, w).
    grad_padded
        (n, C_in, at least s_h*(h - 1) + K_h, W + 2*p_w), changed in place.
    stride
        (s_h, s_w).
    """
    (C_in, K_h, K_w, n, h, w), (s_h, s_w) = grad_columns.shape, stride
    grad_rows = np.zeros((C_in, K_w, n, s_h * (h - 1) + K_h, w), grad_columns.dtype)
    for u in range(K_h):
        grad_rows[:, :, :, u : u + s_h * h : s_h] += grad_columns[:, u]
    target = grad_padded[:, :, : grad_rows.shape[3]].swapaxes(0, 1)
    for v in range(K_w):
        target[..., v : v + s_w * w : s_w] += grad_rows[:, v]


def conv_arguments(
    x: Array, weight: Array, bias: Array, stride: IntOrPair, padding: IntOrPair
) -> tuple[Array, Array, Array, Windows]:
    """Check what `conv2d_forward` is given; return the arrays in one dtype, and the walk."""
    x, weight, bias = as_floats(x, weight, bias)
    expect_axes("x", x, "N, C_in, H, W")
    expect_axes("weight", weight, "C_out, C_in, K_h, K_w")
    expect_shape("bias", bias, weight.shape[:1])
    if x.shape[1] != weight.shape[1]:
        raise ValueError(
            f"x {x.shape} has {x.shape[1]} channels, weight {weight.shape} takes {weight.shape[1]}"
        )
    return x, weight, bias, walk(x.shape[2:], weight.shape[2:], stride, padding)


def conv_grad_arguments(
    grad_output: Array, x: Array, weight: Array, stride: IntOrPair, padding: IntOrPair
) -> tuple[Array, Array, Array, Windows]:
    """Check what `conv2d_backward` is given; return the arrays in one dtype, and the walk."""
    grad_output, x, weight = as_floats(grad_output, x, weight)
    *_, windows = conv_arguments(x, weight, np.zeros(weight.shape[:1]), stride, padding)
    expect_shape("grad_output", grad_output, (len(x), len(weight), *windows.output))
    return grad_output, x, weight, windows


class Conv2d:
    """A convolution layer with its weights and their gradients.

    Parameters
    ----------
    in_channels, out_channels
        C_in and C_out.
    kernel_size, stride, padding
        Pixels: an integer, or (height, width).
    rng
        Where the first weights come from (He's normal distribution; the bias is zero).
    dtype
        Of weight and bias; float64 unless given.

    Attributes
    ----------
    weight, grad_weight : ndarray
        (C_out, C_in, K_h, K_w).
    bias, grad_bias : ndarray
        (C_out,).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: IntOrPair,
        stride: IntOrPair = 1,
        padding: IntOrPair = 0,
        *,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        shape = (out_channels, in_channels, *pair("kernel_size", kernel_size, minimum=1))
        self.stride, self.padding = pair("stride", stride, minimum=1), pair("padding", padding, minimum=0)
        self.weight: Array = he_normal(shape, rng, dtype)
        self.bias: Array = np.zeros(out_channels, dtype)
        self.grad_weight: Array = np.zeros_like(self.weight)
        self.grad_bias: Array = np.zeros_like(self.bias)
        self._x: Array | None = None

    def forward(self, x: Array) -> Array:
        """(N, C_in, H, W) -> (N, C_out, H_out, W_out)."""
        self._x = x
        return conv2d_forward(x, self.weight, self.bias, stride=self.stride, padding=self.padding)

    def backward(self, grad_output: Array) -> Array:
        """Set grad_weight and grad_bias (summed over the batch) and return grad_x."""
        grad_x, self.grad_weight, self.grad_bias = conv2d_backward(
            grad_output, remembered(self._x), self.weight, stride=self.stride, padding=self.padding
        )
        return grad_x
