"""The template's loss alone, to be put beside layers that have none."""

import numpy as np


class CrossEntropyLoss:
    def forward(self, logits, labels):
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.p, self.labels = e / e.sum(axis=1, keepdims=True), labels
        return -np.log(self.p[np.arange(len(labels)), labels]).mean()

    def backward(self):
        return (self.p - np.eye(self.p.shape[1])[self.labels]) / len(self.p)
