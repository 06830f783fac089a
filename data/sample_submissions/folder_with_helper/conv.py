"""The convolution."""

import numpy as np


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.kernel, self.stride, self.padding = pair(kernel_size), pair(stride), pair(padding)
        if min(self.stride) < 1 or min(self.padding) < 0:
            raise ValueError(f"stride {self.stride} must be at least 1, padding {self.padding} at least 0")
        self.weight = np.random.randn(out_channels, in_channels, *self.kernel) * 0.1
        self.bias = np.zeros(out_channels)

    def pad(self, x):
        (p_h, p_w), (k_h, k_w) = self.padding, self.kernel
        if x.shape[1] != self.weight.shape[1]:
            raise ValueError(f"x has {x.shape[1]} channels, the weight {self.weight.shape[1]}")
        if x.shape[2] + 2 * p_h < k_h or x.shape[3] + 2 * p_w < k_w:
            raise ValueError(f"kernel {self.kernel} is larger than the padded input")
        return np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))

    def forward(self, x):
        (k_h, k_w), (s_h, s_w) = self.kernel, self.stride
        self.shape, self.padded = x.shape, self.pad(x)
        n, _, h, w = self.padded.shape
        h_out, w_out = (h - k_h) // s_h + 1, (w - k_w) // s_w + 1
        output = np.zeros((n, len(self.weight), h_out, w_out), dtype=x.dtype)
        for b in range(n):
            for f in range(len(self.weight)):
                for i in range(h_out):
                    for j in range(w_out):
                        window = self.padded[b, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
                        output[b, f, i, j] = np.sum(window * self.weight[f]) + self.bias[f]
        return output

    def backward(self, grad_output):
        (k_h, k_w), (s_h, s_w), (p_h, p_w) = self.kernel, self.stride, self.padding
        grad = np.zeros_like(self.padded)
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = np.zeros_like(self.bias)
        n, filters, h_out, w_out = grad_output.shape
        for b in range(n):
            for f in range(filters):
                for i in range(h_out):
                    for j in range(w_out):
                        g = grad_output[b, f, i, j]
                        rows, columns = slice(i * s_h, i * s_h + k_h), slice(j * s_w, j * s_w + k_w)
                        self.grad_bias[f] += g
                        self.grad_weight[f] += g * self.padded[b, :, rows, columns]
                        grad[b, :, rows, columns] += g * self.weight[f]
        return grad[:, :, p_h : p_h + self.shape[2], p_w : p_w + self.shape[3]]
