"""`grader run --dry-run` says what would be graded and runs nothing; `grader assignment` prints the rules."""

import shutil

import pytest

from grader.assignment.load import DEFAULT_FILE, load_assignment
from tests.cli.conftest import ROOT

RIGHT = ROOT / "data" / "sample_submissions" / "im2col.py"
RELU_ONLY = 'name = "Short"\n[points]\n"relu.forward" = 1\n"relu.grad_x" = 3\n'


@pytest.fixture
def handed_in(tmp_path):
    folder = tmp_path / "handed_in"
    folder.mkdir()
    shutil.copy(RIGHT, folder / "ada.py")
    (folder / "bob.py").write_text("open('/tmp/never', 'w')\nclass ReLU: pass\n")
    (folder / "eve").mkdir()
    (folder / "eve" / "notes.txt").write_text("sorry")
    (tmp_path / "assignment.toml").write_text(RELU_ONLY)
    return folder


def test_dry_run_says_who_which_files_and_what_and_writes_nothing(grader, handed_in, tmp_path):
    ran = grader(
        "run", handed_in, "-o", tmp_path / "out", "--assignment", tmp_path / "assignment.toml", "--dry-run"
    )
    assert ran.status == 0, ran.err
    assert "Assignment: Short, 4 points\nInterface: layers\n" in ran.out
    assert "  relu.forward: 1 points, checks: " in ran.out
    assert "Submissions: 3 of 3" in ran.out
    assert "  ada: will be graded (ada.py)\n" in ran.out
    assert "  bob: will be graded (bob.py)\n" in ran.out
    assert "  eve: cannot be run: " in ran.out
    assert not (tmp_path / "out").exists()


def test_dry_run_says_who_is_unchanged(grader, handed_in, tmp_path):
    same = ("run", handed_in, "-o", tmp_path / "out", "--assignment", tmp_path / "assignment.toml")
    assert grader(*same, "--only", "ada").status == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    ran = grader(*same, "--dry-run")
    assert "  ada: unchanged; keeps its result (ada.py)\n" in ran.out
    assert "  bob: will be graded (bob.py)\n" in ran.out
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before
    again = grader(*same, "--dry-run", "--regrade", "--only", "ada")
    assert "  ada: will be graded (ada.py)\n" in again.out
    assert "Submissions: 1 of 3" in again.out


def test_assignment_prints_the_default_as_a_file_that_gives_the_same(grader, tmp_path):
    ran = grader("assignment")
    assert ran.out == DEFAULT_FILE.read_text(encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(ran.out, encoding="utf-8")
    assert load_assignment(mine).points == load_assignment().points
    assert load_assignment(mine).text == load_assignment().text


NO_STRIDE = """
name = "A"
interface = {required = %s}
interface_settings.conv2d.make = "Conv2d(in_channels, out_channels, kernel_size, padding=padding)"
[points]
"conv2d.forward" = 1
"""


def _planned(grader, handed_in, tmp_path, text):
    (tmp_path / "assignment.toml").write_text(text)
    out, rules = tmp_path / "out", tmp_path / "assignment.toml"
    return grader("run", handed_in, "-o", out, "--assignment", rules, "--dry-run")


def test_dry_run_says_which_cases_are_left_out(grader, handed_in, tmp_path):
    ran = _planned(grader, handed_in, tmp_path, NO_STRIDE % "[]")
    counts = "graded on 38 of 109 cases; left out: 71 with a stride"
    assert f"conv2d.forward: 1 points, checks: 38; {counts}\n" in ran.out
    assert f"conv2d.forward: {counts}" in ran.err


def test_dry_run_says_which_cases_fail_for_everybody(grader, handed_in, tmp_path):
    ran = _planned(grader, handed_in, tmp_path, NO_STRIDE % '["stride"]')
    assert "conv2d.forward: 1 points, checks: 109\n" in ran.out
    assert "every submission fails 71 with a stride, of 109 cases: interface.required lists" in ran.err


def test_dry_run_refuses_a_criterion_of_which_too_little_is_left(grader, handed_in, tmp_path):
    rules = NO_STRIDE % "[]" + '[interface_settings.layouts]\nx = "NHW"\noutput = "NCHW"\n'
    ran = _planned(grader, handed_in, tmp_path, rules)
    assert ran.status == 2
    assert (
        "points.conv2d.forward: too few cases to grade it with the interface layers: graded on 1 of 109"
        in ran.err
    )
