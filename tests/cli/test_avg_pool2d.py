"""Average pooling can be graded like any other layer, and is not where nobody asks for it."""

import json

import pytest

from grader.cli import main

RIGHT = """
import numpy as np

class AvgPool2d:
    def __init__(self, kernel_size, stride=None, padding=0):
        pair = lambda value: (value, value) if isinstance(value, int) else value
        self.k = pair(kernel_size)
        self.s = pair(kernel_size if stride is None else stride)
        self.p = pair(padding)

    def windows(self, shape):
        rows, columns = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip(shape[2:], self.p, self.k, self.s)]
        for i in range(rows):
            for j in range(columns):
                top, left = self.s[0] * i, self.s[1] * j
                yield i, j, slice(top, top + self.k[0]), slice(left, left + self.k[1])

    def forward(self, x):
        (p, q), self.shape = self.p, x.shape
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)))
        found = {(i, j): padded[:, :, a, b].MEAN for i, j, a, b in self.windows(x.shape)}
        rows, columns = (max(k) + 1 for k in zip(*found))
        output = np.zeros((*x.shape[:2], rows, columns), x.dtype)
        for (i, j), value in found.items():
            output[:, :, i, j] = value
        return output

    def backward(self, grad_output):
        n, c, h, w = self.shape
        p, q = self.p
        grad = np.zeros((n, c, h + 2 * p, w + 2 * q), grad_output.dtype)
        for i, j, a, b in self.windows(self.shape):
            grad[:, :, a, b] += grad_output[:, :, i : i + 1, j : j + 1] / (self.k[0] * self.k[1])
        return grad[:, :, p : p + h, q : q + w]
"""
ASSIGNMENT = """
name = "Pooling"
[points]
"avg_pool2d.forward" = 10
"avg_pool2d.grad_x" = 10
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    (folder / "right.py").write_text(RIGHT.replace("MEAN", "mean(axis=(2, 3))"))
    (folder / "summed.py").write_text(RIGHT.replace("MEAN", "sum(axis=(2, 3))"))
    assignment, results = folder.parent / f"{folder.name}.toml", folder.parent / f"{folder.name}-results"
    assignment.write_text(ASSIGNMENT)
    assert main(["run", str(folder), "-o", str(results), "--assignment", str(assignment)]) == 0
    scores = json.loads((results / "scores.json").read_text())
    return {one["id"]: one for one in scores["submissions"]}


def test_run_right_average_pooling_gets_full_points(graded):
    assert graded["right"]["points"] == 20.0
    assert [one["total"] for one in graded["right"]["criteria"]] == [26, 26]


def test_run_sum_instead_of_mean_loses_forward_and_is_named(graded):
    forward, grad_x = graded["summed"]["criteria"]
    assert (forward["passed"], grad_x["points"]) == (1, 10.0), "a 1x1 window has the same sum and mean"
    assert [one["mistake"] for one in graded["summed"]["diagnoses"]] == ["sums_instead_of_mean"]
