"""Channels last, parameters in a dict, the learning rate in the constructor, methods of other names."""

import numpy as np


class Conv:
    def __init__(self, config, learning_rate):
        self.f, self.k = config["filters"], config["kernel"]
        self.s, self.p, self.lr = config["stride"], config["pad"], learning_rate
        self.params = {}

    def forward_prop(self, images):
        if not self.params:
            self.params["W"] = np.random.randn(self.k, self.k, images.shape[3], self.f)
            self.params["b"] = np.zeros((1, 1, 1, self.f))
        self.images = images
        self.padded = np.pad(images, ((0, 0), (self.p, self.p), (self.p, self.p), (0, 0)))
        rows = (self.padded.shape[1] - self.k) // self.s + 1
        columns = (self.padded.shape[2] - self.k) // self.s + 1
        out = np.empty((len(images), rows, columns, self.f), images.dtype)
        for i in range(rows):
            for j in range(columns):
                out[:, i, j] = np.tensordot(self.patch(i, j), self.params["W"], 3)
        return out + self.params["b"].astype(out.dtype)

    def patch(self, i, j):
        top, left = i * self.s, j * self.s
        return self.padded[:, top : top + self.k, left : left + self.k]

    def back_prop(self, grad):
        d_padded, d_w = np.zeros_like(self.padded), np.zeros_like(self.params["W"])
        for i in range(grad.shape[1]):
            for j in range(grad.shape[2]):
                top, left = i * self.s, j * self.s
                d_w += np.tensordot(self.patch(i, j), grad[:, i, j], (0, 0))
                d_padded[:, top : top + self.k, left : left + self.k] += np.tensordot(
                    grad[:, i, j], self.params["W"], (1, 3)
                )
        self.params["W"] -= self.lr * d_w
        self.params["b"] -= self.lr * grad.sum(axis=(0, 1, 2), keepdims=True)
        height, width = self.images.shape[1:3]
        return d_padded[:, self.p : self.p + height, self.p : self.p + width]
