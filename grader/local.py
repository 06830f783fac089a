"""Open a student's own file against the public cases: what `grader check` and plain pytest do.

Trusted side, on the student's own machine, where their own code needs no sandbox.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from grader.assignment import load_assignment
from grader.grade import Job, open_student
from grader.interface_files import load_interface
from grader.student import Student
from grader.submissions import collect


@contextlib.contextmanager
def open_local(path: Path) -> Iterator[Student]:
    """Open a file of one's own with the shipped assignment and the public cases.

    Raises
    ------
    SubmissionError
        The file cannot be read.
    """
    (submission,) = collect([path])
    assignment = load_assignment()
    job = Job(assignment, load_interface(assignment.interface), sandbox="none")
    with open_student(submission, job) as opened:
        yield opened.student
