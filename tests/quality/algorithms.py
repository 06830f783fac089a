"""Right ways to compute a convolution and a linear layer that round differently, for `stability`.

Each is one function that correlates images with kernels at stride 1; all parts of both layers are put
together from it. Fast algorithms are exact in exact arithmetic and add up what direct sums never contain.
"""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.lib import stride_tricks

from grader.worker.layer_kinds import both

# NumPy's stubs know the view of one axis only.
_strided: Any = stride_tricks

Correlate = Callable[[Any, Any], Any]
"""Takes images (N, C, H, W) and kernels (F, C, K_h, K_w); returns (N, F, H - K_h + 1, W - K_w + 1)."""


def direct(x: Any, kernels: Any) -> Any:
    """Add one product after another, tap by tap."""
    seen = _windows(x, kernels)
    total = np.zeros((len(x), len(kernels), *seen.shape[2:4]), x.dtype)
    for c, u, v in np.ndindex(kernels.shape[1:]):
        total += kernels[:, c, u, v][:, None, None] * seen[:, None, c, :, :, u, v]
    return total


def blocked(x: Any, kernels: Any) -> Any:
    """Put sums over blocks of four channels together."""
    blocks = range(0, x.shape[1], 4)
    return sum(einsum(x[:, c : c + 4], kernels[:, c : c + 4]) for c in blocks)


