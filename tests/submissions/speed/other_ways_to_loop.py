"""Loops without a for statement: images in a comprehension, filters by map, pixels by recursion."""

import numpy as np


class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.kernel, self.stride, self.padding = kernel_size, stride, padding
        self.weight = np.zeros((out_channels, in_channels, *kernel_size))
        self.bias = np.zeros(out_channels)

    def rows(self, image, kernel, i, count):
        if i == count:
            return []
        top = i * self.stride[0]
        strip = image[:, top : top + self.kernel[0]]
        width = (strip.shape[2] - self.kernel[1]) // self.stride[1] + 1
        windows = np.lib.stride_tricks.sliding_window_view(strip, self.kernel[1], 2)[:, :, :: self.stride[1]]
        row = np.einsum("cujv,cuv->j", windows[:, :, :width], kernel)
        return [row, *self.rows(image, kernel, i + 1, count)]

    def filtered(self, image):
        count = (image.shape[1] - self.kernel[0]) // self.stride[0] + 1
        return list(map(lambda kernel: np.array(self.rows(image, kernel, 0, count)), self.weight))

    def forward(self, x):
        p_h, p_w = self.padding
        padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
        return np.array([self.filtered(image) for image in padded]) + self.bias[:, None, None]

    def backward(self, grad_output):
        raise NotImplementedError
