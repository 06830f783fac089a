"""Functions on channels-last arrays, positional arguments in another order, gradients in another order."""

import numpy as np


def conv_fwd(A_prev, W, b, hparameters):
    s, p = hparameters
    f = W.shape[1]
    A = np.pad(A_prev, ((0, 0), (p, p), (p, p), (0, 0)))
    rows, columns = (A.shape[1] - f) // s + 1, (A.shape[2] - W.shape[2]) // s + 1
    Z = np.zeros((len(A), rows, columns, len(W)), A.dtype)
    for i in range(rows):
        for j in range(columns):
            patch = A[:, i * s : i * s + f, j * s : j * s + W.shape[2]]
            Z[:, i, j] = np.tensordot(patch, W, ((1, 2, 3), (1, 2, 3)))
    return [Z + b, {"A_prev": A_prev, "A": A, "W": W, "s": s, "p": p}]


def conv_bwd(cache, dZ):
    A_prev, A, W, s, p = (cache[name] for name in ("A_prev", "A", "W", "s", "p"))
    dA, dW = np.zeros_like(A), np.zeros_like(W)
    for i in range(dZ.shape[1]):
        for j in range(dZ.shape[2]):
            rows, columns = slice(i * s, i * s + W.shape[1]), slice(j * s, j * s + W.shape[2])
            dW += np.tensordot(dZ[:, i, j], A[:, rows, columns], (0, 0))
            dA[:, rows, columns] += np.tensordot(dZ[:, i, j], W, (1, 0))
    db = dZ.sum(axis=(0, 1, 2))
    return dW, db, dA[:, p : p + A_prev.shape[1], p : p + A_prev.shape[2]]
