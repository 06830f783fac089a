"""One image (channels, height, width) at a time; `learn` is called after backward, with the learning rate."""

import numpy as np


class Conv2D:
    def __init__(self, in_shape, kernels, size, step, pad):
        self.kernels = np.random.rand(kernels, size, size, in_shape[0])
        self.offsets = np.zeros((kernels, 1, 1))
        self.size, self.step, self.pad = size, step, pad

    def forward(self, image):
        p, k, s = self.pad, self.size, self.step
        self.image = image
        self.padded = np.pad(image, ((0, 0), (p, p), (p, p)))
        rows, columns = ((side - k) // s + 1 for side in self.padded.shape[1:])
        self.output = np.zeros((len(self.kernels), rows, columns), image.dtype)
        for f, i, j in np.ndindex(*self.output.shape):
            patch = self.padded[:, i * s : i * s + k, j * s : j * s + k]
            self.output[f, i, j] = (patch * self.kernels[f].transpose(2, 0, 1)).sum()
        self.output += self.offsets

    def backward(self, grad):
        p, k, s = self.pad, self.size, self.step
        self.d_kernels, d_padded = np.zeros_like(self.kernels), np.zeros_like(self.padded)
        for f, i, j in np.ndindex(*grad.shape):
            rows, columns = slice(i * s, i * s + k), slice(j * s, j * s + k)
            self.d_kernels[f] += grad[f, i, j] * self.padded[:, rows, columns].transpose(1, 2, 0)
            d_padded[:, rows, columns] += grad[f, i, j] * self.kernels[f].transpose(2, 0, 1)
        self.d_offsets = grad.sum(axis=(1, 2), keepdims=True)
        _, height, width = self.image.shape
        return d_padded[:, p : p + height, p : p + width]

    def learn(self, rate):
        self.kernels -= rate * self.d_kernels
        self.offsets -= rate * self.d_offsets
