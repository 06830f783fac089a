"""What is the same for every submission of a run, and what decides one submission's score.

Trusted side; pickled to where submissions are graded.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import grader
from grader.assignment.interface import Interface
from grader.assignment.load import Assignment
from grader.cases.generate.fresh import FRESH
from grader.cases.ground_truth import GroundTruth, load_ground_truth
from grader.checks.run_pytest import CHECKS
from grader.errors import GraderError
from grader.intake.submissions import Submission


@dataclass(frozen=True, slots=True)
class Job:
    """What is the same for every submission of a run.

    Attributes
    ----------
    assignment : Assignment
    interface : Interface
    sandbox : str
        Name of the backend.
    python : str or None
        The worker's interpreter, this one if None.
    checks : Path or None
        A folder of checks in addition to the shipped ones.
    questions : Path or None
        Where the set is that was drawn for the results folder; None as long as none was, and where the
        assignment asks other questions.
    """

    assignment: Assignment
    interface: Interface
    sandbox: str = "auto"
    python: str | None = None
    checks: Path | None = None
    questions: Path | None = None

    @property
    def folders(self) -> list[Path]:
        """The folders of checks."""
        return [CHECKS, self.checks] if self.checks else [CHECKS]

    @property
    def graded_names(self) -> frozenset[str]:
        """The names of the student's that the graded criteria need; a network may need every layer."""
        kinds = {criterion.partition(".")[0] for criterion in self.assignment.points}
        needs = self.interface.needs
        if "network" in kinds or not kinds <= needs.keys():
            return self.interface.names
        return frozenset(name for kind in kinds for name in needs[kind])

    @property
    def has_questions(self) -> bool:
        """Whether the questions are there: fresh ones have to be drawn first."""
        return self.assignment.ground_truth != FRESH or self.questions is not None

    def ground_truth(self) -> GroundTruth:
        """Return the set of cases that submissions are graded with.

        Raises
        ------
        GraderError
            It has yet to be drawn.
        """
        chosen = self.assignment.ground_truth
        if chosen != FRESH:
            return load_ground_truth(None if chosen == "public" else self.assignment.resolve(chosen))
        if not self.has_questions:
            raise GraderError("no questions have been drawn for this results folder yet")
        return load_ground_truth(self.questions)


def fingerprint(submission: Submission, job: Job) -> str:
    """Return the SHA-256 of everything that decides a score; of an upload that cannot be read, its own."""
    if submission.problem:
        return submission.upload
    digest = hashlib.sha256()
    for file in submission.files:
        digest.update(f"{len(file.path.encode())}:{file.path}:{len(file.data)}:".encode())
        digest.update(file.data)
    assignment, interface, truth = job.assignment.text, job.interface.source, job.ground_truth().digest
    rest = (assignment, interface, truth, job.sandbox, job.python, submission.standing)
    digest.update(repr(rest).encode())
    digest.update(_code_digest(job.checks))
    return digest.hexdigest()


@cache
def _code_digest(checks: Path | None) -> bytes:
    """Return the hash of the grader's own code: another grader may give another score."""
    digest = hashlib.sha256()
    for folder in filter(None, (Path(grader.__file__).parent, checks)):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.digest()
