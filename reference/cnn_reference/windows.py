"""How a window moves over an image: output sizes, checks of the arguments, the strided view.

Convolution, pooling and their nested loops share these rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Union

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnn_reference.arrays import Array

Pair = tuple[int, int]
IntOrPair = Union[int, Pair]  # noqa: UP007 - a worker's older Python runs this too


@dataclass(frozen=True)
class Windows:
    """The walk of a window over an image; every field is (height, width), in pixels.

    Attributes
    ----------
    size
        The image, without padding.
    kernel, stride, padding
        The window, its step, and the border on each side.
    output
        How many windows fit: ``(size + 2*padding - kernel) // stride + 1``.
    """

    size: Pair
    kernel: Pair
    stride: Pair
    padding: Pair
    output: Pair

    def taps(self) -> Iterator[tuple[int, int, slice, slice]]:
        """Yield ``u, v, rows, columns``: the padded pixels that kernel position (u, v) meets.

        Window (i, j) has its position (u, v) on the padded pixel ``(s_h*i + u, s_w*j + v)``, so
        over all windows these pixels are a strided slice as large as the output.
        """
        (s_h, s_w), (H_out, W_out) = self.stride, self.output
        for u, v in np.ndindex(self.kernel):
            yield u, v, slice(u, u + s_h * H_out, s_h), slice(v, v + s_w * W_out, s_w)


def walk(size: Pair, kernel: IntOrPair, stride: IntOrPair, padding: IntOrPair) -> Windows:
    """Check the arguments of a walk and count its windows.

    Parameters
    ----------
    size
        (H, W) of the image.
    kernel, stride, padding
        Integers, or (height, width).

    Returns
    -------
    Windows
        With ``H_out = (H + 2*p_h - K_h) // s_h + 1`` and W_out alike (Dumoulin & Visin,
        arXiv:1603.07285, Relationship 6). The remainder, ``(H + 2*p_h - K_h) % s_h`` padded rows
        at the bottom, is never read. This is not an error.

    Raises
    ------
    ValueError
        If an argument is not an integer or is too small, or the kernel does not fit.

    Examples
    --------
    >>> walk((7, 6), kernel=3, stride=(2, 1), padding=1).output
    (4, 6)
    """
    kernel, stride = pair("kernel_size", kernel, minimum=1), pair("stride", stride, minimum=1)
    padding = pair("padding", padding, minimum=0)
    padded = (size[0] + 2 * padding[0], size[1] + 2 * padding[1])
    if kernel[0] > padded[0] or kernel[1] > padded[1]:
        raise ValueError(f"kernel {kernel} is larger than the padded input {padded}")
    output = ((padded[0] - kernel[0]) // stride[0] + 1, (padded[1] - kernel[1]) // stride[1] + 1)
    return Windows(size, kernel, stride, padding, output)


def pair(name: str, value: IntOrPair, *, minimum: int) -> Pair:
    """Return an integer, or a pair of them, as (height, width); raise ValueError for anything else.

    >>> pair("stride", 2, minimum=1)
    (2, 2)
    """
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2 or not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in both):
        raise ValueError(f"{name} must be an integer or two integers (height, width), got {value!r}")
    if min(both) < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value!r}")
    return int(both[0]), int(both[1])


def pad(x: Array, padding: Pair, value: float = 0.0) -> Array:
    """Put a border of `value` around each image: (N, C, H, W) -> (N, C, H + 2*p_h, W + 2*p_w).

    Without padding it returns `x` itself, not a copy.
    """
    p_h, p_w = padding
    if p_h == p_w == 0:
        return x
    N, C, H, W = x.shape
    padded = np.full((N, C, H + 2 * p_h, W + 2 * p_w), value, x.dtype)
    padded[:, :, p_h : p_h + H, p_w : p_w + W] = x
    return padded


def crop(padded: Array, windows: Windows) -> Array:
    """Take the border off again: (N, C, H + 2*p_h, W + 2*p_w) -> (N, C, H, W), a view."""
    (p_h, p_w), (H, W) = windows.padding, windows.size
    # From p to p + H, not p:-p, which is empty at p = 0.
    return padded[:, :, p_h : p_h + H, p_w : p_w + W]


def window_view(padded: Array, windows: Windows) -> Array:
    """See each window of the padded images as an array of its own, without copying.

    Parameters
    ----------
    padded
        (N, C, H + 2*p_h, W + 2*p_w).
    windows
        The walk over the images.

    Returns
    -------
    ndarray
        A read-only view, (N, C, H_out, W_out, K_h, K_w): element [n, c, i, j, u, v] is
        ``padded[n, c, s_h*i + u, s_w*j + v]``.
    """
    image, channel, row, column = padded.strides
    s_h, s_w = windows.stride
    # One window down is s_h rows of memory, one place down in the window is one row.
    strides = (image, channel, s_h * row, s_w * column, row, column)
    return as_strided(padded, (*padded.shape[:2], *windows.output, *windows.kernel), strides, writeable=False)
