"""Right: as `im2col.py`, with the convolution in a module of its own."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from conv import Conv2d  # noqa: F401
from conv import pair


class MaxPool2d:
    def __init__(self, kernel_size, stride=None, padding=0):
        self.kernel = pair(kernel_size)
        self.stride = self.kernel if stride is None else pair(stride)
        self.padding = pair(padding)

    def forward(self, x):
        (k_h, k_w), (s_h, s_w), (p_h, p_w) = self.kernel, self.stride, self.padding
        self.shape = x.shape
        padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)), constant_values=-np.inf)
        self.padded_shape = padded.shape
        windows = sliding_window_view(padded, (k_h, k_w), axis=(2, 3))[:, :, ::s_h, ::s_w]
        flat = windows.reshape(*windows.shape[:4], k_h * k_w)
        self.winner = flat.argmax(axis=-1)
        return flat.max(axis=-1)

    def backward(self, grad_output):
        (k_h, k_w), (s_h, s_w), (p_h, p_w) = self.kernel, self.stride, self.padding
        n, c, i, j = np.indices(self.winner.shape)
        grad = np.zeros(self.padded_shape, dtype=grad_output.dtype)
        rows, columns = i * s_h + self.winner // k_w, j * s_w + self.winner % k_w
        np.add.at(grad, (n, c, rows, columns), grad_output)
        return grad[:, :, p_h : p_h + self.shape[2], p_w : p_w + self.shape[3]]


class ReLU:
    def forward(self, x):
        self.positive = x > 0
        return x * self.positive

    def backward(self, grad_output):
        return grad_output * self.positive


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad_output):
        return grad_output.reshape(self.shape)


class Linear:
    def __init__(self, in_features, out_features):
        self.weight = np.random.randn(out_features, in_features) * np.sqrt(2 / in_features)
        self.bias = np.zeros(out_features)

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, grad_output):
        self.grad_weight = grad_output.T @ self.x
        self.grad_bias = grad_output.sum(axis=0)
        return grad_output @ self.weight


class CrossEntropyLoss:
    def forward(self, logits, labels):
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_softmax = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.softmax, self.labels = np.exp(log_softmax), labels
        return -log_softmax[np.arange(len(labels)), labels].mean()

    def backward(self):
        grad = self.softmax.copy()
        grad[np.arange(len(grad)), self.labels] -= 1
        return grad / len(grad)


class CNN:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad

    def step(self, lr):
        for layer in self.layers:
            if hasattr(layer, "weight"):
                layer.weight -= lr * layer.grad_weight
                layer.bias -= lr * layer.grad_bias
