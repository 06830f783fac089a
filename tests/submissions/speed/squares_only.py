"""Seven nested loops that take square images and kernels only."""

import numpy as np


class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        if kernel_size[0] != kernel_size[1]:
            raise ValueError("square kernels only")
        self.kernel, self.stride, self.padding = kernel_size, stride, padding
        self.weight = np.zeros((out_channels, in_channels, *kernel_size))
        self.bias = np.zeros(out_channels)

    def pad(self, x):
        if x.shape[2] != x.shape[3]:
            raise ValueError("square images only")
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

    def forward(self, x):
        self.padded = self.pad(x)
        (k_h, k_w), (s_h, s_w) = self.kernel, self.stride
        output = np.zeros((len(x), len(self.weight), *self.size()))
        for n in range(output.shape[0]):
            for o in range(output.shape[1]):
                for i in range(output.shape[2]):
                    for j in range(output.shape[3]):
                        output[n, o, i, j] = self.bias[o]
                        for c in range(x.shape[1]):
                            for u in range(k_h):
                                for v in range(k_w):
                                    pixel = self.padded[n, c, i * s_h + u, j * s_w + v]
                                    output[n, o, i, j] += pixel * self.weight[o, c, u, v]
        return output

    def backward(self, grad_output):
        (k_h, k_w), (s_h, s_w) = self.kernel, self.stride
        grad_padded = np.zeros_like(self.padded)
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = np.zeros_like(self.bias)
        for n in range(grad_output.shape[0]):
            for o in range(grad_output.shape[1]):
                for i in range(grad_output.shape[2]):
                    for j in range(grad_output.shape[3]):
                        grad = grad_output[n, o, i, j]
                        self.grad_bias[o] += grad
                        for c in range(self.padded.shape[1]):
                            for u in range(k_h):
                                for v in range(k_w):
                                    row, column = i * s_h + u, j * s_w + v
                                    grad_padded[n, c, row, column] += grad * self.weight[o, c, u, v]
                                    self.grad_weight[o, c, u, v] += grad * self.padded[n, c, row, column]
        return self.crop(grad_padded)
