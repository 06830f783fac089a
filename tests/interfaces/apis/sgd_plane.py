"""One grey plane (height, width) at a time; the learning rate is an attribute."""

import numpy as np


class Conv:
    def __init__(self, num_filters, filter_size, stride, pad):
        self.filters = np.random.randn(num_filters, filter_size, filter_size)
        self.bias = np.zeros(num_filters)
        self.stride, self.pad, self.rate = stride, pad, 0.005

    def windows(self):
        k, s = self.filters.shape[1], self.stride
        rows, columns = ((side - k) // s + 1 for side in self.padded.shape)
        for i, j in np.ndindex(rows, columns):
            yield i, j, (slice(i * s, i * s + k), slice(j * s, j * s + k))

    def forward(self, plane):
        self.plane, self.padded = plane, np.pad(plane, self.pad)
        k, s = self.filters.shape[1], self.stride
        rows, columns = ((side - k) // s + 1 for side in self.padded.shape)
        out = np.zeros((rows, columns, len(self.filters)), plane.dtype)
        for i, j, window in self.windows():
            out[i, j] = np.sum(self.padded[window] * self.filters, axis=(1, 2)) + self.bias
        return out

    def backward(self, grad):
        d_filters, d_padded, p = np.zeros_like(self.filters), np.zeros_like(self.padded), self.pad
        for i, j, window in self.windows():
            for f in range(len(self.filters)):
                d_filters[f] += grad[i, j, f] * self.padded[window]
                d_padded[window] += grad[i, j, f] * self.filters[f]
        self.filters -= self.rate * d_filters
        self.bias -= self.rate * grad.sum(axis=(0, 1))
        return d_padded[p : p + self.plane.shape[0], p : p + self.plane.shape[1]]
