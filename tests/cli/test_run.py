"""`grader run` on what goes wrong: bad usage, hostile code, a neighbour that must not notice."""

import shutil
import sqlite3
import subprocess
import sys

import pytest

from grader.cases.ground_truth import load_ground_truth
from tests.cli.conftest import ROOT

PLANTED = ROOT / "tests" / "fixtures" / "planted"
RIGHT = ROOT / "data" / "sample_submissions" / "im2col.py"
RELU_ONLY = 'name = "Short"\n[points]\n"relu.forward" = 1\n'
CONV_ONLY = 'name = "Convolution"\n[points]\n"conv2d.forward" = 60\n"conv2d.grad_x" = 40\n'


@pytest.fixture
def assignment(tmp_path):
    path = tmp_path / "assignment.toml"
    path.write_text(CONV_ONLY)
    return path


BAD = ("asks_for_input", "prints_a_gigabyte", "missing_class")


@pytest.fixture(scope="module")
def bad_class(grader, tmp_path_factory):
    """Grade three bad submissions and their right neighbour once; return the results folder."""
    folder, out = tmp_path_factory.mktemp("handed_in"), tmp_path_factory.mktemp("out")
    for name in BAD:
        shutil.copy(PLANTED / f"{name}.py", folder)
    shutil.copy(RIGHT, folder / "neighbour.py")
    (out / "assignment.toml").write_text(CONV_ONLY)
    ran = grader("run", folder, "-o", out, "--assignment", out / "assignment.toml")
    assert ran.status == 0, ran.err
    return out


@pytest.mark.parametrize(
    ("name", "outcome", "sentence"),
    [
        ("asks_for_input", "raised", "input() has nothing to read here"),
        ("prints_a_gigabyte", "too_much_output", "printed more than the 8 MiB that are allowed"),
        ("missing_class", "not_implemented", "Conv2d is not defined"),
    ],
)
def test_run_bad_submission_gets_its_outcome(bad_class, read_scores, name, outcome, sentence):
    score = read_scores(bad_class)[name]
    assert score["points"] == 0
    assert score["outcomes"][outcome] > 0
    assert sentence in (bad_class / "feedback" / f"{name}.html").read_text()


def test_run_right_neighbour_of_bad_submissions_gets_full_points(bad_class, read_scores):
    scores = read_scores(bad_class)
    assert set(scores) == {*BAD, "neighbour"}
    assert scores["neighbour"]["points"] == 100


def test_run_stores_each_item_for_sql(bad_class):
    with sqlite3.connect(bad_class / "gradebook.sqlite") as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM items WHERE criterion = 'conv2d.forward' AND outcome = 'passed'"
        ).fetchone()
    assert count >= 60


def test_run_only_grades_those_named(grader, read_scores, tmp_path):
    folder = tmp_path / "handed_in"
    folder.mkdir()
    path = tmp_path / "assignment.toml"
    path.write_text(RELU_ONLY)
    for name in ("ada", "bob"):
        shutil.copy(RIGHT, folder / f"{name}.py")
    ran = grader("run", folder, "-o", tmp_path / "out", "--assignment", path, "--only", "bob")
    assert ran.status == 0
    assert set(read_scores(tmp_path / "out")) == {"bob"}


def test_run_only_unknown_id_is_usage_and_names_those_there(grader, tmp_path):
    ran = grader("run", RIGHT, "-o", tmp_path / "out", "--only", "nobody")
    assert ran.status == 2
    assert "no submission nobody; there are im2col" in ran.err


def test_run_criterion_without_a_check_is_refused_before_grading(grader, tmp_path):
    path = tmp_path / "assignment.toml"
    path.write_text(CONV_ONLY + '"conv2d.identity" = 5\n')
    own = tmp_path / "checks"
    own.mkdir()
    (own / "test_own.py").write_text("def test_nothing():\n    pass\n")
    ran = grader("run", RIGHT, "-o", tmp_path / "out", "--assignment", path, "--checks", own)
    assert ran.status == 2
    assert "points.conv2d.identity: no check gives points for it" in ran.err
    assert not (tmp_path / "out").exists()


OWN_CHECK = """
import numpy as np
import pytest


@pytest.mark.criterion("conv2d.identity")
def test_identity_kernel_copies_the_input(submission):
    x = np.arange(24.0).reshape(1, 1, 4, 6)
    weight = np.zeros((1, 1, 3, 3))
    weight[0, 0, 1, 1] = 1
    answer = submission.conv2d(x, weight, np.zeros(1), np.ones((1, 1, 4, 6)), padding=1)
    np.testing.assert_array_equal(answer.output, x)
"""


def test_run_own_check_counts_for_its_own_criterion(grader, read_scores, tmp_path):
    path = tmp_path / "assignment.toml"
    path.write_text(CONV_ONLY + '"conv2d.identity" = 5\n')
    own = tmp_path / "checks"
    own.mkdir()
    (own / "test_identity.py").write_text(OWN_CHECK)
    flipped = ROOT / "data" / "sample_submissions" / "kernel_flipped.py"
    ran = grader("run", RIGHT, flipped, "-o", tmp_path / "out", "--assignment", path, "--checks", own)
    assert ran.status == 0, ran.err
    points = {
        name: {c["name"]: c["points"] for c in score["criteria"]}
        for name, score in read_scores(tmp_path / "out").items()
    }
    assert points["im2col"]["conv2d.identity"] == 5
    assert points["kernel_flipped"]["conv2d.identity"] == 5  # a flipped identity is the identity
    assert points["kernel_flipped"]["conv2d.forward"] < 60


