"""The convolution layer, forward and backward, without a Python loop over pixels.

As in every deep-learning library it is a cross-correlation: the kernel is not flipped.
``loops`` has the same functions as nested loops; ``DERIVATION.md`` derives the gradients.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import DTypeLike

from cnn_reference.arrays import Array, as_floats, expect_axes, expect_shape, he_normal, remembered
from cnn_reference.windows import IntOrPair, Pair, Windows, crop, pad, pair, walk, window_view

# A block of windows should still be in the cache when it is multiplied ...
BLOCK_BYTES = 1 << 19
# ... but BLAS rearranges the kernels for each product, which is too costly for fewer windows than this.
FEWEST_WINDOWS = 512
# NumPy copies and adds fast if at least this many numbers are next to each other in memory.
LONG_RUN = 16


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
        if all arguments are, else float64. In memory the channels are the last axis.

    Raises
    ------
    ValueError
        If the shapes do not fit together, or the stride or padding is not possible.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d_forward(x, np.ones((1, 1, 2, 2)), np.zeros(1))
    array([[[[ 8., 12.],
             [20., 24.]]]])
    """
    x, weight, bias, windows = conv_arguments(x, weight, bias, stride, padding)
    channels_last = windows.kernel[1] * x.shape[1] >= LONG_RUN
    view, kernels = window_view(_padded(x, windows, channels_last), windows), _kernel_rows(weight)
    output = np.empty((len(x), *windows.output, len(weight)), x.dtype)
    bias_of_row = np.tile(bias, windows.output[1])
    for images, rows in _blocks(view):
        block = output[images, rows]
        window_rows = _window_rows(view[images, :, rows], channels_last)
        np.matmul(window_rows, kernels.T, out=block.reshape(-1, len(weight)))
        block.reshape(-1, bias_of_row.size)[...] += bias_of_row
    return output.transpose(0, 3, 1, 2)


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
        If the shapes do not fit together, or the stride or padding is not possible.

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
    channels_last = x.shape[1] >= LONG_RUN
    padded = _padded(x, windows, channels_last)
    view, kernels = window_view(padded, windows), _kernel_rows(weight)
    grad_padded = np.zeros_like(padded)
    # In the memory order of the windows' rows, because BLAS is faster if it need not transpose.
    grad_kernels = np.zeros_like(kernels, order="C" if channels_last else "F")
    share = np.empty_like(grad_kernels)
    for images, rows in _blocks(view):
        grad_product = grad_output[images, :, rows].swapaxes(0, 1).reshape(len(weight), -1)
        window_rows = _window_rows(view[images, :, rows], channels_last)
        grad_kernels += np.matmul(grad_product, window_rows, out=share)
        grad_rows = np.matmul(grad_product.T, kernels, out=np.empty_like(window_rows))
        grad_windows = grad_rows.reshape(_by_place(view[images, :, rows]).shape)
        _scatter(grad_windows, grad_padded[images, :, rows.start * windows.stride[0] :], windows.stride)
    grad_weight = grad_kernels.reshape(len(weight), *windows.kernel, -1).transpose(0, 3, 1, 2)
    return crop(grad_padded, windows), grad_weight, grad_output.sum(axis=(0, 2, 3))


def _padded(x: Array, windows: Windows, channels_last: bool) -> Array:
    """Pad the images; (N, C_in, H + 2*p_h, W + 2*p_w) with the channels last in memory, if wanted."""
    padded = pad(x, windows.padding)
    if not channels_last:
        return padded
    return np.ascontiguousarray(padded.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def _kernel_rows(weight: Array) -> Array:
    """Make each kernel a row: (C_out, C_in, K_h, K_w) -> (C_out, K_h*K_w*C_in)."""
    return weight.transpose(0, 2, 3, 1).reshape(len(weight), -1)


def _blocks(view: Array) -> Iterator[tuple[slice, slice]]:
    """Cut the windows into blocks of several images, or of some rows of one: (images, rows).

    `view` is (N, C_in, H_out, W_out, K_h, K_w).
    """
    N, C_in, H_out, W_out, K_h, K_w = view.shape
    pixels = max(BLOCK_BYTES // (C_in * K_h * K_w * view.itemsize), FEWEST_WINDOWS)
    some_images, some_rows = max(1, pixels // (H_out * W_out)), max(1, pixels // W_out)
    for n in range(0, N, some_images):
        for i in range(0, H_out, some_rows):
            yield slice(n, n + some_images), slice(i, i + some_rows)


def _by_place(view: Array) -> Array:
    """Put the channels last: (n, C_in, h, w, K_h, K_w) -> (n, h, w, K_h, K_w, C_in), a view."""
    return view.transpose(0, 2, 3, 4, 5, 1)


def _window_rows(view: Array, channels_last: bool) -> Array:
    """Copy each window into a row (im2col): (n, C_in, h, w, K_h, K_w) -> (n*h*w, K_h*K_w*C_in).

    If the channels are last in memory, each row (one window) is copied in long pieces. If not, a window
    takes only K_w pixels of an image row, so the result is laid out column by column: neighbouring windows
    read neighbouring pixels, and the pieces are as long as the output is wide.
    """
    n, C_in, h, w, K_h, K_w = view.shape
    if channels_last:
        return _by_place(view).reshape(n * h * w, K_h * K_w * C_in)
    return view.transpose(4, 5, 1, 0, 2, 3).reshape(K_h * K_w * C_in, n * h * w).T


def _scatter(grad_windows: Array, grad_padded: Array, stride: Pair) -> None:
    """Add each window's gradient to the pixels it was read from: the transpose of `_window_rows`.

    Row and column of a pixel, s_h*i + u and s_w*j + v, do not depend on each other. So the gradients are
    added first down and then across: K_h + K_w additions of long pieces instead of K_h * K_w short ones.

    Parameters
    ----------
    grad_windows
        (n, h, w, K_h, K_w, C_in).
    grad_padded
        (n, C_in, at least s_h*(h - 1) + K_h, W + 2*p_w), changed in place.
    stride
        (s_h, s_w).
    """
    (n, h, w, K_h, K_w, C_in), (s_h, s_w) = grad_windows.shape, stride
    # zeros_like keeps the order of the axes in memory, so that both additions run over long pieces.
    grad_down = np.zeros_like(grad_windows[:, :, :, 0], shape=(n, s_h * (h - 1) + K_h, w, K_w, C_in))
    for u in range(K_h):
        # Within one u no pixel occurs twice, so `+=` on the slice adds every share.
        grad_down[:, u : u + s_h * h : s_h] += grad_windows[:, :, :, u]
    target = grad_padded[:, :, : grad_down.shape[1]].transpose(0, 2, 3, 1)
    for v in range(K_w):
        target[:, :, v : v + s_w * w : s_w] += grad_down[:, :, :, v]


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
    *_, windows = conv_arguments(x, weight, np.zeros(weight.shape[:1], x.dtype), stride, padding)
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
