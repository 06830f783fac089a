"""Ctrl-C: the run ends at once, finished results are saved, and the same command resumes."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.cli.conftest import ROOT

ASSIGNMENT = 'name = "Convolution"\n[points]\n"conv2d.forward" = 60\n'
COUNT = 5


@pytest.fixture
def command(tmp_path):
    folder = tmp_path / "handed_in"
    folder.mkdir()
    for number in range(COUNT):
        shutil.copy(ROOT / "data" / "sample_submissions" / "loops.py", folder / f"s{number}.py")
        with (folder / f"s{number}.py").open("a") as file:
            file.write(f"\nNUMBER = {number}\n")
    (tmp_path / "assignment.toml").write_text(ASSIGNMENT)
    arguments = ("run", folder, "-o", tmp_path / "out", "--assignment", tmp_path / "assignment.toml")
    return [sys.executable, "-m", "grader.cli", *map(str, arguments), "--workers", "1"]


def _graded(folder):
    if not (folder / "gradebook.sqlite").exists():
        return 0
    with sqlite3.connect(folder / "gradebook.sqlite", timeout=30) as connection:
        try:
            return connection.execute("SELECT count(*) FROM results").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def test_run_interrupted_ends_with_130_and_goes_on_where_it_stopped(command, tmp_path, grader):
    running = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while _graded(tmp_path / "out") == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=60)
    before = _graded(tmp_path / "out")
    assert running.returncode == 130
    assert "Interrupted. Finished results are saved; run the same command to resume." in said
    assert "Traceback" not in said
    assert 1 <= before < COUNT

    again = grader(*command[3:])
    assert again.status == 0, again.err
    assert _graded(tmp_path / "out") == before + COUNT  # a row a submission of the second run too
    with sqlite3.connect(tmp_path / "out" / "gradebook.sqlite") as connection:
        rows = connection.execute(
            "SELECT count(DISTINCT fingerprint), count(DISTINCT submission) FROM results"
        )
        assert rows.fetchone() == (COUNT, COUNT)