BREAKS = """
import pytest


@pytest.mark.criterion("conv2d.identity")
def test_breaks(submission):
    return {}["no such key"]
"""


def test_run_check_that_breaks_is_told_with_its_traceback_where_asked(grader, tmp_path):
    path = tmp_path / "assignment.toml"
    path.write_text('name = "Own"\n[points]\n"conv2d.identity" = 5\n')
    own = tmp_path / "checks"
    own.mkdir()
    (own / "test_breaks.py").write_text(BREAKS)
    arguments = ("run", RIGHT, "-o", tmp_path / "out", "--assignment", path, "--checks", own)
    ran = grader(*arguments)
    assert ran.status == 1
    assert "im2col: conv2d.identity, case test_breaks: KeyError: 'no such key'" in ran.err
    assert "Traceback" not in ran.err
    told = grader(*arguments, "-v")
    assert told.status == 1
    assert 'return {}["no such key"]' in told.err
    assert "_pytest" not in told.err
    assert "INFO grader.grading.run: im2col: grader_error" in told.err


def test_run_broken_check_file_is_named_before_grading(grader, tmp_path, assignment):
    own = tmp_path / "checks"
    own.mkdir()
    (own / "test_broken.py").write_text("import no_such_module_at_all\n")
    ran = grader("run", RIGHT, "-o", tmp_path / "out", "--assignment", assignment, "--checks", own)
    assert ran.status == 1
    assert "no_such_module_at_all" in ran.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "no/such/folder"], "no/such/folder"),
        (["run", RIGHT, "--assignment", "no.toml"], "no.toml: cannot be read"),
        (["run", RIGHT, "--interface", "torch"], "neither a .py file nor a shipped interface"),
        (["run", RIGHT, "--checks", "no/checks"], "--checks: 'no/checks' is not a folder"),
        (["run", RIGHT, "--workers", "0"], "must be at least 1"),
        (["run", RIGHT, "--sandbox", "paper"], "invalid choice: 'paper'"),
        (["run", RIGHT, "--python", "no/such/python"], "--python: 'no/such/python': no such program"),
        (["run", RIGHT, "--python", "python9.9"], "--python: 'python9.9': no such program on PATH"),
        (["doctor", "--python", "no/such/python"], "--python: 'no/such/python': no such program"),
        (["report", "no/results"], "no/results has no gradebook.sqlite"),
        (["report", "no/:bomb:"], "no/:bomb: has no gradebook.sqlite"),
        (["report", "no/\x1b[31m"], r"no/\x1b[31m has no gradebook.sqlite"),
        (["diff", "no/results"], "no/results has no gradebook.sqlite"),
        (["check", "no.py"], "no.py"),
        (["truth", "--seed-file", "no.txt", "-o", "no/out"], "no.txt: cannot be read"),
        ([], "required: COMMAND"),
    ],
)
def test_bad_usage_or_input_exits_with_2_and_says_what(grader, tmp_path, arguments, sentence):
    ran = grader(*arguments, cwd=tmp_path)
    assert ran.status == 2
    assert sentence in ran.err
    assert "Traceback" not in ran.err


def test_run_hidden_set_keeps_arrays_out_of_feedback(grader, read_scores, tmp_path):
    seed = tmp_path / "seed.txt"
    seed.write_text("known to the course only")
    made = grader("truth", "--seed-file", seed, "-o", tmp_path / "hidden")
    assert made.status == 0, made.err  # also: the catalogue of mistakes is caught
    path = tmp_path / "assignment.toml"
    path.write_text('ground_truth = "hidden"\n' + CONV_ONLY)
    flipped = ROOT / "data" / "sample_submissions" / "kernel_flipped.py"
    ran = grader("run", flipped, RIGHT, "-o", tmp_path / "out", "--assignment", path)
    assert ran.status == 0, ran.err
    scores = read_scores(tmp_path / "out")
    assert scores["im2col"]["points"] == 100
    assert 40 <= scores["kernel_flipped"]["points"] < 60
    page = (tmp_path / "out" / "feedback" / "kernel_flipped.html").read_text()
    assert "k2x2-s1x1-p0x0-r0x0" in page
    assert "Points come from questions that are not shown." in page
    hidden = load_ground_truth(tmp_path / "hidden")["k2x2-s1x1-p0x0-r0x0"].expected["output"].values
    assert "largest deviation" in page
    assert not any(f"expected {value:.6g}" in page for value in hidden.ravel())


def test_process_ends_with_the_exit_status_of_its_command(grader_process):
    ran = grader_process("report", "no/results")
    assert ran.status == 2
    assert ran.err.startswith("grader: no/results has no gradebook.sqlite")
    assert ran.out == ""


def test_process_whose_reader_is_gone_ends_well(bad_class):
    command = [sys.executable, "-m", "grader.cli", "report", str(bad_class)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 0
