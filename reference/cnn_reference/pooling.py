"""Max and average pooling: each window becomes one number, channel by channel.

The loops run over the few places in a window, not over the pixels of an image.
"""

from __future__ import annotations

import numpy as np

from cnn_reference.arrays import Array, as_floats, expect_axes, expect_shape, remembered
from cnn_reference.windows import IntOrPair, Windows, crop, pad, pair, walk


def max_pool2d_forward(
    x: Array, *, kernel_size: IntOrPair, stride: IntOrPair | None = None, padding: IntOrPair = 0
) -> Array:
    """Take the largest pixel of each window.

    Parameters
    ----------
    x
        Images, (N, C, H, W).
    kernel_size, stride, padding
        Pixels: an integer, or (height, width). Without a stride, windows lie side by side. The border
        is minus infinity, so it never wins; it is at most half the kernel, so no window is all border.

    Returns
    -------
    ndarray
        (N, C, H_out, W_out) with ``H_out = (H + 2*p_h - K_h) // s_h + 1`` and W_out alike.

    Raises
    ------
    ValueError
        If the shapes do not fit together, or stride or padding is not possible.

    Examples
    --------
    >>> max_pool2d_forward(np.arange(16.0).reshape(1, 1, 4, 4), kernel_size=2)
    array([[[[ 5.,  7.],
             [13., 15.]]]])
    """
    x, windows = pool_arguments(x, kernel_size, stride, padding)
    return _largest(pad(x, windows.padding, -np.inf), windows)


def max_pool2d_backward(
    grad_output: Array,
    x: Array,
    *,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
) -> Array:
    """Give each window's gradient to its largest pixel; if several tie, to the first in reading order.

    NaN counts as larger than any number, as in the forward pass.

    Parameters
    ----------
    grad_output
        (N, C, H_out, W_out).
    x, kernel_size, stride, padding
        As they were given to `max_pool2d_forward`.

    Returns
    -------
    ndarray
        grad_x, (N, C, H, W). A pixel that wins in several windows gets the sum.

    Raises
    ------
    ValueError
        If the shapes do not fit together, or stride or padding is not possible.

    Examples
    --------
    >>> max_pool2d_backward(np.full((1, 1, 1, 1), 5.0), np.array([[[[1.0, 3.0], [3.0, 2.0]]]]), kernel_size=2)
    array([[[[0., 5.],
             [0., 0.]]]])
    """
    grad_output, x, windows = pool_grad_arguments(grad_output, x, kernel_size, stride, padding)
    padded = pad(x, windows.padding, -np.inf)
    largest = _largest(padded, windows)
    grad_padded = np.zeros_like(padded)
    # The border never wins, not even if all pixels of a window are -inf too.
    inside = pad(np.ones((1, 1, *windows.size)), windows.padding) == 1
    open_windows = np.ones(largest.shape, bool)
    for _, _, rows, columns in windows.taps():
        pixels = padded[:, :, rows, columns]
        wins = open_windows & inside[:, :, rows, columns] & ((pixels == largest) | np.isnan(pixels))
        grad_padded[:, :, rows, columns] += np.where(wins, grad_output, 0)
        open_windows &= ~wins
    return crop(grad_padded, windows)


def avg_pool2d_forward(
    x: Array, *, kernel_size: IntOrPair, stride: IntOrPair | None = None, padding: IntOrPair = 0
) -> Array:
    """Take the mean of each window; pixels of the zero border count.

    Parameters, shapes and errors are those of `max_pool2d_forward`.

    Examples
    --------
    >>> avg_pool2d_forward(np.arange(16.0).reshape(1, 1, 4, 4), kernel_size=2)
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])
    """
    x, windows = pool_arguments(x, kernel_size, stride, padding)
    padded = pad(x, windows.padding)
    total = np.zeros((*x.shape[:2], *windows.output), x.dtype)
    for _, _, rows, columns in windows.taps():
        total += padded[:, :, rows, columns]
    return total / (windows.kernel[0] * windows.kernel[1])


