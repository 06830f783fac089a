"""Running the command line as a user does: in a process of its own."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="session")
def grader():
    """Return a function that runs ``grader`` with some arguments."""

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
