"""Layers with gradients kept in a dict and a bias of shape (1, filters, 1, 1); pairs for every size."""

import numpy as np


class Conv:
    def __init__(self, channels, filters, size, *, pad, step):
        self.size, self.pad, self.step = pair(size), pair(pad), pair(step)
        self.theta = {
            "w": np.random.randn(filters, channels, *self.size),
            "b": np.zeros((1, filters, 1, 1)),
        }
        self.grads = {}

    def fprop(self, x):
        (p, q), (s, t), (h, w) = self.pad, self.step, self.size
        self.shape = x.shape
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)))
        windows = np.lib.stride_tricks.sliding_window_view(self.xp, (h, w), axis=(2, 3))
        self.windows = windows[:, :, ::s, ::t]
        return np.einsum("ncijuv,fcuv->nfij", self.windows, self.theta["w"]) + self.theta["b"]

    def bprop(self, upstream):
        (p, q), (s, t), (h, w) = self.pad, self.step, self.size
        dxp = np.zeros_like(self.xp)
        rows, columns = upstream.shape[2:]
        for u in range(h):
            for v in range(w):
                dxp[:, :, u : u + s * rows : s, v : v + t * columns : t] += np.einsum(
                    "nfij,fc->ncij", upstream, self.theta["w"][:, :, u, v]
                )
        self.grads["w"] = np.einsum("ncijuv,nfij->fcuv", self.windows, upstream)
        self.grads["b"] = upstream.sum(axis=(0, 2, 3), keepdims=True)
        return dxp[:, :, p : p + self.shape[2], q : q + self.shape[3]]


def pair(value):
    return value if isinstance(value, tuple) else (value, value)
