"""The convolution."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


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

    def im2col(self, padded):
        (k_h, k_w), (s_h, s_w) = self.kernel, self.stride
        windows = sliding_window_view(padded, (k_h, k_w), axis=(2, 3))[:, :, ::s_h, ::s_w]
        n, c, h_out, w_out = windows.shape[:4]
        self.out_size = h_out, w_out
        return windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h_out * w_out, c * k_h * k_w)

    def forward(self, x):
        self.shape = x.shape
        padded = self.pad(x)
        self.padded_shape = padded.shape
        self.columns = self.im2col(padded)
        rows = self.columns @ self.weight.reshape(len(self.weight), -1).T + self.bias
        return rows.reshape(len(x), *self.out_size, -1).transpose(0, 3, 1, 2)

    def backward(self, grad_output):
        (k_h, k_w), (s_h, s_w), (p_h, p_w) = self.kernel, self.stride, self.padding
        n, f, h_out, w_out = grad_output.shape
        rows = grad_output.transpose(0, 2, 3, 1).reshape(-1, f)
        self.grad_bias = rows.sum(axis=0)
        self.grad_weight = (rows.T @ self.columns).reshape(self.weight.shape)
        taps = (rows @ self.weight.reshape(f, -1)).reshape(n, h_out, w_out, -1, k_h, k_w)
        grad = np.zeros(self.padded_shape, dtype=grad_output.dtype)
        for u in range(k_h):
            for v in range(k_w):
                target = grad[:, :, u : u + s_h * h_out : s_h, v : v + s_w * w_out : s_w]
                target += taps[..., u, v].transpose(0, 3, 1, 2)
        return grad[:, :, p_h : p_h + self.shape[2], p_w : p_w + self.shape[3]]
