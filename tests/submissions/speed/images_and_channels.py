"""Loops over images and input channels, the rest by slices."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


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

    def windows(self, channel):
        return sliding_window_view(channel, self.kernel)[:: self.stride[0], :: self.stride[1]]

    def forward(self, x):
        self.padded = self.pad(x)
        output = np.zeros((len(x), len(self.weight), *self.size()))
        for n in range(len(x)):
            for c in range(x.shape[1]):
                output[n] += np.tensordot(self.weight[:, c], self.windows(self.padded[n, c]), ((1, 2), (2, 3)))
        return output + self.bias[:, None, None]

    def backward(self, grad_output):
        (s_h, s_w), (k_h, k_w) = self.stride, self.kernel
        h_out, w_out = grad_output.shape[2:]
        grad_padded = np.zeros_like(self.padded)
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = grad_output.sum((0, 2, 3))
        flat = np.ogrid[:h_out, :w_out, :k_h, :k_w]
        rows, columns = flat[0] * s_h + flat[2], flat[1] * s_w + flat[3]
        for n in range(len(grad_output)):
            for c in range(self.padded.shape[1]):
                windows = self.windows(self.padded[n, c])
                self.grad_weight[:, c] += np.tensordot(grad_output[n], windows, ((1, 2), (0, 1)))
                taps = np.tensordot(grad_output[n], self.weight[:, c], ((0,), (0,)))
                np.add.at(grad_padded[n, c], (rows, columns), taps)
        return self.crop(grad_padded)
