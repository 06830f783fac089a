"""Running the command line: in this process, or in one of its own where the process is what is tested."""

import contextlib
import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.cli import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="session")
def grader():
    """Return a function that runs ``grader`` with some arguments, in this process."""

    def run(*arguments, cwd=ROOT):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.chdir(cwd):
            try:
                status = main([*map(str, arguments)])
            except SystemExit as ended:  # argparse ends so
                status = ended.code
        return Ran(status, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def grader_process():
    """Return a function that runs ``grader`` with some arguments, as a shell does."""

    def run(*arguments, cwd=ROOT):
        command = [sys.executable, "-m", "grader.cli", *map(str, arguments)]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def read_scores():
    """Return a function that reads a results folder's scores by submission id."""

    def read(folder):
        scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
        return {submission["id"]: submission for submission in scores["submissions"]}

    return read
