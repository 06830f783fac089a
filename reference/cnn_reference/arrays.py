"""Checks that every layer makes of its arrays: a float dtype, the right axes, the right shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[np.floating[Any]]


def as_floats(*arrays: ArrayLike) -> tuple[Array, ...]:
    """Bring arrays to the one float dtype in which the layer computes.

    Parameters
    ----------
    *arrays
        Arrays of real numbers.

    Returns
    -------
    tuple of ndarray
        The same values, all float32 if every array was float32, else all float64.
        Arrays that need no conversion are returned themselves, not copies.

    Raises
    ------
    ValueError
        If an array holds anything but real numbers.

    Examples
    --------
    >>> as_floats([1, 2], np.float32([3]))[0].dtype
    dtype('float64')
    """
    given = [np.asarray(array) for array in arrays]
    for array in given:
        if array.dtype.kind not in "fiub":
            raise ValueError(f"arrays must hold real numbers, got dtype {array.dtype}")
    dtype = np.float32 if all(array.dtype == np.float32 for array in given) else np.float64
    return tuple(array.astype(dtype, copy=False) for array in given)


def expect_axes(name: str, array: Array, axes: str) -> None:
    """Raise ValueError unless `array` has one axis for each name in `axes`, such as ``"N, C_in, H, W"``."""
    if array.ndim != len(axes.split(",")):
        raise ValueError(f"{name} must have the axes ({axes}), got shape {array.shape}")


def expect_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Raise ValueError unless `array` has exactly this shape."""
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}")


def he_normal(shape: tuple[int, ...], rng: np.random.Generator | None, dtype: DTypeLike) -> Array:
    """Draw weights that keep the variance of the signal from layer to layer under ReLU.

    Normal with mean 0 and variance 2 / fan_in (He et al., arXiv:1502.01852, equation 10), where
    fan_in, the number of inputs that one output sums over, is the product of ``shape[1:]``.
    """
    rng = np.random.default_rng() if rng is None else rng
    fan_in = int(np.prod(shape[1:]))
    return rng.normal(0.0, np.sqrt(2.0 / fan_in), shape).astype(dtype)


def remembered(x: Array | None) -> Array:
    """Return what forward kept for backward, or say that forward is missing."""
    if x is None:
        raise RuntimeError("backward needs the input of a forward pass: call forward first")
    return x
