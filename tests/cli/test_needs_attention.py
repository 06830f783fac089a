"""A submission that nobody could read has no points, is named on stderr, and is not tried twice."""

import json
import shutil
from pathlib import Path

import pytest

from grader.grading import plan as plan_module
from grader.grading import run as run_module
from grader.intake.submissions import Intake, gather

SAMPLE = Path(__file__).parents[2] / "data" / "sample_submissions" / "im2col.py"
SHORT = 'name = "Short"\n[points]\n"relu.forward" = 1\n'


@pytest.fixture
def folder(tmp_path):
    """Return a folder of two submissions, the second of which no limit suffices for."""
    submissions = tmp_path / "submissions"
    submissions.mkdir()
    for name in ("ada", "bob"):
        shutil.copy(SAMPLE, submissions / f"{name}.py")
    (tmp_path / "short.toml").write_text(SHORT)
    return submissions


def test_run_needs_attention_has_no_points_and_is_kept(grader, folder, tmp_path, monkeypatch):
    asked = []

    def read(paths, worksheet, due, unreadable):
        asked.append(dict(unreadable))
        intake = gather(paths, worksheet, due=due)
        ada, bob = intake.submissions
        bob = type(bob)(
            bob.id, bob.name, None, (), problem="could not be read within 10 s", upload=bob.upload
        )
        return Intake((ada, bob))

    monkeypatch.setattr(plan_module, "gather_in_child", read)
    command = ("run", folder, "-o", tmp_path / "out", "--assignment", tmp_path / "short.toml")
    first = grader(*command)
    assert first.status == 1
    assert "grader: bob: could not be read within 10 s" in first.err
    ada, bob = json.loads((tmp_path / "out" / "scores.json").read_text())["submissions"]
    assert (ada["status"], ada["points"]) == ("graded", 1.0)
    assert (bob["status"], bob["points"]) == ("needs_attention", None)
    monkeypatch.setattr(run_module, "grade_all", lambda submissions, *_: asked.append(submissions))
    assert grader(*command).status == 1
    assert asked[1:] == [{asked_upload(asked): "could not be read within 10 s"}, []]
    assert grader(*command, "--regrade").status == 1
    assert asked[3] == {}
    assert [submission.id for submission in asked[4]] == ["ada", "bob"]


def asked_upload(asked):
    """Return the one upload that the second run knew."""
    (upload,) = asked[1]
    return upload