def avg_pool2d_backward(
    grad_output: Array,
    x: Array,
    *,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
) -> Array:
    """Share each window's gradient equally among its pixels.

    Parameters, shapes and errors are those of `max_pool2d_backward`. Of `x` only the shape matters.
    """
    grad_output, x, windows = pool_grad_arguments(grad_output, x, kernel_size, stride, padding)
    share = grad_output / (windows.kernel[0] * windows.kernel[1])
    grad_padded = np.zeros_like(pad(x, windows.padding))
    for _, _, rows, columns in windows.taps():
        grad_padded[:, :, rows, columns] += share
    return crop(grad_padded, windows)


def pool_arguments(
    x: Array, kernel_size: IntOrPair, stride: IntOrPair | None, padding: IntOrPair
) -> tuple[Array, Windows]:
    """Check what a pooling is given; return the images in a float dtype, and the walk."""
    (x,) = as_floats(x)
    expect_axes("x", x, "N, C, H, W")
    windows = walk(x.shape[2:], kernel_size, kernel_size if stride is None else stride, padding)
    if any(2 * p > k for p, k in zip(windows.padding, windows.kernel, strict=True)):
        raise ValueError(f"padding {windows.padding} is more than half of the kernel {windows.kernel}")
    return x, windows


def pool_grad_arguments(
    grad_output: Array, x: Array, kernel_size: IntOrPair, stride: IntOrPair | None, padding: IntOrPair
) -> tuple[Array, Array, Windows]:
    """Check what a pooling's backward pass is given; return the arrays in one dtype, and the walk."""
    grad_output, x = as_floats(grad_output, x)
    x, windows = pool_arguments(x, kernel_size, stride, padding)
    expect_shape("grad_output", grad_output, (*x.shape[:2], *windows.output))
    return grad_output, x, windows


def _largest(padded: Array, windows: Windows) -> Array:
    largest = np.full((*padded.shape[:2], *windows.output), -np.inf, padded.dtype)
    for _, _, rows, columns in windows.taps():
        np.maximum(largest, padded[:, :, rows, columns], out=largest)
    return largest


class MaxPool2d:
    """A max-pooling layer; it has no weights.

    Parameters
    ----------
    kernel_size, stride, padding
        As for `max_pool2d_forward`.
    """

    def __init__(
        self, kernel_size: IntOrPair, stride: IntOrPair | None = None, padding: IntOrPair = 0
    ) -> None:
        self.kernel_size = pair("kernel_size", kernel_size, minimum=1)
        self.stride = self.kernel_size if stride is None else pair("stride", stride, minimum=1)
        self.padding = pair("padding", padding, minimum=0)
        self._x: Array | None = None

    def forward(self, x: Array) -> Array:
        """(N, C, H, W) -> (N, C, H_out, W_out)."""
        self._x = x
        return max_pool2d_forward(x, kernel_size=self.kernel_size, stride=self.stride, padding=self.padding)

    def backward(self, grad_output: Array) -> Array:
        """Return grad_x."""
        return max_pool2d_backward(
            grad_output,
            remembered(self._x),
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
        )


class AvgPool2d:
    """An average-pooling layer; it has no weights.

    Parameters
    ----------
    kernel_size, stride, padding
        As for `avg_pool2d_forward`.
    """

    def __init__(
        self, kernel_size: IntOrPair, stride: IntOrPair | None = None, padding: IntOrPair = 0
    ) -> None:
        self.kernel_size = pair("kernel_size", kernel_size, minimum=1)
        self.stride = self.kernel_size if stride is None else pair("stride", stride, minimum=1)
        self.padding = pair("padding", padding, minimum=0)
        self._x: Array | None = None

    def forward(self, x: Array) -> Array:
        """(N, C, H, W) -> (N, C, H_out, W_out)."""
        self._x = x
        return avg_pool2d_forward(x, kernel_size=self.kernel_size, stride=self.stride, padding=self.padding)

    def backward(self, grad_output: Array) -> Array:
        """Return grad_x."""
        return avg_pool2d_backward(
            grad_output,
            remembered(self._x),
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
        )
