"""`grader truth` makes ground truth, and says what it needs where PyTorch is missing."""

import shutil
import sys

import numpy as np
import pytest

from cnn_reference.activations import Flatten, ReLU
from cnn_reference.conv import Conv2d
from cnn_reference.linear import Linear
from cnn_reference.loss import CrossEntropyLoss
from cnn_reference.network import CNN
from cnn_reference.pooling import AvgPool2d, MaxPool2d
from grader.cases.generate.answers import Expected
from grader.cases.generate.store import write_set
from grader.cases.ground_truth import load_ground_truth

CLASSES = (Conv2d, MaxPool2d, AvgPool2d, ReLU, Flatten, Linear, CrossEntropyLoss, CNN)


@pytest.mark.parametrize("made", ["public", "hidden", "from results"])
def test_truth_without_pytorch_says_how_to_get_it_and_writes_nothing(grader, monkeypatch, tmp_path, made):
    for name in [name for name in sys.modules if name.startswith("grader.cases.generate.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "secret.txt").write_text("a secret")
    chosen = {
        "public": [],
        "hidden": ["--seed-file", tmp_path / "secret.txt"],
        "from results": ["--from", tmp_path],
    }[made]
    ran = grader("truth", *chosen, "-o", tmp_path / "out")
    assert ran.status == 2
    assert "truth: needs PyTorch (grading does not): pip install torch==2.13.0" in ran.err
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def recomputed(grader, drawn_questions, tmp_path_factory):
    """Answer a run's questions again; return what the command said and the folder."""
    results = tmp_path_factory.mktemp("results")
    shutil.copytree(drawn_questions, results / "questions")
    return grader("truth", "--from", results, "-o", results / "again"), results / "again"


def test_truth_from_results_agrees_and_writes_pytorchs_answers(recomputed, drawn_questions):
    ran, folder = recomputed
    stored, again = load_ground_truth(drawn_questions), load_ground_truth(folder)
    asked = sum(not case.invalid for case in stored.cases)
    assert ran.status == 0, ran.err
    said = f"PyTorch agrees within the bound with the stored answers (by the reference) on {asked} cases."
    assert said in ran.out
    assert (stored.source, again.source[:9]) == ("the reference", "PyTorch 2")
    assert again.cases == stored.cases
    for case in stored.cases:
        for name, array in stored[case.id].inputs.items():
            np.testing.assert_array_equal(array, again[case.id].inputs[name])


def test_truth_from_results_writes_each_case_as_a_program_that_gives_the_right_answers(recomputed):
    _, folder = recomputed
    truth = load_ground_truth(folder)
    assert {path.stem for path in (folder / "cases").iterdir()} == {case.id for case in truth.cases}
    for case in truth.cases:
        names = {kind.__name__: kind for kind in CLASSES}
        text = (folder / "cases" / f"{case.id}.txt").read_text()
        assert case.why in text
        if case.invalid:
            with pytest.raises(ValueError, match=r"\w"):
                exec(text, names)
            continue
        exec(text, names)
        for part, right in truth[case.id].expected.items():
            np.testing.assert_array_equal(names[f"right_{part}"], right.values)
            if case.dtype == "float64" and case.kind != "network":
                np.testing.assert_allclose(names[part], right.values, rtol=1e-9, atol=1e-11)
        if case.kind == "network":
            np.testing.assert_allclose(names["losses"], names["right_losses"], rtol=1e-9)


def test_truth_from_results_names_cases_that_differ(grader, drawn_questions, tmp_path):
    truth = load_ground_truth(drawn_questions)
    cases = [case for case in truth.cases if case.kind == "linear"]
    expected = {}
    for case in cases:
        right = truth[case.id].expected
        off = 1e-6 if case.id == "linear-wide" else 0.0
        expected[case.id] = Expected(
            {part: one.values + off * (part == "grad_bias") for part, one in right.items()},
            {part: one.magnitude for part, one in right.items()},
            {part: one.terms for part, one in right.items()},
        )
    inputs = {case.id: dict(truth[case.id].inputs) for case in cases}
    write_set(tmp_path / "wrong", cases, inputs, expected, {"name": "fresh", "made_with": {}})
    ran = grader("truth", "--from", tmp_path / "wrong", "-o", tmp_path / "again")
    assert ran.status == 1
    differ = [line for line in ran.err.splitlines() if "differ" in line]
    assert len(differ) == 1
    assert "PyTorch and the stored answers differ: case linear-wide, grad_bias: " in differ[0]
    assert "agrees" not in ran.out


def test_truth_from_a_folder_without_questions_is_refused(grader, tmp_path):
    ran = grader("truth", "--from", tmp_path, "-o", tmp_path / "again")
    assert ran.status == 2
    assert "has no questions" in ran.err
