"""Loops over the kernel's taps only."""

import numpy as np


class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.kernel, self.stride, self.padding = kernel_size, stride, padding
        self.weight = np.zeros((out_channels, in_channels, *kernel_size))
        self.bias = np.zeros(out_channels)

    def pad(self, x):
        p_h, p_w = self.padding
        return np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))

    def crop(self, grad_padded):
        p_h, p_w = self.padding
        height, width = grad_padded.shape[2:]
        return grad_padded[:, :, p_h : height - p_h, p_w : width - p_w]

    def size(self):
        (k_h, k_w), (s_h, s_w) = self.kernel, self.stride
        height, width = self.padded.shape[2:]
        return (height - k_h) // s_h + 1, (width - k_w) // s_w + 1

    def taps(self):
        (k_h, k_w), (s_h, s_w), (h_out, w_out) = self.kernel, self.stride, self.size()
        for u in range(k_h):
            for v in range(k_w):
                yield u, v, slice(u, u + s_h * h_out, s_h), slice(v, v + s_w * w_out, s_w)

    def forward(self, x):
        self.padded = self.pad(x)
        output = self.bias[:, None, None]
        for u, v, rows, columns in self.taps():
            output = output + np.einsum("ncij,oc->noij", self.padded[:, :, rows, columns], self.weight[:, :, u, v])
        return output

    def backward(self, grad_output):
        grad_padded = np.zeros_like(self.padded)
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = grad_output.sum((0, 2, 3))
        for u, v, rows, columns in self.taps():
            pixels = self.padded[:, :, rows, columns]
            self.grad_weight[:, :, u, v] = np.einsum("ncij,noij->oc", pixels, grad_output)
            grad_padded[:, :, rows, columns] += np.einsum("oc,noij->ncij", self.weight[:, :, u, v], grad_output)
        return self.crop(grad_padded)
