"""Whatever reading or explaining a submission takes, the class gets its grades and nobody loses points."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.grading import explain, in_child, open_submission
from grader.grading import grade as grade_module
from grader.grading.in_child import gather_in_child, grade_in_child, read_programs_in_child
from grader.grading.job import Job, fingerprint
from grader.grading.local import local_job, read_own_file
from grader.grading.supervise import Stage
from grader.intake.submissions import SourceFile, Submission
from grader.intake.submissions import intake as intake_module

SAMPLE = Path(__file__).parents[2] / "data" / "sample_submissions" / "im2col.py"
POINTS = {"relu.forward": 1.0, "relu.grad_x": 3.0}


@pytest.fixture
def job() -> Job:
    """Return a job for ReLU alone, which takes no time."""
    job = local_job()
    return replace(job, assignment=replace(job.assignment, points=POINTS))


@pytest.fixture(autouse=True)
def short_stages(monkeypatch):
    """Give each stage little time, and let each test fork a process of its own."""
    for name in ("READING", "EXPLAINING"):
        stage = getattr(grade_module, name)
        monkeypatch.setattr(grade_module, name, Stage(stage.name, 0.5, 10.0))
    monkeypatch.setattr(in_child, "READING", Stage("read", 0.5, 10.0))
    monkeypatch.setattr(in_child, "CLEAN_START", "fork")
    in_child._grading_process.cache_clear()
    yield
    in_child._grading_process().close()
    in_child._grading_process.cache_clear()


def burns(*_, **__):
    while True:
        pass


def test_grade_in_child_gives_what_grade_gives(job):
    submission = read_own_file(SAMPLE)
    here = grade_module.grade(submission, job)
    there = grade_in_child(submission, job)
    assert (there.points, there.criteria, there.fingerprint) == (4.0, here.criteria, here.fingerprint)


def test_grade_in_child_unreadable_program_needs_attention(job, monkeypatch):
    monkeypatch.setattr(open_submission, "read_program", burns)
    result = grade_in_child(read_own_file(SAMPLE), job)
    assert result.status == "needs_attention"
    assert result.notes == ("could not be read within 0.5 s of processor time",)
    assert result.fingerprint == fingerprint(read_own_file(SAMPLE), job)


def test_grade_in_child_memory_of_reading_is_limited(job, monkeypatch):
    monkeypatch.setattr(open_submission, "read_program", lambda *_, **__: bytearray(3 << 30))
    result = grade_in_child(read_own_file(SAMPLE), job)
    assert result.status == "needs_attention"
    assert result.notes == ("could not be read with 2048 MiB of memory",)


def test_grade_in_child_endless_explanation_keeps_the_points(job, monkeypatch):
    monkeypatch.setattr(explain, "find_counterexamples", burns)
    result = grade_in_child(read_own_file(SAMPLE), job)
    assert (result.status, result.points) == ("graded", 4.0)
    assert result.notes == (
        "the points are complete, but they could not be explained within 0.5 s of processor time",
    )


def test_gather_in_child_one_upload_that_never_ends_costs_nobody_else(tmp_path, monkeypatch):
    for name in ("ada", "bob", "cyd"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cnn.py").write_text(f"# {name}\n")
    real = intake_module.take

    def take(entries, basket):
        entries = list(entries)
        if b"bob" in entries[0].read(100):
            burns()
        real(iter(entries), basket)

    monkeypatch.setattr(intake_module, "take", take)
    intake = gather_in_child([tmp_path], None, None, {})
    ada, bob, cyd = intake.submissions
    assert [len(one.files) for one in intake.submissions] == [1, 0, 1]
    assert (ada.problem, cyd.problem) == ("", "")
    assert bob.problem == "could not be read within 0.5 s of processor time"
    started = time.process_time()
    again = gather_in_child([tmp_path], None, None, {bob.upload: "as before"})
    assert again.submissions[1].problem == "as before"
    assert time.process_time() - started < 0.4


def test_gather_in_child_raises_as_gather_does(tmp_path):
    with pytest.raises(SubmissionError, match="no such file or folder"):
        gather_in_child([tmp_path / "nothing"], None, None, {})


def test_grade_of_an_unreadable_upload_is_stored_under_the_upload(job):
    upload = Submission("bob", "Bob", None, (), problem="could not be read within 10 s", upload="ab" * 32)
    result = grade_module.grade(upload, job)
    assert (result.status, result.notes) == ("needs_attention", ("could not be read within 10 s",))
    assert result.fingerprint == "ab" * 32


def test_read_programs_in_child_names_what_could_not_be_read(monkeypatch):
    monkeypatch.setattr(in_child, "program_of", lambda submission, *_, **__: submission.id == "a" or burns())
    submissions = [Submission(name, name, None, (SourceFile("cnn.py", b""),)) for name in "ab"]
    good, bad = read_programs_in_child(submissions, (), whole_file=False)
    assert good is True
    assert bad.error == "could not be read within 0.5 s of processor time"
