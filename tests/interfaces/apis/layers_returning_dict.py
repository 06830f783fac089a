"""Weights are arguments of forward; backward returns a dict of gradients."""

import numpy as np


class ConvLayer:
    def __init__(self, stride, padding):
        self.stride, self.padding = stride, padding

    def forward(self, weight, bias, x):
        s, p = self.stride, self.padding
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        windows = np.lib.stride_tricks.sliding_window_view(xp, weight.shape[2:], axis=(2, 3))
        self.kept = x, xp, weight, windows[:, :, ::s, ::s]
        return np.einsum("ncijuv,fcuv->nfij", self.kept[3], weight) + bias[:, None, None]

    def backward(self, grad):
        s, p = self.stride, self.padding
        x, xp, weight, windows = self.kept
        dxp = np.zeros_like(xp)
        for u, v in np.ndindex(*weight.shape[2:]):
            rows = slice(u, u + s * grad.shape[2], s)
            columns = slice(v, v + s * grad.shape[3], s)
            dxp[:, :, rows, columns] += np.einsum("nfij,fc->ncij", grad, weight[:, :, u, v])
        return {
            "dW": np.einsum("ncijuv,nfij->fcuv", windows, grad),
            "db": grad.sum(axis=(0, 2, 3)),
            "dx": dxp[:, :, p : p + x.shape[2], p : p + x.shape[3]],
        }
