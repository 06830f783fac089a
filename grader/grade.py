"""One submission -> one result: open its sandbox, run the checks over it, add up the points.

Trusted side; runs in a process of the pool. Everything it is given and returns can be pickled.
"""

import atexit
import contextlib
import hashlib
import io
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pytest_jsonreport.plugin import JSONReport

from grader.assignment import Assignment
from grader.errors import GraderError
from grader.ground_truth import GroundTruth, load_ground_truth
from grader.interface_files import Interface
from grader.lateness import LatePolicy, apply_late_policy
from grader.outcomes import Outcome
from grader.plugin import Handover
from grader.results import CriterionScore, Item, Result
from grader.sandbox import Answer, Backend, Client, Reply, open_backend
from grader.scoring import score
from grader.source import Program, read_program
from grader.student import Student
from grader.submissions import Submission

CHECKS = Path(__file__).parent / "checks"


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
        A folder of further checks, beside the shipped ones.
    """

    assignment: Assignment
    interface: Interface
    sandbox: str = "auto"
    python: str | None = None
    checks: Path | None = None

    def ground_truth(self) -> GroundTruth:
        """Return the set of cases that submissions are held against."""
        chosen = self.assignment.ground_truth
        return load_ground_truth(None if chosen == "public" else self.assignment.resolve(chosen))


class Unavailable:
    """Takes a client's place where nothing can be run: every part gets the same outcome."""

    printed = ""

    def __init__(self, outcome: Outcome, message: str) -> None:
        self._outcome, self._message = outcome, message

    def run(self, *_: object, parts: Sequence[str], **__: object) -> Reply:
        """Answer each part with the outcome."""
        answers = {part: Answer(part, self._outcome, None, self._message) for part in parts}
        return Reply(answers, (), 0.0)


def grade(submission: Submission, job: Job) -> Result:
    """Grade one submission.

    A failure of the grader itself comes back as a result with the status ``grader_error``, so that
    it costs nobody marks and nobody else's grading.
    """
    start = time.perf_counter()
    try:
        result = _grade(submission, job)
    except Exception as error:
        result = failed_result(submission, job, f"{type(error).__name__}: {error}")
    return replace(result, seconds=time.perf_counter() - start, fingerprint=fingerprint(submission, job))


def failed_result(submission: Submission, job: Job, reason: str) -> Result:
    """Return the result of a submission that could not be graded, with the reason."""
    return Result(
        id=submission.id,
        name=submission.name,
        participant=submission.participant,
        status="grader_error",
        points=0.0,
        max_points=job.assignment.max_points,
        files=tuple(file.path for file in submission.files),
        warnings=submission.warnings,
        notes=(f"could not be graded: {reason}",),
        standing=submission.standing,
    )


def _grade(submission: Submission, job: Job) -> Result:
    with open_student(submission, job) as opened:
        folders = [CHECKS, job.checks] if job.checks else [CHECKS]
        items = run_checks(opened.student, folders)
        program, student = opened.program, opened.student
    assignment = job.assignment
    items = tuple(replace(item, hidden=student.truth.hidden) for item in items)
    criteria = score(items, assignment.points, own_forward_credit=assignment.own_forward_credit)
    notes = _grader_errors(items, criteria, assignment)
    result = Result(
        id=submission.id,
        name=submission.name,
        participant=submission.participant,
        status="grader_error" if notes else "graded",
        points=round(sum(criterion.points for criterion in criteria), 2),
        max_points=assignment.max_points,
        criteria=criteria,
        items=items,
        files=program.files,
        warnings=(*submission.warnings, *program.warnings),
        notes=notes,
        printed=student.client.printed,
        standing=submission.standing,
    )
    return _less_lateness(result, assignment.late)


def _grader_errors(
    items: Sequence[Item], criteria: Sequence[CriterionScore], assignment: Assignment
) -> tuple[str, ...]:
    """Say what the grader itself got wrong: checks that broke, criteria that nothing counts for."""
    unchecked = assignment.points.keys() - {criterion.name for criterion in criteria}
    broken = [item for item in items if item.outcome is Outcome.GRADER_ERROR]
    return (
        *(f"no check counts for {name}" for name in sorted(unchecked)),
        *(f"{item.criterion}, case {item.case}: {item.message}" for item in broken),
    )


