"""The tolerance passes every correct algorithm on 10,000 random draws, and no relative error of 1e-6.

The truth is summed in extended precision here, so that it owes nothing to the algorithms under test.
"""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from cnn_reference import conv, loops
from grader.cases.compare import compare
from grader.cases.ground_truth import Part
from grader.results import Outcome

SETTINGS, DRAWS = 200, 50
PARTS = ("output", "grad_x", "grad_weight", "grad_bias")


def padded(x, p):
    return np.pad(x, [(0, 0)] * (x.ndim - 2) + [(p, p), (p, p)])


def windows(x, k, s, p):
    return sliding_window_view(padded(x, p), k, (-2, -1))[..., ::s, ::s, :, :]


def scattered(shares, x, s, p):
    """Add shares (..., i, j, u, v) to the pixels of their windows."""
    H, W = x.shape[-2:]
    grad = np.zeros((*x.shape[:-2], H + 2 * p, W + 2 * p), shares.dtype)
    rows, columns, k_h, k_w = shares.shape[-4:]
    for u, v in np.ndindex(k_h, k_w):
        grad[..., u : u + s * rows : s, v : v + s * columns : s] += shares[..., u, v]
    return grad[..., p : p + H, p : p + W]


def by_einsum(x, w, b, g, s, p):
    """Sum by einsum, without BLAS, in one go."""
    seen = windows(x, w.shape[2:], s, p)
    shares = np.einsum("noij,ocuv->ncijuv", g, w)
    return (
        np.einsum("ncijuv,ocuv->noij", seen, w) + b[:, None, None],
        scattered(shares, x, s, p),
        np.einsum("ncijuv,noij->ocuv", seen, g),
        np.einsum("noij->o", g),
    )


def by_columns(x, w, b, g, s, p):
    """Lay windows out as columns and multiply matrices, as im2col does."""
    seen = windows(x, w.shape[2:], s, p)
    N, C, rows, cols, k_h, k_w = seen.shape
    columns = seen.transpose(0, 2, 3, 1, 4, 5).reshape(N * rows * cols, -1)
    matrix, flat = w.reshape(len(w), -1), g.transpose(0, 2, 3, 1).reshape(-1, len(w))
    shares = (flat @ matrix).reshape(N, rows, cols, C, k_h, k_w).transpose(0, 3, 1, 2, 4, 5)
    output = (columns @ matrix.T + b).reshape(N, rows, cols, -1).transpose(0, 3, 1, 2)
    return output, scattered(shares, x, s, p), (flat.T @ columns).reshape(w.shape), flat.sum(axis=0)


