"""One submission -> one result: open its sandbox, run the checks over it, add up the points.

Trusted side; runs in a process of the pool. Everything it is given and returns can be pickled.
"""

import atexit
import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from grader.assignment import Assignment
from grader.conventions import CONVENTIONS, convention
from grader.diagnose import diagnose
from grader.errors import AssignmentError
from grader.feedback import find_counterexamples, note_own_forward
from grader.ground_truth import GroundTruth, load_ground_truth
from grader.harness import CHECKS, criteria_of, run_checks
from grader.interface_files import Interface
from grader.lateness import LatePolicy, apply_late_policy
from grader.outcomes import Outcome
from grader.results import CriterionScore, Item, Result
from grader.sandbox import Backend, Client, open_backend
from grader.scoring import score
from grader.source import Program, read_program
from grader.student import Student, Unavailable
from grader.submissions import Submission
from grader.timing.judging import SpeedVerdict, judge_speed


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

    @property
    def folders(self) -> list[Path]:
        """The folders of checks."""
        return [CHECKS, self.checks] if self.checks else [CHECKS]

    def ground_truth(self) -> GroundTruth:
        """Return the set of cases that submissions are held against."""
        chosen = self.assignment.ground_truth
        return load_ground_truth(None if chosen == "public" else self.assignment.resolve(chosen))


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
        program, student = opened.program, opened.student
        items = note_own_forward(student, run_checks(student, job.folders))
        warnings = (*submission.warnings, *program.warnings, *_load_warnings(student.client, job))
        counterexamples = find_counterexamples(student, items)
    diagnoses = diagnose(student.truth, student.replies, program.original)
    assignment = job.assignment
    items = tuple(replace(item, hidden=student.truth.hidden) for item in items)
    criteria = score(items, assignment.points, own_forward_credit=assignment.own_forward_credit)
    criteria = tuple(_noted(criterion, student) for criterion in criteria)
    notes = _grader_errors(items)
    result = Result(
        id=submission.id,
        name=submission.name,
        participant=submission.participant,
        status="grader_error" if notes else "graded",
        points=round(sum(criterion.points for criterion in criteria), 2),
        max_points=assignment.max_points,
        criteria=criteria,
        items=items,
        diagnoses=diagnoses,
        counterexamples=counterexamples,
        speed=student.speed.speed if student.speed else None,
        files=program.files,
        warnings=warnings,
        notes=notes,
        printed=student.client.printed,
        standing=submission.standing,
    )
    return _less_lateness(result, assignment.late)


def _load_warnings(client: object, job: Job) -> Iterator[str]:
    """Say what loading found missing: imports, and names of what is graded."""
    if not isinstance(client, Client):
        return
    for name, why in client.stand_ins.items():
        yield f"{name} {why}; the code is graded without it"
    kinds = {criterion.partition(".")[0] for criterion in job.assignment.points}
    needed = {name for kind in kinds for name in job.interface.needs.get(kind, ())}
    missing = [names for names in client.missing if needed & {*names.split(" or ")}]
    if missing:
        yield f"not defined in what was handed in: {', '.join(missing)}"


def _noted(criterion: CriterionScore, student: Student) -> CriterionScore:
    """Say on a criterion which conventions made its answers right."""
    names = ", ".join(sorted(student.accepted.get(criterion.name, ())))
    said = [criterion.note, f"right by the convention that this course accepts: {names}" if names else ""]
    return replace(criterion, note="; ".join(filter(None, said)))


def _grader_errors(items: Sequence[Item]) -> tuple[str, ...]:
    """Say which checks broke instead of judging."""
    broken = [item for item in items if item.outcome is Outcome.GRADER_ERROR]
    return tuple(f"{item.criterion}, case {item.case}: {item.message}" for item in broken)


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
        yield Opened(_student(client, job), program)


def _student(client: Client | Unavailable, job: Job) -> Student:
    truth, expressed = job.ground_truth(), job.interface.expressed
    conventions = {name: convention(name, truth) for name in job.assignment.accept}
    return Student(client, truth, conventions, expressed=expressed, measure=_stopwatch(client, job))


def _stopwatch(client: Client | Unavailable, job: Job) -> Callable[[], SpeedVerdict] | None:
    """Return what measures a submission's speed, None where there is nothing to run or to earn."""
    assignment = job.assignment
    graded = any(points for name, points in assignment.points.items() if name.startswith("conv2d.speed"))
    if isinstance(client, Unavailable) or not graded:
        return None
    return partial(
        judge_speed,
        client,
        _backend(job.sandbox, job.python, tuple(job.assignment.imports)),
        assignment.speed,
    )


def _client(program: Program, job: Job) -> Client:
    assignment = job.assignment
    return Client(
        program,
        job.interface.source,
        job.interface.settings,
        assignment.imports,
        assignment.limits,
        _backend(job.sandbox, job.python, tuple(job.assignment.imports)),
    )


@cache
def _backend(name: str, python: str | None, packages: tuple[str, ...]) -> Backend:
    """Return this process's backend: one zygote serves every submission that is graded here."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(open_backend(name, python, packages))


def gradable(job: Job) -> tuple[Job, tuple[str, ...]]:
    """Leave out the criteria that the interface cannot express, and hold that checks count for the rest.

    Returns
    -------
    Job
        With points for what can be graded only.
    tuple of str
        The criteria that are left out.

    Raises
    ------
    AssignmentError
        No check counts for a criterion at all, nothing is left, or a convention is unknown; the text
        names those that there are.
    GraderError
        A check file cannot be collected.
    """
    for name in job.assignment.accept:
        if name not in CONVENTIONS:
            raise AssignmentError(
                f"accept: no convention {name!r}; there are {', '.join(sorted(CONVENTIONS))}"
            )
    student = _student(Unavailable(Outcome.NOT_RUN, ""), job)
    checked = criteria_of(student, job.folders)
    absent = tuple(name for name in job.assignment.points if name not in checked)
    if not absent:
        return job, ()
    known = criteria_of(replace(student, expressed=tuple), job.folders)
    for name in sorted(set(absent) - known):
        raise AssignmentError(
            f"points.{name}: no check counts for it; there are checks for {', '.join(sorted(known))}"
        )
    points = {name: most for name, most in job.assignment.points.items() if name in checked}
    if not points:
        raise AssignmentError(f"points: the interface {job.interface.name} can express none of the criteria")
    return replace(job, assignment=replace(job.assignment, points=points)), absent


def fingerprint(submission: Submission, job: Job) -> str:
    """Return the SHA-256 of everything that decides a score."""
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
    for folder in filter(None, (Path(__file__).parent, checks)):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.digest()
