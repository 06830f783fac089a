"""The template's classes, all of them, with loops over the kernel only."""

import numpy as np


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.kernel, self.stride, self.padding = pair(kernel_size), pair(stride), pair(padding)
        self.weight = np.random.randn(out_channels, in_channels, *self.kernel)
        self.bias = np.zeros(out_channels)

    def forward(self, x):
        (p, q), (s, t) = self.padding, self.stride
        self.x, self.xp = x, np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)))
        windows = np.lib.stride_tricks.sliding_window_view(self.xp, self.kernel, axis=(2, 3))
        self.windows = windows[:, :, ::s, ::t]
        return np.einsum("ncijuv,fcuv->nfij", self.windows, self.weight) + self.bias[:, None, None]

    def backward(self, grad_output):
        (p, q), (s, t) = self.padding, self.stride
        dxp = np.zeros_like(self.xp)
        rows, columns = grad_output.shape[2:]
        for u, v in np.ndindex(*self.kernel):
            dxp[:, :, u : u + s * rows : s, v : v + t * columns : t] += np.einsum(
                "nfij,fc->ncij", grad_output, self.weight[:, :, u, v]
            )
        self.grad_weight = np.einsum("ncijuv,nfij->fcuv", self.windows, grad_output)
        self.grad_bias = grad_output.sum(axis=(0, 2, 3))
        return dxp[:, :, p : p + self.x.shape[2], q : q + self.x.shape[3]]


class MaxPool2d:
    def __init__(self, kernel_size, stride=None, padding=0):
        self.kernel, self.padding = pair(kernel_size), pair(padding)
        self.stride = self.kernel if stride is None else pair(stride)

    def forward(self, x):
        (p, q), (s, t) = self.padding, self.stride
        self.shape = x.shape
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)), constant_values=-np.inf)
        self.padded = xp.shape
        windows = np.lib.stride_tricks.sliding_window_view(xp, self.kernel, axis=(2, 3))[:, :, ::s, ::t]
        flat = windows.reshape(*windows.shape[:4], -1)
        self.best = flat.argmax(axis=4)
        return flat.max(axis=4)

    def backward(self, grad_output):
        (p, q), (s, t) = self.padding, self.stride
        dxp = np.zeros(self.padded, grad_output.dtype)
        n, c, i, j = np.indices(grad_output.shape)
        u, v = np.divmod(self.best, self.kernel[1])
        np.add.at(dxp, (n, c, i * s + u, j * t + v), grad_output)
        return dxp[:, :, p : p + self.shape[2], q : q + self.shape[3]]


class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, grad_output):
        return grad_output * (self.x > 0)


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad_output):
        return grad_output.reshape(self.shape)


class Linear:
    def __init__(self, in_features, out_features):
        self.weight = np.random.randn(out_features, in_features)
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
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.probabilities, self.labels = np.exp(logs), labels
        return -logs[np.arange(len(labels)), labels].mean()

    def backward(self):
        grad = self.probabilities.copy()
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