def by_tensordot(x, w, b, g, s, p):
    """Contract axes by tensordot."""
    seen = windows(x, w.shape[2:], s, p)
    output = np.tensordot(seen, w, ([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2) + b[:, None, None]
    shares = np.tensordot(g, w, (1, 0)).transpose(0, 3, 1, 2, 4, 5)
    weight = np.tensordot(g, seen, ([0, 2, 3], [0, 2, 3]))
    return output, scattered(shares, x, s, p), weight, g.sum((0, 2, 3))


def by_taps(order):
    """Add the kernel's positions one after another, in an order of one's own; bias first or last."""

    def run(x, w, b, g, s, p):
        seen = windows(x, w.shape[2:], s, p)
        output = np.zeros((len(x), len(w), *seen.shape[2:4]), x.dtype)
        weight = np.zeros_like(w)
        for u, v in list(np.ndindex(w.shape[2:]))[::order]:
            for c in range(w.shape[1])[::order]:
                output += w[:, c, u, v][:, None, None] * seen[:, None, c, :, :, u, v]
                for n in range(len(x))[::order]:
                    weight[:, c, u, v] += (g[n] * seen[n, c, :, :, u, v]).sum((1, 2))
        shares = np.zeros((*seen.shape[:4], *w.shape[2:]), x.dtype)
        for o in range(len(w))[::order]:
            shares += g[:, o, None, :, :, None, None] * w[o][:, None, None]
        return output + b[:, None, None], scattered(shares, x, s, p), weight, g.sum(0).sum((1, 2))

    return run


def by_blocks(x, w, b, g, s, p):
    """Put sums over halves of the channels, kernels and images together."""
    half, kernels, images = x.shape[1] // 2, len(w) // 2, len(x) // 2
    first = by_tensordot(x[:, :half], w[:, :half], b, g, s, p)
    rest = by_tensordot(x[:, half:], w[:, half:], 0 * b, g, s, p)
    grad_x = sum(
        by_einsum(x, w[part], b[part], g[:, part], s, p)[1]
        for part in (slice(None, kernels), slice(kernels, None))
    )
    grads = [by_columns(x[n], w, b, g[n], s, p) for n in (slice(None, images), slice(images, None))]
    return first[0] + rest[0], grad_x, grads[0][2] + grads[1][2], grads[0][3] + grads[1][3]


def by_layer(layer):
    """Let the reference, or its loops, answer."""

    def run(x, w, b, g, s, p):
        output = layer.conv2d_forward(x, w, b, stride=s, padding=p)
        return output, *layer.conv2d_backward(g, x, w, stride=s, padding=p)

    return run


ALGORITHMS = {
    "einsum": by_einsum,
    "im2col": by_columns,
    "tensordot": by_tensordot,
    "taps": by_taps(1),
    "taps backwards": by_taps(-1),
    "blocks": by_blocks,
    "reference": by_layer(conv),
    "loops": by_layer(loops),
}


*FAST, SLOW = ALGORITHMS


def setting(rng):
    """Draw sizes: small, since many are drawn."""
    k, s, p = int(rng.integers(1, 4)), int(rng.integers(1, 4)), int(rng.integers(0, 3))
    H, W = (int(rng.integers(max(1, k - 2 * p), 6)) for _ in "HW")
    N, C, F = (int(n) for n in rng.integers(2, 4, 3))
    shape = (N, F, (H + 2 * p - k) // s + 1, (W + 2 * p - k) // s + 1)
    return {"x": (N, C, H, W), "w": (F, C, k, k), "b": (F,), "g": shape}, s, p


def truths(arrays, s, p):
    """Return every draw's truth: values and magnitudes, summed in extended precision."""
    F, k_h, k_w = arrays["w"].shape[1], *arrays["w"].shape[-2:]
    rows = arrays["g"].shape[-2] * arrays["g"].shape[-1]
    N, C = arrays["x"].shape[1:3]
    terms = (C * k_h * k_w + 1, F * k_h * k_w, N * rows, N * rows)
    sums = []
    for change in (np.asarray, np.abs):
        x, w, b, g = (change(arrays[name].astype(np.longdouble)) for name in "xwbg")
        seen = windows(x, (k_h, k_w), s, p)
        shares = np.einsum("dnoij,docuv->dncijuv", g, w)
        sums.append(
            (
                np.einsum("dncijuv,docuv->dnoij", seen, w) + b[:, None, :, None, None],
                scattered(shares, x, s, p),
                np.einsum("dncijuv,dnoij->docuv", seen, g),
                g.sum((1, 3, 4)),
            )
        )
    values, magnitudes = (tuple(part.astype(np.float64) for part in some) for some in sums)
    return [
        [Part(values[i][d], magnitudes[i][d], terms[i]) for i in range(4)] for d in range(len(arrays["x"]))
    ]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_compare_of_correct_algorithms_passes_on_every_draw(dtype):
    rng = np.random.default_rng(5)
    failed = []
    for _ in range(SETTINGS // 2):
        shapes, s, p = setting(rng)
        scale = 10.0 ** rng.integers(-4, 5, (DRAWS, 1))
        arrays = {
            name: (rng.standard_normal((DRAWS, *shape)) * scale.reshape(-1, *[1] * len(shape))).astype(dtype)
            for name, shape in shapes.items()
        }
        for d, truth in enumerate(truths(arrays, s, p)):
            name = SLOW if d % 25 == 0 else FAST[d % len(FAST)]
            answers = ALGORITHMS[name](*(arrays[one][d] for one in "xwbg"), s, p)
            for part, answer, right in zip(PARTS, answers, truth, strict=True):
                verdict = compare(answer, right, dtype, part)
                if not verdict.passed:
                    failed.append((name, part, shapes, s, p, verdict.message))
    assert failed == []


@pytest.mark.parametrize("part", range(4))
def test_compare_of_relative_error_of_a_millionth_fails(part):
    rng = np.random.default_rng(6)
    for _ in range(100):
        shapes, s, p = setting(rng)
        arrays = {name: rng.standard_normal((1, *shape)) for name, shape in shapes.items()}
        (truth,) = truths(arrays, s, p)
        if not truth[part].values.any():
            continue  # every window lies in the border
        answer = truth[part].values.copy()
        # The largest element: one that is small by cancellation hides its relative error in rounding.
        worst = np.unravel_index(np.abs(answer).argmax(), answer.shape)
        answer[worst] *= 1 + 1e-6
        verdict = compare(answer, truth[part], "float64", PARTS[part])
        assert verdict.outcome is Outcome.WRONG_VALUE
        assert verdict.worst == tuple(int(index) for index in worst)
