"""A failure of the grader itself keeps its traceback, in the result and in the log."""

import logging
from pathlib import Path

from grader.grading import grade as module
from grader.grading.grade import grade
from grader.grading.gradebook import Gradebook
from grader.grading.local import local_job, read_own_file

SAMPLE = Path(__file__).parents[2] / "data" / "sample_submissions" / "im2col.py"


def fails(*_):
    raise ZeroDivisionError("of the grader")


def test_grade_own_failure_keeps_its_traceback(monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(module, "run_checks", fails)
    with caplog.at_level(logging.ERROR, "grader"):
        result = grade(read_own_file(SAMPLE), local_job())
    assert result.status == "grader_error"
    assert result.notes == ("could not be graded: ZeroDivisionError: of the grader",)
    assert result.traceback.startswith("Traceback (most recent call last):")
    assert "in fails\n" in result.traceback
    assert "im2col could not be graded" in caplog.text
    with Gradebook.open(tmp_path) as gradebook:
        run = gradebook.start_run("Convolution", "", 100.0, roster=["im2col"])
        gradebook.record(run, result)
        assert gradebook.latest_results() == [result]
