"""Open a submission for its checks (read its program, start its client), and check that a job can be graded.

Trusted side. One backend serves every submission that this process grades.
"""

import atexit
import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial

from grader.assignment.coverage import Coverage, coverages, refusal
from grader.assignment.interface import names_in_use
from grader.cases.ground_truth import GroundTruth, load_ground_truth
from grader.checks.run_pytest import criteria_of
from grader.checks.submission import Student, Unavailable
from grader.errors import AssignmentError
from grader.feedback.conventions import CONVENTIONS, convention
from grader.feedback.timed_truth import timed_truth
from grader.grading.job import Job
from grader.intake.source import Program, read_program
from grader.intake.submissions import Submission
from grader.results import Outcome
from grader.sandbox import Backend, Client, Reply, open_backend
from grader.sandbox.session import Budget
from grader.speed.judge import SpeedVerdict, judge_speed


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A submission ready to be checked, the program that was read from it, and what it has used so far."""

    student: Student
    program: Program
    budget: Budget


def program_of(submission: Submission, names: Collection[str], *, whole_file: bool) -> Program:
    """Read a submission's program as `read_program` does, by the names that its classes really have."""
    used = names_in_use(names, (file.data for file in submission.files))
    return read_program(submission, used, whole_file=whole_file)


@contextlib.contextmanager
def open_student(submission: Submission, job: Job) -> Iterator[Opened]:
    """Read a submission's program and open the client that calls it; close it at the end."""
    program = program_of(submission, job.graded_names, whole_file=job.assignment.whole_file)
    budget = Budget(job.assignment.limits)
    with contextlib.ExitStack() as stack:
        client: Client | Unavailable
        measure = None
        if not submission.files:
            client = Unavailable(Outcome.NOT_RUN, "the submission is empty")
        elif program.error:
            client = Unavailable(Outcome.IMPORT_FAILED, program.error)
        else:
            client = stack.enter_context(_client(program, job, budget))
            measure = _stopwatch(client, program, job, budget)
        student = _student(client, job.ground_truth(), job, job.assignment.points)
        yield Opened(replace(student, measure=measure), program, budget)


@contextlib.contextmanager
def ask_again(opened: Opened, job: Job, truth: GroundTruth, criteria: Collection[str]) -> Iterator[Student]:
    """Open a client that knows nothing of what was asked before, for other questions; end the first one.

    Parameters
    ----------
    opened : Opened
    job : Job
    truth : GroundTruth
    criteria : collection of str
        Whose checks are run. Speed is not measured again.
    """
    if isinstance(opened.student.client, Client):
        opened.student.client.close()
    with _client(opened.program, job, opened.budget) as client:
        yield _student(client, truth, job, criteria)


def _student(
    client: Client | Unavailable, truth: GroundTruth, job: Job, criteria: Collection[str] | None = None
) -> Student:
    conventions = {name: convention(name, truth) for name in job.assignment.accept}
    graded = None if criteria is None else frozenset(criteria)
    return Student(
        client,
        truth,
        conventions,
        graded=graded,
        expressed=job.interface.expressed,
        refused=partial(refusal, job.interface),
        errors=job.assignment.errors,
    )


def _stopwatch(
    asked: Client, program: Program, job: Job, budget: Budget
) -> Callable[[Mapping[str, Reply]], SpeedVerdict] | None:
    """Return what measures a submission's speed, None where there is nothing to earn.

    It is given the answers to the graded cases, which decide what counts as an answer to the timed calls.

    A fresh worker is timed, so what is said of it can tell nothing of the graded questions, and the one that
    knows them is ended, so it cannot disturb the clock.
    """
    assignment = job.assignment
    if not any(points for name, points in assignment.points.items() if name.startswith("conv2d.speed")):
        return None

    def measured(replies: Mapping[str, Reply]) -> SpeedVerdict:
        asked.close()
        answers = timed_truth(job.ground_truth(), replies)
        with _client(program, job, budget) as client:
            return judge_speed(client, _backend_of(job), assignment.speed, answers)

    return measured


def _client(program: Program, job: Job, budget: Budget) -> Client:
    assignment = job.assignment
    return Client(
        program,
        job.interface.source,
        job.interface.settings,
        assignment.imports,
        assignment.limits,
        _backend_of(job),
        budget,
    )


def _backend_of(job: Job) -> Backend:
    return _backend(job.sandbox, job.python, tuple(job.assignment.imports))


@cache
def _backend(name: str, python: str | None, packages: tuple[str, ...]) -> Backend:
    """Return this process's backend: one zygote serves every submission that is graded here."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(open_backend(name, python, packages))


def gradable(job: Job) -> tuple[Job, tuple[str, ...], Mapping[str, int], Mapping[str, Coverage]]:
    """Drop criteria that the interface cannot express; verify that every other one has a check.

    Returns
    -------
    Job
        With points for what can be graded only.
    tuple of str
        The criteria that are left out.
    Mapping of str to int
        The number of checks for each criterion that is kept.
    Mapping of str to Coverage
        How many of its cases those criteria are graded on.

    Raises
    ------
    AssignmentError
        No check counts for a criterion at all, nothing is left, too few cases are, or a convention is
        unknown; the text names those that there are.
    GraderError
        A check file cannot be collected.
    """
    for name in job.assignment.accept:
        if name not in CONVENTIONS:
            raise AssignmentError(
                f"accept: unknown convention {name!r}; known are {', '.join(sorted(CONVENTIONS))}"
            )
    # Fresh questions, which may have yet to be drawn, have the public ones' cases.
    truth = job.ground_truth() if job.has_questions else load_ground_truth()
    student = _student(Unavailable(Outcome.NOT_RUN, ""), truth, job)
    checked = criteria_of(student, job.folders)
    absent = tuple(name for name in job.assignment.points if name not in checked)
    points = {name: most for name, most in job.assignment.points.items() if name in checked}
    counts = {name: checked[name] for name in points}
    covered = coverages(job.interface, points, truth.cases)
    for name, coverage in covered.items():
        if coverage.too_few:
            raise AssignmentError(
                f"points.{name}: too few cases to grade it with the interface {job.interface.name}: "
                f"{coverage.sentence}"
            )
    if not absent:
        return job, (), counts, covered
    known = criteria_of(replace(student, expressed=tuple), job.folders)
    for name in sorted(set(absent) - known.keys()):
        raise AssignmentError(
            f"points.{name}: no check gives points for it; there are checks for {', '.join(sorted(known))}"
        )
    if not points:
        raise AssignmentError(f"points: the interface {job.interface.name} covers none of the criteria")
    return replace(job, assignment=replace(job.assignment, points=points)), absent, counts, covered
