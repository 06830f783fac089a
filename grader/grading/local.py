"""Open a student's own file with the public cases, for `grader check` and plain pytest.

Trusted side, on the student's own machine, where their own code needs no sandbox.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from grader.assignment.interface import load_interface
from grader.assignment.load import load_assignment
from grader.checks.submission import Student
from grader.errors import SubmissionError
from grader.grading.job import Job
from grader.grading.open_submission import open_student
from grader.intake.source import imported_names, read_document
from grader.intake.submissions import SourceFile, Submission, collect

_MOST_HELPERS = 200


def read_own_file(path: Path) -> Submission:
    """Read the one submission that a path holds; a file comes with the modules next to it that it imports.

    Raises
    ------
    SubmissionError
        It cannot be read, or holds none or several.
    """
    submissions = collect([path])
    if len(submissions) != 1:
        raise SubmissionError(f"{path}: holds {len(submissions)} submissions; one is checked at a time")
    [submission] = submissions
    if path.is_dir() or len(submission.files) != 1:
        return submission
    return replace(submission, files=(*submission.files, *_helpers_beside(path, submission.files[0])))


def _helpers_beside(path: Path, main: SourceFile) -> Iterator[SourceFile]:
    """Yield the modules that a file imports from its own folder, and those that they import."""
    seen = {path}
    waiting = [main]
    while waiting:
        for name in imported_names(read_document(waiting.pop())):
            for module in (path.parent / f"{name}.py", *(path.parent / name).rglob("*.py")):
                if module not in seen and len(seen) < _MOST_HELPERS and module.is_file():
                    seen.add(module)
                    waiting.append(
                        SourceFile(module.relative_to(path.parent).as_posix(), module.read_bytes())
                    )
                    yield waiting[-1]


def local_job() -> Job:
    """Return how one's own file is graded: the shipped assignment, the public cases, no sandbox."""
    assignment = replace(load_assignment(), ground_truth="public")
    interface = load_interface(assignment.interface, settings=assignment.interface_settings)
    return Job(assignment, interface, sandbox="none")


@contextlib.contextmanager
def open_local(path: Path) -> Iterator[Student]:
    """Open a file of one's own with the shipped assignment and the public cases.

    Raises
    ------
    SubmissionError
        The file cannot be read.
    """
    with open_student(read_own_file(path), local_job()) as opened:
        yield opened.student
