"""The fully connected layer: every output is a weighted sum of every input."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from cnn_reference.arrays import Array, as_floats, expect_axes, expect_shape, he_normal, remembered


def linear_forward(x: Array, weight: Array, bias: Array) -> Array:
    """Multiply by the weights and add the bias: ``x @ weight.T + bias``.

    Parameters
    ----------
    x
        (N, in_features).
    weight
        (out_features, in_features).
    bias
        (out_features,).

    Returns
    -------
    ndarray
        (N, out_features).

    Raises
    ------
    ValueError
        If the shapes do not belong together.

    Examples
    --------
    >>> linear_forward(np.array([[1.0, 2.0]]), np.array([[10.0, 1.0]]), np.array([0.5]))
    array([[12.5]])
    """
    x, weight, bias = as_floats(x, weight, bias)
    _expect_match(x, weight)
    expect_shape("bias", bias, weight.shape[:1])
    return x @ weight.T + bias


def linear_backward(grad_output: Array, x: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Carry the gradient of a loss back to input, weight and bias.

    Parameters
    ----------
    grad_output
        (N, out_features).
    x, weight
        As they were given to `linear_forward`.

    Returns
    -------
    grad_x, grad_weight, grad_bias : ndarray
        Of the shapes of `x`, `weight` and (out_features,); summed over the batch.

    Raises
    ------
    ValueError
        If the shapes do not belong together.

    Examples
    --------
    >>> linear_backward(np.array([[2.0]]), np.array([[3.0, 4.0]]), np.array([[10.0, 1.0]]))
    (array([[20.,  2.]]), array([[6., 8.]]), array([2.]))
    """
    grad_output, x, weight = as_floats(grad_output, x, weight)
    _expect_match(x, weight)
    expect_shape("grad_output", grad_output, (len(x), len(weight)))
    return grad_output @ weight, grad_output.T @ x, grad_output.sum(axis=0)


def _expect_match(x: Array, weight: Array) -> None:
    expect_axes("x", x, "N, in_features")
    expect_axes("weight", weight, "out_features, in_features")
    if x.shape[1] != weight.shape[1]:
        raise ValueError(
            f"x {x.shape} has {x.shape[1]} features, weight {weight.shape} takes {weight.shape[1]}"
        )


class Linear:
    """A fully connected layer with its weights and their gradients.

    Parameters
    ----------
    in_features, out_features
        Lengths of an input and of an output vector.
    rng
        Where the first weights come from (He's normal distribution; the bias is zero).
    dtype
        Of weight and bias; float64 unless given.

    Attributes
    ----------
    weight, grad_weight : ndarray
        (out_features, in_features).
    bias, grad_bias : ndarray
        (out_features,).
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.weight: Array = he_normal((out_features, in_features), rng, dtype)
        self.bias: Array = np.zeros(out_features, dtype)
        self.grad_weight: Array = np.zeros_like(self.weight)
        self.grad_bias: Array = np.zeros_like(self.bias)
        self._x: Array | None = None

    def forward(self, x: Array) -> Array:
        """(N, in_features) -> (N, out_features)."""
        self._x = x
        return linear_forward(x, self.weight, self.bias)

    def backward(self, grad_output: Array) -> Array:
        """Set grad_weight and grad_bias (summed over the batch) and return grad_x."""
        grad_x, self.grad_weight, self.grad_bias = linear_backward(
            grad_output, remembered(self._x), self.weight
        )
        return grad_x
