# A neighbour with two mistakes, which must cost the same beside attackers as alone.
import numpy as np

print("CANARY")


class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, grad_output):
        return grad_output


class Linear:
    def __init__(self, in_features, out_features):
        pass

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, grad_output):
        self.grad_weight = grad_output.T @ self.x / len(self.x)
        self.grad_bias = grad_output.sum(axis=0)
        return grad_output @ self.weight
