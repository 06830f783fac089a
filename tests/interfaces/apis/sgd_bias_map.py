"""A bias for each output position, height and width apart in the constructor, None out of forward."""

import numpy as np


class Convolution:
    def __init__(self, k_h, k_w, stride, n_filters, pad):
        self.k_h, self.k_w, self.stride, self.n_filters, self.pad = k_h, k_w, stride, n_filters, pad
        self.W = None

    def forward(self, x):
        p, s = self.pad, self.stride
        self.x, self.xp = x, np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        rows = (self.xp.shape[2] - self.k_h) // s + 1
        columns = (self.xp.shape[3] - self.k_w) // s + 1
        if self.W is None:
            self.W = np.random.randn(self.n_filters, x.shape[1], self.k_h, self.k_w)
            self.b = np.zeros((self.n_filters, rows, columns))
        self.out = np.zeros((len(x), self.n_filters, rows, columns), x.dtype)
        for n, f, i, j in np.ndindex(*self.out.shape):
            patch = self.xp[n, :, i * s : i * s + self.k_h, j * s : j * s + self.k_w]
            self.out[n, f, i, j] = (patch * self.W[f]).sum() + self.b[f, i, j]

    def backward(self, grad, lr):
        p, s = self.pad, self.stride
        dxp, dW = np.zeros_like(self.xp), np.zeros_like(self.W)
        for n, f, i, j in np.ndindex(*grad.shape):
            rows, columns = slice(i * s, i * s + self.k_h), slice(j * s, j * s + self.k_w)
            dW[f] += grad[n, f, i, j] * self.xp[n, :, rows, columns]
            dxp[n, :, rows, columns] += grad[n, f, i, j] * self.W[f]
        self.W -= lr * dW
        self.b -= lr * grad.sum(axis=0)
        return dxp[:, :, p : p + self.x.shape[2], p : p + self.x.shape[3]], self.W, self.b
