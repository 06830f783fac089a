"""Layers without parameters: ReLU, which changes each number by itself, and Flatten."""

from __future__ import annotations

import numpy as np

from cnn_reference.arrays import Array, as_floats, expect_shape, remembered


def relu_forward(x: Array) -> Array:
    """Replace negative numbers by zero, in an array of any shape.

    >>> relu_forward(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """
    (x,) = as_floats(x)
    return np.maximum(x, 0)


def relu_backward(grad_output: Array, x: Array) -> Array:
    """Let the gradient through where `x` is positive; at exactly zero it is zero, as in PyTorch.

    Parameters
    ----------
    grad_output, x
        Of one shape, any.

    Returns
    -------
    ndarray
        grad_x, of the same shape.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> relu_backward(np.array([5.0, 6.0, 7.0]), np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 7.])
    """
    grad_output, x = as_floats(grad_output, x)
    expect_shape("grad_output", grad_output, x.shape)
    return np.where(x > 0, grad_output, np.zeros((), x.dtype))


class ReLU:
    """The rectifier as a layer; it has no weights."""

    def __init__(self) -> None:
        self._x: Array | None = None

    def forward(self, x: Array) -> Array:
        """Return max(x, 0), of any shape."""
        self._x = x
        return relu_forward(x)

    def backward(self, grad_output: Array) -> Array:
        """Return grad_x."""
        return relu_backward(grad_output, remembered(self._x))


class Flatten:
    """From images to vectors: (N, C, H, W) -> (N, C*H*W), and back."""

    def __init__(self) -> None:
        self._x: Array | None = None

    def forward(self, x: Array) -> Array:
        """(N, ...) -> (N, product of the rest)."""
        self._x = x
        # Not reshape(len(x), -1), which cannot tell the size of an empty batch's rows.
        return x.reshape(len(x), int(np.prod(x.shape[1:])))

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient in the shape of the input."""
        x = remembered(self._x)
        expect_shape("grad_output", grad_output, (len(x), int(np.prod(x.shape[1:]))))
        return grad_output.reshape(x.shape)
