"""Everything that a student's own test file imports: the shipped checks and the plugin's fixtures.

Trusted side, on the student's own machine. The test file says ``from grader.selftest import *`` and
defines the fixture `submission_file`.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from grader.checks.run_pytest import CHECKS
from grader.checks.submission import Student
from grader.grading.local import open_local

__all__ = ["submission"]


@pytest.fixture(scope="session")
def submission(submission_file: Path) -> Iterator[Student]:
    """Return the student's own file as the checks see it."""
    with open_local(submission_file) as student:
        yield student


for _file in sorted(CHECKS.glob("test_*.py")):
    _layer = _file.stem.removeprefix("test_")
    for _name, _check in vars(import_module(f"grader.checks.{_file.stem}")).items():
        if _name.startswith("test_"):
            # Checks of different layers share names: each gets its layer's in front.
            __all__ += [f"test_{_layer}_{_name.removeprefix('test_')}"]
            globals()[__all__[-1]] = _check
