"""What a case's parts come to, each by itself: one slip in a call is charged once, where it is."""

import pytest

from grader.assignment.interface import load_interface
from grader.cases.ground_truth import load_ground_truth
from grader.checks.submission import CheckFailed, Student
from grader.intake.source import Program
from grader.results import Outcome
from grader.sandbox import Client, Limits, open_backend

TRUTH = load_ground_truth()
PARTS = ("output", "grad_x", "grad_weight", "grad_bias")
LAYER = """
import numpy as np

class Linear:
    called = 0
    def __init__(self, in_features, out_features):
        self.grad_weight = self.grad_bias = None
    def forward(self, x):
        self.x, output = x, x @ self.weight.T + self.bias
        {forward}
        return output
    def backward(self, g):
        self.called += 1
        dx, dw, db = g @ self.weight, g.T @ self.x, g.sum(axis=0)
        {backward}
        return dx
"""
KEPT = "self.grad_weight, self.grad_bias = dw, db; "
RIGHT = "passed"
ORDER, MODIFIED = "passed gradient_order", "passed modified_input"
# What forward and backward do besides, and what becomes of output, grad_x, grad_weight and grad_bias.
LAYERS = {
    "right": ("", KEPT, [RIGHT] * 4),
    "returns nothing": ("", KEPT + "return", [RIGHT, "not_implemented", RIGHT, RIGHT]),
    "returns parameters too": ("", KEPT + "return dx, self.weight, self.bias", [RIGHT, ORDER, RIGHT, RIGHT]),
    "returns a wrong shape": ("", KEPT + "return dx[:1]", [RIGHT, "wrong_shape", RIGHT, RIGHT]),
    "returns all": ("", "return dw, db, dx", [RIGHT, ORDER, ORDER, ORDER]),
    "returns all, one of them wrong": ("", "return dx, 2 * dw, db", [RIGHT, ORDER, "wrong_value", ORDER]),
    "keeps one wrong shape": (
        "",
        "self.grad_weight, self.grad_bias = dw.T, db",
        [RIGHT, RIGHT, "wrong_shape", RIGHT],
    ),
    "fails at its end": ("", KEPT + "raise ValueError('no')", [RIGHT, "raised", RIGHT, RIGHT]),
    "fails half-way": (
        "",
        "self.grad_weight, self.grad_bias = 0 * dw, db; raise ValueError('no')",
        [RIGHT, "raised", "raised", RIGHT],
    ),
    "fails in the second call": (
        "",
        "if self.called > 1: raise ValueError('no')\n        " + KEPT,
        [RIGHT] + ["raised"] * 3,
    ),
    "fails in the first call": (
        "",
        KEPT + "\n        if self.called < 2: raise ValueError('no')",
        [RIGHT] * 4,
    ),
    "changes its gradient": ("", KEPT + "g *= 0", [RIGHT, MODIFIED, MODIFIED, MODIFIED]),
    "changes x in backward": ("", KEPT + "self.x *= 0", [RIGHT, MODIFIED, MODIFIED, MODIFIED]),
    "changes x in forward": ("self.x = x.copy(); x *= 0", KEPT, [MODIFIED, RIGHT, RIGHT, RIGHT]),
    "changes x that backward needs": ("x *= 2", KEPT, [MODIFIED, RIGHT, "wrong_value", RIGHT]),
    "changes its bias": ("self.bias += 1", KEPT, [MODIFIED, RIGHT, RIGHT, RIGHT]),
    "forward returns a pair": ("return output, x", KEPT, ["wrong_shape", RIGHT, RIGHT, RIGHT]),
}


@pytest.fixture(scope="module")
def backend():
    with open_backend("native") as opened:
        yield opened


def found(student: Student, case_id: str) -> list[str]:
    """Return what becomes of each part, with the penalties of right ones."""
    case = next(case for case in TRUTH.cases if case.id == case_id)
    outcomes = []
    for part in PARTS:
        try:
            outcomes.append(" ".join([Outcome.PASSED, *student.expect(case, part).penalties]))
        except CheckFailed as failure:
            outcomes.append(str(failure.outcome))
    return outcomes


@pytest.mark.parametrize("name", LAYERS)
def test_expect_judges_each_part_by_itself(name, backend):
    forward, backward, expected = LAYERS[name]
    program = Program("cnn.py", {"cnn.py": LAYER.format(forward=forward or "pass", backward=backward)})
    with Client(program, load_interface("layers").source, {}, ("numpy",), Limits(), backend) as client:
        assert found(Student(client, TRUTH), "linear-twice") == expected
