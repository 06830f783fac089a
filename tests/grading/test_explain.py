"""Hidden questions are explained by public ones, which a fresh worker is asked for what failed only."""

from dataclasses import replace

import pytest

from grader.assignment.interface import load_interface
from grader.assignment.load import Assignment
from grader.grading import explain, open_submission
from grader.grading.grade import grade
from grader.grading.job import Job
from grader.intake.submissions import SourceFile, Submission
from grader.sandbox import Client

POINTS = {"relu.forward": 1.0, "relu.grad_x": 1.0, "linear.forward": 1.0}
RELU = """
import numpy as np
class ReLU:
    def forward(self, x):
        self.x = x
        return {output}
    def backward(self, grad_output):
        return {grad_x}
"""
RIGHT = {"output": "np.maximum(x, 0)", "grad_x": "grad_output * (self.x > 0)"}
LINEAR = """
class Linear:
    def __init__(self, in_features, out_features): pass
    def forward(self, x): {linear}
"""


@pytest.fixture
def graded(drawn_questions, monkeypatch):
    """Return a function that grades a source by fresh questions, and the clients' questions by kind."""
    clients, asked = [], []
    run = Client.run

    def noted(self, kind, params, arrays, **more):
        if self not in clients:
            clients.append(self)
        asked.append((clients.index(self), kind))
        return run(self, kind, params, arrays, **more)

    monkeypatch.setattr(Client, "run", noted)

    def one(linear="return x @ self.weight.T + self.bias", truth="fresh", **changed):
        source = RELU.format(**{**RIGHT, **changed}) + LINEAR.format(linear=linear)
        assignment = Assignment("A", POINTS, ground_truth=truth)
        job = Job(assignment, load_interface("layers"), "none", questions=drawn_questions)
        return grade(Submission("ada", "Ada", None, (SourceFile("cnn.py", source.encode()),)), job)

    return one, asked


def test_right_submission_is_asked_nothing_again(graded):
    grade_one, asked = graded
    result = grade_one()
    assert (result.points, result.examples, result.warnings) == (3, (), ())
    assert len({client for client, _ in asked}) == 1


def test_right_layer_with_a_remark_is_asked_again_and_told(graded):
    grade_one, asked = graded
    result = grade_one(output="np.maximum(x, 0).tolist()")
    assert (result.points, result.examples) == (3, ())
    assert result.warnings == ("relu: a list of numbers was taken as an array for output",)
    assert {kind for client, kind in asked if client} == {"relu"}


def test_wrong_layer_alone_is_asked_again_by_another_worker(graded):
    grade_one, asked = graded
    result = grade_one(output="np.maximum(x, 0.1)")
    assert {kind for client, kind in asked if client == 0} == {"linear", "relu"}
    assert {kind for client, kind in asked if client} == {"relu"}
    assert {item.criterion for item in result.examples} == {"relu.forward"}
    assert all("expected" in item.message for item in result.examples)
    assert [example.criterion for example in result.counterexamples] == ["relu.forward"]


def test_known_mistake_of_hidden_questions_is_named_by_the_public_ones(graded):
    result = graded[0](grad_x="grad_output * (self.x >= 0)")
    assert [one.mistake for one in result.diagnoses] == ["passes_gradient_at_zero"]


def test_public_set_is_explained_by_the_answers_that_earned_the_points(graded):
    grade_one, asked = graded
    result = grade_one(output="np.maximum(x, 0.1)", truth="public")
    assert len({client for client, _ in asked}) == 1
    assert result.examples == ()
    assert any("expected" in item.message for item in result.items)


def test_layer_that_gives_no_array_is_asked_a_few_questions(graded):
    grade_one, asked = graded
    result = grade_one(linear="raise NotImplementedError('later')")
    assert len(result.examples) == explain.SOME
    assert {client for client, _ in asked} == {0, 1}
    assert {item.message for item in result.examples} == {"later"}


def test_layer_that_always_raises_is_no_layer_for_square_images(graded, monkeypatch):
    monkeypatch.setitem(POINTS, "conv2d.forward", 1.0)
    conv = "pass\nclass Conv2d:\n    def __init__(self, **given): raise ImportError('torch')"
    result = graded[0](linear=conv)
    assert len([item for item in result.examples if item.criterion == "conv2d.forward"]) == explain.SOME
    assert result.diagnoses == ()


def test_layer_that_is_right_on_public_questions_only_is_flagged(graded, drawn_questions):
    seen = "return x @ self.weight.T + self.bias if round(float(x.ravel()[0]), 4) in KNOWN else {}"
    public = load_known()
    for otherwise in ("0 * x @ self.weight.T", "1 / 0", "None"):
        result = graded[0](linear=f"KNOWN = {public}; {seen.format(otherwise)}")
        assert result.points == 2
        flag = "linear.forward: right on all 17 public questions, wrong on 17 of 17 fresh ones"
        assert result.warnings == (flag,)
        assert result.examples == ()


def load_known():
    """Return the first number of each public input of the linear layer."""
    truth = open_submission.load_ground_truth()
    cases = [case for case in truth.cases if case.kind == "linear"]
    arrays = [array for case in cases for name, array in truth[case.id].inputs.items() if name.endswith("x")]
    return [round(float(array.ravel()[0]), 4) for array in arrays]


def test_file_that_cannot_be_loaded_says_why_without_a_second_worker(graded):
    broken = graded[0](linear="pass\n1 +")
    assert {item.message.partition(":")[0] for item in broken.items} == {"cnn.py, line 13"}
    assert broken.examples == ()


def test_budget_is_shared_between_workers(graded, drawn_questions):
    assignment = Assignment("A", POINTS, ground_truth="fresh")
    limits = replace(assignment.limits, submission_seconds=0.5)
    source = RELU.format(**{**RIGHT, "output": "[sum(range(10 ** 7)), x][1]"})
    job = Job(replace(assignment, limits=limits), load_interface("layers"), "none", questions=drawn_questions)
    ada = Submission("ada", "Ada", None, (SourceFile("cnn.py", source.encode()),))
    # On a busy machine the first worker can use up all of the time; one of three tries is enough here.
    tries = (grade(ada, job) for _ in range(3))
    told = (item.message for result in tries for item in result.examples)
    assert any("the limit of 0.5 s for the whole submission" in message for message in told)
