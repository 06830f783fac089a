"""Layers that update themselves; weights made at the first forward; a bias of shape (filters, 1)."""

import numpy as np


class ConvolutionLayer:
    def __init__(self, num_filters, kernel_size, stride, padding):
        self.num_filters, self.k = num_filters, kernel_size
        self.stride, self.padding = stride, padding
        self.weights = None

    def forward(self, x):
        if self.weights is None:
            self.weights = np.random.randn(self.num_filters, x.shape[1], self.k, self.k) * 0.1
            self.biases = np.zeros((self.num_filters, 1))
        self.x, s, p, k = x, self.stride, self.padding, self.k
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        rows = (self.xp.shape[2] - k) // s + 1
        columns = (self.xp.shape[3] - k) // s + 1
        out = np.zeros((len(x), self.num_filters, rows, columns), x.dtype)
        for i in range(rows):
            for j in range(columns):
                patch = self.xp[:, :, i * s : i * s + k, j * s : j * s + k]
                out[:, :, i, j] = np.tensordot(patch, self.weights, ((1, 2, 3), (1, 2, 3))) + self.biases.T
        return out

    def backward(self, grad, lr):
        s, p, k = self.stride, self.padding, self.k
        dxp, dw = np.zeros_like(self.xp), np.zeros_like(self.weights)
        for i in range(grad.shape[2]):
            for j in range(grad.shape[3]):
                rows, columns = slice(i * s, i * s + k), slice(j * s, j * s + k)
                dw += np.tensordot(grad[:, :, i, j], self.xp[:, :, rows, columns], (0, 0))
                dxp[:, :, rows, columns] += np.tensordot(grad[:, :, i, j], self.weights, (1, 0))
        db = grad.sum(axis=(0, 2, 3)).reshape(-1, 1)
        self.weights -= lr * dw
        self.biases -= lr * db
        height, width = self.x.shape[2:]
        return dxp[:, :, p : p + height, p : p + width]


class MaxPoolingLayer:
    def __init__(self, size, stride):
        self.size, self.stride = size, stride

    def forward(self, x):
        self.x, k, s = x, self.size, self.stride
        rows, columns = (x.shape[2] - k) // s + 1, (x.shape[3] - k) // s + 1
        out = np.zeros((*x.shape[:2], rows, columns), x.dtype)
        for i in range(rows):
            for j in range(columns):
                out[:, :, i, j] = x[:, :, i * s : i * s + k, j * s : j * s + k].max(axis=(2, 3))
        return out

    def backward(self, grad, lr):
        dx, k, s = np.zeros_like(self.x), self.size, self.stride
        for n, c, i, j in np.ndindex(*grad.shape):
            window = self.x[n, c, i * s : i * s + k, j * s : j * s + k]
            a, b = np.unravel_index(window.argmax(), window.shape)
            dx[n, c, i * s + a, j * s + b] += grad[n, c, i, j]
        return dx


class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


class FullyConnectedLayer:
    """The weights are (inputs, outputs)."""

    def __init__(self, outputs):
        self.outputs, self.weights = outputs, None

    def forward(self, x):
        if self.weights is None:
            self.weights = np.random.randn(x.shape[1], self.outputs) * 0.1
            self.biases = np.zeros((1, self.outputs))
        self.x = x
        return x @ self.weights + self.biases

    def backward(self, grad, lr):
        dx = grad @ self.weights.T
        self.weights = self.weights - lr * (self.x.T @ grad)
        self.biases = self.biases - lr * grad.sum(axis=0, keepdims=True)
        return dx


class Softmax:
    """With one-hot labels; backward takes them again."""

    def forward(self, scores):
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.probabilities = e / e.sum(axis=1, keepdims=True)
        return self.probabilities

    def backward(self, one_hot):
        return (self.probabilities - one_hot) / len(one_hot)