def _less_lateness(result: Result, policy: LatePolicy | None) -> Result:
    if policy is None or result.standing is None:
        return result
    standing = apply_late_policy(result.standing, policy, result.points, result.max_points)
    return replace(result, standing=standing, points=round(result.points - standing.deduction, 2))


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A submission ready to be checked, and the program that was read from it."""

    student: Student
    program: Program


@contextlib.contextmanager
def open_student(submission: Submission, job: Job) -> Iterator[Opened]:
    """Read a submission's program and open the client that calls it; close it at the end."""
    program = read_program(submission, job.interface.names, whole_file=job.assignment.whole_file)
    with contextlib.ExitStack() as stack:
        client: Client | Unavailable
        if not submission.files:
            client = Unavailable(Outcome.NOT_RUN, "nothing was handed in that could be run")
        elif program.error:
            client = Unavailable(Outcome.IMPORT_FAILED, program.error)
        else:
            client = stack.enter_context(_client(program, job))
        yield Opened(Student(client, job.ground_truth()), program)


def _client(program: Program, job: Job) -> Client:
    assignment = job.assignment
    return Client(
        program,
        job.interface.source,
        assignment.interface_settings,
        assignment.imports,
        assignment.limits,
        _backend(job.sandbox, job.python),
    )


@cache
def _backend(name: str, python: str | None) -> Backend:
    """Return this process's backend: one zygote serves every submission that is graded here."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(open_backend(name, python))


def run_checks(student: Student, folders: Sequence[Path]) -> tuple[Item, ...]:
    """Run the checks in `folders` over a submission, in this process, and return their items.

    Raises
    ------
    GraderError
        A check file cannot be collected, or pytest itself failed.
    """
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    report = JSONReport()
    plugins = ["-p", "pytest_jsonreport.plugin", "-p", "pytest_metadata.plugin", "-p", "grader.plugin"]
    unused = [f"no:{name}" for name in ("cacheprovider", "faulthandler", "logging", "doctest", "junitxml")]
    options = ["--json-report-file=none", "--json-report-omit=log,streams,warnings,keywords", "-q", "--tb=no"]
    arguments = [*plugins, *(word for name in unused for word in ("-p", name)), *options]
    arguments += ["-c", str(CHECKS / "pytest.ini"), "--rootdir", str(CHECKS), *map(str, folders)]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        status = pytest.main(arguments, plugins=[report, Handover(student)])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise GraderError(
            f"the checks did not run (pytest's exit status {int(status)}):\n{output.getvalue()[-2000:]}"
        )
    return tuple(_item(test) for test in report.report["tests"])


def _item(test: Mapping[str, Any]) -> Item:
    verdict = test.get("metadata") or {}
    if not verdict:
        message = f"the check {test['nodeid']} left no verdict"
        return Item("", test["nodeid"], Outcome.GRADER_ERROR, message)
    return Item(**{**verdict, "outcome": Outcome(verdict["outcome"])})


def fingerprint(submission: Submission, job: Job) -> str:
    """Return the SHA-256 of everything that decides a score."""
    digest = hashlib.sha256()
    for file in submission.files:
        digest.update(f"{len(file.path.encode())}:{file.path}:{len(file.data)}:".encode())
        digest.update(file.data)
    rest = (
        job.assignment.text,
        job.interface.source,
        job.ground_truth().digest,
        job.python,
        str(submission.standing),
    )
    digest.update(repr(rest).encode())
    digest.update(_code_digest(job.checks))
    return digest.hexdigest()


@cache
def _code_digest(checks: Path | None) -> bytes:
    """Return the hash of the grader's own code: another grader may give another score."""
    digest = hashlib.sha256()
    for folder in filter(None, (Path(__file__).parent, checks)):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.digest()
