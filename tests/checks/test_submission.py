"""What a case's parts come to, each by itself: one slip in a call is charged once, where it is."""

from contextlib import ExitStack

import pytest

from grader.assignment.interface import load_interface
from grader.cases.ground_truth import load_ground_truth
from grader.checks.answer_remarks import remark_sentences, remarked_criteria
from grader.checks.submission import CheckFailed, Student
from grader.intake.source import Program
from grader.results import Outcome
from grader.sandbox import Answer, Client, Limits, Reply, open_backend

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
STRAYED = "np.lib.stride_tricks.as_strided(dx, (len(dx) + 1, dx.shape[1]), dx.strides)"
RIGHT = "passed"
ORDER, MODIFIED = "passed gradient_order", "passed modified_input"
# What forward and backward do besides, and what becomes of output, grad_x, grad_weight and grad_bias.
LAYERS = {
    "right": ("", KEPT, [RIGHT] * 4),
    "returns nothing": ("", KEPT + "return", [RIGHT, "not_implemented", RIGHT, RIGHT]),
    "returns parameters too": ("", KEPT + "return dx, self.weight, self.bias", [RIGHT, ORDER, RIGHT, RIGHT]),
    "returns a wrong shape": ("", KEPT + "return dx[:1]", [RIGHT, "wrong_shape", RIGHT, RIGHT]),
    "returns all": ("", "return dw, db, dx", [RIGHT, ORDER, RIGHT, RIGHT]),
    "returns all, one of them wrong": ("", "return dx, 2 * dw, db", [RIGHT, ORDER, "wrong_value", RIGHT]),
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
    "gives what is outside an array": (
        "",
        KEPT + f"return {STRAYED}[1:]",
        [RIGHT, "out_of_bounds_view", RIGHT, RIGHT],
    ),
    "makes a view that reaches outside an array": ("", KEPT + f"return {STRAYED}[:-1]", [RIGHT] * 4),
    "writes to a view that reaches outside an array": (
        "",
        KEPT + f"{STRAYED}[0] = 1",
        [RIGHT, "out_of_bounds_view", RIGHT, RIGHT],
    ),
    "keeps what is outside an array": (
        f"self.x = {STRAYED.replace('dx', 'x')}[1:]",
        KEPT,
        [RIGHT, RIGHT, "out_of_bounds_view", RIGHT],
    ),
    "divides by zero": ("", KEPT + "return dx / 0 * 0", [RIGHT, "not_finite", RIGHT, RIGHT]),
    "returns lists": ("return output.tolist()", KEPT + "return dx.tolist()", [RIGHT] * 4),
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


@pytest.fixture
def open_student(backend):
    """Return what opens one of the layers for the checks."""
    with ExitStack() as stack:

        def open_(name: str) -> Student:
            forward, backward, _ = LAYERS[name]
            source = LAYER.format(forward=forward or "pass", backward=backward)
            program = Program("cnn.py", {"cnn.py": source})
            interface = load_interface("layers").source
            return Student(
                stack.enter_context(Client(program, interface, {}, ("numpy",), Limits(), backend)), TRUTH
            )

        yield open_


@pytest.mark.parametrize("name", LAYERS)
def test_expect_judges_each_part_by_itself(name, open_student):
    assert found(open_student(name), "linear-twice") == LAYERS[name][2]


def test_remark_sentences_name_lists_and_the_line_of_a_stray_view(open_student):
    view, lists, right = (
        open_student(name)
        for name in ("makes a view that reaches outside an array", "returns lists", "right")
    )
    for student in (view, lists, right):
        found(student, "linear")
    assert remark_sentences(TRUTH, right.replies) == ()
    assert remark_sentences(TRUTH, lists.replies) == (
        "linear: a list of numbers was taken as an array for output, grad_x",
    )
    (sentence,) = remark_sentences(TRUTH, view.replies)
    assert sentence.startswith(
        "linear: as_strided makes a view that reaches outside its array, at cnn.py, line 15"
    )
    criteria = {"linear.grad_x", "linear.grad_weight", "linear.grad_bias"}
    assert [remarked_criteria(TRUTH, one.replies) for one in (view, lists, right)] == [
        criteria,
        {"linear.forward", "linear.grad_x"},
        set(),
    ]


class Changing:
    """Answers every case rightly, and says that each call changed x."""

    printed = ""

    def __init__(self, case):
        self.answers = {
            part: Answer(part, array=right.values, modified=("x",))
            for part, right in TRUTH[case.id].expected.items()
        }

    def run(self, *_, **__):
        return Reply(self.answers)


@pytest.mark.parametrize(
    ("kind", "part", "penalties"), [("relu", "grad_x", ("modified_input",)), ("network", "losses", ())]
)
def test_expect_changed_input_is_charged_to_its_layer_alone(kind, part, penalties):
    case = next(case for case in TRUTH.cases if case.kind == kind)
    assert Student(Changing(case), TRUTH).expect(case, part).penalties == penalties
