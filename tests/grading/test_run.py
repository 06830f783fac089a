"""A folder is graded by one call, and a process that dies costs nobody else their result or much time."""

import multiprocessing
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from grader.assignment.interface import load_interface
from grader.assignment.load import load_assignment
from grader.errors import InputError
from grader.grading import run
from grader.grading.job import Job
from grader.grading.run import grade_all, grade_folder
from grader.intake.submissions import Submission
from grader.results import Result

SAMPLES = Path(__file__).parents[2] / "data" / "sample_submissions"
RELU_ONLY = 'name = "Short"\n[points]\n"relu.forward" = 1\n"relu.grad_x" = 3\n'


@pytest.fixture
def assignment(tmp_path):
    path = tmp_path / "assignment.toml"
    path.write_text(RELU_ONLY)
    return path


def test_grade_folder_goes_from_paths_to_results_without_printing(tmp_path, assignment, capfd):
    plans, seen = [], []
    graded = grade_folder(
        [str(SAMPLES / "im2col.py"), SAMPLES / "loops.py"],
        tmp_path / "out",
        assignment=assignment,
        on_plan=plans.append,
        on_result=seen.append,
    )
    assert {result.id: result.points for result in graded.results} == {"im2col": 4, "loops": 4}
    assert sorted(result.id for result in seen) == ["im2col", "loops"]
    assert plans[0].checks.keys() == {"relu.forward", "relu.grad_x"}
    assert plans[0].job.sandbox != "auto"
    assert graded.run.max_points == 4
    assert (graded.kept, graded.left_out, graded.warnings) == ((), (), ())
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["gradebook.sqlite", "questions"]
    assert capfd.readouterr() == ("", "")


def test_grade_folder_again_keeps_what_is_unchanged(tmp_path, assignment):
    folder = tmp_path / "handed_in"
    folder.mkdir()
    for name in ("ada", "bob"):
        shutil.copy(SAMPLES / "im2col.py", folder / f"{name}.py")
    grade_folder([folder], tmp_path / "out", assignment=assignment, only=["bob"])
    with (folder / "ada.py").open("a") as file:
        file.write("\nCHANGED = 1\n")
    again = grade_folder([folder], tmp_path / "out", assignment=assignment)
    assert again.kept == ("bob",)
    assert [result.id for result in again.results] == ["ada", "bob"]


def test_grade_folder_leaves_out_what_the_interface_does_not_cover(tmp_path):
    path = tmp_path / "assignment.toml"
    # A network flattens in the order of its axes, so with other axes it cannot be compared.
    settings = '[interface_settings.layouts]\nx = "NHWC"\n'
    path.write_text(f'{RELU_ONLY}"network.training" = 3\n{settings}')
    graded = grade_folder([SAMPLES / "im2col.py"], tmp_path / "out", assignment=path)
    assert graded.left_out == ("network.training",)
    assert graded.warnings == ("Skipped: the interface 'layers' does not cover network.training",)
    assert graded.run.max_points == 4


def test_grade_folder_bad_input_leaves_no_results_folder(tmp_path, assignment):
    with pytest.raises(InputError, match="no/such"):
        grade_folder(["no/such"], tmp_path / "out", assignment=assignment)
    assert not (tmp_path / "out").exists()


POISON = "poison"
JOB = Job(load_assignment(), load_interface("layers"))


def dies_of_poison(submission: Submission, job: Job) -> Result:
    """Stand in for `grade`: one submission takes its process with it."""
    if submission.id.startswith(POISON):
        os._exit(1)
    return Result(submission.id, submission.name, None, "graded", 1.0, 1.0)


def dies_once(submission: Submission, job: Job) -> Result:
    """Stand in for `grade`: the process dies at the first try of one submission."""
    marker = Path(submission.name)
    if submission.id == "unlucky" and not marker.exists():
        marker.write_text("")
        os._exit(1)
    return Result(submission.id, submission.name, None, "graded", 1.0, 1.0)


class Pools:
    """Makes real process pools and notes how many workers each has."""

    def __init__(self):
        self.sizes = []

    def __call__(self, workers):
        self.sizes.append(workers)
        return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("forkserver"))


def _graded(names, pools, function, monkeypatch, tmp_path):
    monkeypatch.setattr(run, "grade_in_child", function)
    submissions = [Submission(name, str(tmp_path / "marker"), None, ()) for name in names]
    results = []
    grade_all(submissions, JOB, pools, 2, results.append)
    assert sorted(result.id for result in results) == sorted(names)
    return {result.id: result for result in results}


def test_grade_all_process_that_dies_once_costs_one_more_pool(monkeypatch, tmp_path):
    pools = Pools()
    results = _graded(["a", "unlucky", "b", "c", "d"], pools, dies_once, monkeypatch, tmp_path)
    assert {result.status for result in results.values()} == {"graded"}
    # The second pool has as many workers as are of use: nobody is graded alone.
    assert len(pools.sizes) == 2
    assert pools.sizes[0] == 2


def test_grade_all_one_poisonous_submission_does_not_slow_down_the_class(monkeypatch, tmp_path):
    pools = Pools()
    names = [POISON, *(f"s{number:02}" for number in range(12))]
    results = _graded(names, pools, dies_of_poison, monkeypatch, tmp_path)
    assert results.pop(POISON).notes == ("could not be graded: the grading process ended, twice",)
    assert {result.status for result in results.values()} == {"graded"}
    # At most two pools die; then at most the two submissions that were at work are graded alone.
    assert pools.sizes.count(1) <= 2
    assert len(pools.sizes) <= 5


def test_grade_all_every_submission_poisonous_ends(monkeypatch, tmp_path):
    names = [f"{POISON}{number}" for number in range(3)]
    results = _graded(names, Pools(), dies_of_poison, monkeypatch, tmp_path)
    assert {result.status for result in results.values()} == {"grader_error"}


def test_grade_all_nothing_to_grade_makes_no_pool():
    pools = Pools()
    grade_all([], JOB, pools, 2, print)
    assert pools.sizes == []