def pairwise(x: Any, kernels: Any) -> Any:
    """Halve the sum again and again."""
    seen = _windows(x, kernels).transpose(0, 2, 3, 1, 4, 5)
    rows, columns = seen.reshape(*seen.shape[:3], 1, -1), kernels.reshape(len(kernels), -1)
    products = [rows[..., k] * columns[:, k] for k in range(columns.shape[1])]
    while len(products) > 1:
        odd = products[len(products) // 2 * 2 :]
        products = [a + b for a, b in zip(products[::2], products[1::2], strict=False)] + odd
    return products[0].transpose(0, 3, 1, 2)


def einsum(x: Any, kernels: Any) -> Any:
    """Contract without BLAS."""
    return np.einsum("ncijuv,fcuv->nfij", _windows(x, kernels), kernels)


def matrices(x: Any, kernels: Any) -> Any:
    """Multiply a matrix of windows with one of kernels, by BLAS."""
    return _as_matrices(x, kernels, np.matmul)


def strassen(x: Any, kernels: Any) -> Any:
    """Multiply the same matrices with seven products for each eight."""
    return _as_matrices(x, kernels, _strassen)


def fft(x: Any, kernels: Any) -> Any:
    """Multiply spectra, in the precision that `numpy.fft` chooses for the input's dtype."""
    size = x.shape[2:]
    # Sizes as they come: where they are prime, the transform rounds most.
    spectrum = np.einsum("nchw,fchw->nfhw", np.fft.rfft2(x), np.fft.rfft2(kernels, s=size).conj())
    rows, columns = (side - k + 1 for side, k in zip(size, kernels.shape[2:], strict=True))
    return np.fft.irfft2(spectrum, s=size)[:, :, :rows, :columns].astype(x.dtype)


_F23 = (
    [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
    [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
    [[1, 1, 1, 0], [0, 1, -1, -1]],
)
_F43 = (
    [
        *([4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0]),
        *([0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]),
    ],
    [
        *([1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6]),
        *([1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]),
    ],
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
)
"""Transforms of image, kernel and result (Lavin & Gray, Fast Algorithms for CNNs, 2016, section 4)."""


def _winograd(transforms: Any) -> Correlate:
    def correlate(x: Any, kernels: Any) -> Any:
        """Cut the kernels into pieces of 3 x 3 and the images into tiles; add up the pieces' results."""
        of_image, of_kernel, of_result = (np.array(one, x.dtype) for one in transforms)
        tile, step = len(of_image), len(of_result)
        rows, columns = (s - k + 1 for s, k in zip(x.shape[2:], kernels.shape[2:], strict=True))
        pieces = [-(-k // 3) for k in kernels.shape[2:]]
        tiles = [-(-side // step) for side in (rows, columns)]
        kernels = _grown(kernels, [3 * number for number in pieces])
        x = _grown(x, [step * n + tile - step + 3 * (p - 1) for n, p in zip(tiles, pieces, strict=True)])
        total = np.zeros((len(x), len(kernels), step * tiles[0], step * tiles[1]), x.dtype)
        for a, b in np.ndindex(*pieces):
            piece = kernels[:, :, 3 * a : 3 * a + 3, 3 * b : 3 * b + 3]
            seen = _strided.sliding_window_view(x[:, :, 3 * a :, 3 * b :], (tile, tile), (2, 3))
            seen = seen[:, :, : step * tiles[0] : step, : step * tiles[1] : step]
            spectrum = np.einsum(
                "ncijuv,fcuv->nfijuv", of_image @ seen @ of_image.T, of_kernel @ piece @ of_kernel.T
            )
            total += (of_result @ spectrum @ of_result.T).transpose(0, 1, 2, 4, 3, 5).reshape(total.shape)
        return total[:, :, :rows, :columns]

    return correlate


def in_single_precision(correlate: Correlate) -> Correlate:
    """Return what is wrong for float64: the same algorithm with all numbers rounded to float32."""
    return lambda x, kernels: correlate(x.astype(np.float32), kernels.astype(np.float32)).astype(x.dtype)


ALGORITHMS: Mapping[str, Correlate] = {
    "direct": direct,
    "blocked": blocked,
    "pairwise": pairwise,
    "einsum": einsum,
    "matrix product": matrices,
    "FFT": fft,
    "Winograd F(2,3)": _winograd(_F23),
    "Winograd F(4,3)": _winograd(_F43),
    "Strassen": strassen,
}
"""The first five add up products, so the elementwise bound holds for them; the others are fast algorithms."""


def conv2d(correlate: Correlate, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parts of a convolution's answer, each by the same correlation."""
    x, weight, bias, upstream = (arrays[name] for name in ("x", "weight", "bias", "grad_output"))
    (s_h, s_w), (p_h, p_w) = both(params.get("stride", 1)), both(params.get("padding", 0))
    (K_h, K_w), (H, W) = weight.shape[2:], x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    # With zeros for the rows that no window begins in, the gradient is as large as stride 1 makes it.
    dilated = np.zeros((*upstream.shape[:2], padded.shape[2] - K_h + 1, padded.shape[3] - K_w + 1), x.dtype)
    dilated[:, :, ::s_h, ::s_w] = upstream
    border = np.pad(dilated, ((0, 0), (0, 0), (K_h - 1, K_h - 1), (K_w - 1, K_w - 1)))
    grad_padded = correlate(border, weight[:, :, ::-1, ::-1].swapaxes(0, 1))
    return {
        "output": correlate(padded, weight)[:, :, ::s_h, ::s_w] + bias[:, None, None],
        "grad_x": grad_padded[:, :, p_h : p_h + H, p_w : p_w + W],
        "grad_weight": correlate(padded.swapaxes(0, 1), dilated.swapaxes(0, 1)).swapaxes(0, 1),
        "grad_bias": upstream.sum(axis=(0, 2, 3)),
    }


def linear(correlate: Correlate, _: Mapping[str, Any], arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parts of a linear layer's answer: a convolution of rows with kernels as long as they are."""
    rows = {name: arrays[name][:, None, None, :] for name in ("x", "weight")}
    upstream = arrays["grad_output"][:, :, None, None]
    answer = conv2d(correlate, {}, {**rows, "bias": arrays["bias"], "grad_output": upstream})
    return {part: array.reshape(array.shape[0], prod(array.shape[1:])) for part, array in answer.items()} | {
        "grad_bias": answer["grad_bias"]
    }


LAYERS = {"conv2d": conv2d, "linear": linear}


def _windows(x: Any, kernels: Any) -> Any:
    return _strided.sliding_window_view(x, kernels.shape[2:], (2, 3))


def _grown(array: Any, size: list[int]) -> Any:
    """Add zeros below and to the right."""
    more = [(0, wanted - side) for wanted, side in zip(size, array.shape[2:], strict=True)]
    return np.pad(array, [(0, 0), (0, 0), *more])


def _as_matrices(x: Any, kernels: Any, product: Callable[[Any, Any], Any]) -> Any:
    seen = _windows(x, kernels).transpose(0, 2, 3, 1, 4, 5)
    columns = seen.reshape(prod(seen.shape[:3]), -1)
    sums = product(columns, kernels.reshape(len(kernels), -1).T)
    return sums.reshape(*seen.shape[:3], len(kernels)).transpose(0, 3, 1, 2)


def _strassen(a: Any, b: Any) -> Any:
    if min(*a.shape, b.shape[1]) <= 4:
        return a @ b
    rows, columns = len(a), b.shape[1]
    a = np.pad(a, [(0, side % 2) for side in a.shape])
    b = np.pad(b, [(0, side % 2) for side in b.shape])
    (a11, a12), (a21, a22) = _quarters(a)
    (b11, b12), (b21, b22) = _quarters(b)
    m1, m2 = _strassen(a11 + a22, b11 + b22), _strassen(a21 + a22, b11)
    m3, m4 = _strassen(a11, b12 - b22), _strassen(a22, b21 - b11)
    m5, m6, m7 = (
        _strassen(a11 + a12, b22),
        _strassen(a21 - a11, b11 + b12),
        _strassen(a12 - a22, b21 + b22),
    )
    whole = np.block([[m1 + m4 - m5 + m7, m3 + m5], [m2 + m4, m1 - m2 + m3 + m6]])
    return whole[:rows, :columns]


def _quarters(a: Any) -> Any:
    return [np.split(half, 2, axis=1) for half in np.split(a, 2, axis=0)]
