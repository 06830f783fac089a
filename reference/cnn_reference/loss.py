"""Softmax and cross-entropy in one step, so that no exponential overflows and no logarithm is infinite."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnn_reference.arrays import Array, as_floats, expect_axes, expect_shape


def cross_entropy_forward(logits: Array, labels: ArrayLike) -> float:
    """Mean over the batch of minus the log-probability of the right class.

    Parameters
    ----------
    logits
        (N, classes), any real numbers.
    labels
        (N,), integers from 0 to classes - 1.

    Returns
    -------
    float
        ``mean over n of log(sum over k of exp(logits[n, k])) - logits[n, labels[n]]``.

    Raises
    ------
    ValueError
        If the shapes differ, the batch is empty, or a label is not a class.

    Examples
    --------
    >>> round(cross_entropy_forward(np.array([[1000.0, 0.0]]), np.array([1])), 3)
    1000.0
    """
    logits, right = _loss_arguments(logits, labels)
    log_probabilities = _log_softmax(logits)
    return float(-log_probabilities[np.arange(len(right)), right].mean())


def cross_entropy_backward(logits: Array, labels: ArrayLike) -> Array:
    """Gradient of the mean loss: ``(softmax(logits) - one_hot(labels)) / N``.

    Parameters and errors are those of `cross_entropy_forward`.

    Returns
    -------
    ndarray
        grad_logits, (N, classes). Each row sums to zero.

    Examples
    --------
    >>> cross_entropy_backward(np.zeros((1, 4)), np.array([2]))
    array([[ 0.25,  0.25, -0.75,  0.25]])
    """
    logits, right = _loss_arguments(logits, labels)
    grad_logits = np.exp(_log_softmax(logits))
    grad_logits[np.arange(len(right)), right] -= 1
    return grad_logits / len(right)


def _log_softmax(logits: Array) -> Array:
    # Softmax does not change when a row is shifted; with its largest entry at 0, exp stays in [0, 1].
    shifted = logits - logits.max(axis=1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def _loss_arguments(logits: Array, labels: ArrayLike) -> tuple[Array, NDArray[Any]]:
    (logits,) = as_floats(logits)
    right = np.asarray(labels)
    expect_axes("logits", logits, "N, classes")
    expect_shape("labels", right, logits.shape[:1])
    if logits.size == 0:
        raise ValueError(f"the mean over an empty batch is undefined: logits have shape {logits.shape}")
    if right.dtype.kind not in "iu":
        raise ValueError(f"labels must be integers, got dtype {right.dtype}")
    if right.min() < 0 or right.max() >= logits.shape[1]:
        raise ValueError(
            f"labels must be 0 to {logits.shape[1] - 1}, got some from {right.min()} to {right.max()}"
        )
    return logits, right


class CrossEntropyLoss:
    """The loss that ends a classifier."""

    def __init__(self) -> None:
        self._batch: tuple[Array, ArrayLike] | None = None

    def forward(self, logits: Array, labels: ArrayLike) -> float:
        """Return the mean loss of logits (N, classes) for labels (N,)."""
        self._batch = logits, labels
        return cross_entropy_forward(logits, labels)

    def backward(self) -> Array:
        """Return grad_logits, (N, classes)."""
        if self._batch is None:
            raise RuntimeError("backward needs the batch of a forward pass: call forward first")
        return cross_entropy_backward(*self._batch)
