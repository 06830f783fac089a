"""One submission -> one result: open its sandbox, run the checks over it, add up the points.

Trusted side; runs in a process of the pool. Everything it is given and returns can be pickled.
"""

import logging
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace

from grader.assignment.coverage import coverages
from grader.assignment.late_policy import LatePolicy
from grader.checks.run_pytest import run_checks
from grader.feedback.probe import note_own_forward
from grader.grading.explain import explained, outcomes_only
from grader.grading.job import Job, fingerprint
from grader.grading.lateness import apply_late_policy
from grader.grading.open_submission import Opened, open_student
from grader.grading.point_groups import divisions
from grader.grading.scoring import penalised, score
from grader.grading.supervise import UNWATCHED, Progress, Stage
from grader.intake.submissions import Submission
from grader.results import CriterionScore, Item, Outcome, Result
from grader.sandbox import Client

_log = logging.getLogger(__name__)


READING = Stage("read", 10.0, 60.0)
CHECKING = Stage("checked", 60.0, 3600.0)
EXPLAINING = Stage("explained", 20.0, 600.0)
"""The stages of grading, with what the grader itself may use of its own time on one submission. An honest
submission takes a tenth of a second, two seconds (with the race) and half a second."""


def grade(submission: Submission, job: Job, report: Progress = UNWATCHED) -> Result:
    """Grade one submission.

    A failure of the grader itself comes back as a result with the status ``grader_error``, so that
    it costs nobody marks and nobody else's grading.

    Parameters
    ----------
    submission : Submission
    job : Job
    report : Progress
        Told each stage as it begins, and the result without explanations once there are points.

    Raises
    ------
    MemoryError
        There was not enough of it; a supervisor makes that a verdict.
    """
    start = time.perf_counter()
    try:
        result = _grade(submission, job, report)
    except MemoryError:
        raise
    except Exception as error:
        _log.exception("%s could not be graded", submission.id)
        failed = failed_result(submission, job, f"{type(error).__name__}: {error}")
        result = replace(failed, traceback=traceback.format_exc())
    return replace(result, seconds=time.perf_counter() - start, fingerprint=fingerprint(submission, job))


def failed_result(submission: Submission, job: Job, reason: str) -> Result:
    """Return the result of a submission that could not be graded, with the reason."""
    return _without_points(submission, job, "grader_error", f"could not be graded: {reason}")


def attention_result(submission: Submission, job: Job, reason: str) -> Result:
    """Return the result of a submission that a person has to look at, with the reason."""
    return _without_points(submission, job, "needs_attention", reason)


def _without_points(submission: Submission, job: Job, status: str, note: str) -> Result:
    return Result(
        id=submission.id,
        name=submission.name,
        participant=submission.participant,
        status=status,
        points=0.0,
        max_points=job.assignment.max_points,
        files=tuple(file.path for file in submission.files),
        warnings=submission.warnings,
        notes=(note,),
        standing=submission.standing,
    )


def _grade(submission: Submission, job: Job, report: Progress) -> Result:
    if submission.problem:
        return attention_result(submission, job, submission.problem)
    report.stage(READING)
    with open_student(submission, job) as opened:
        report.stage(CHECKING)
        student = opened.student
        items = note_own_forward(student, run_checks(student, job.folders))
        items = _under_other_names(items, student.client)
        warnings = (*submission.warnings, *opened.program.warnings, *_load_warnings(opened, job))
        result = _with_points(submission, job, opened, items, warnings)
        report.so_far(result)
        report.stage(EXPLAINING)
        return explained(result, opened, job)


def _with_points(
    submission: Submission, job: Job, opened: Opened, items: Sequence[Item], warnings: tuple[str, ...]
) -> Result:
    """Return the result as far as it has no explanation."""
    assignment, student = job.assignment, opened.student
    asked = ((item.criterion, item.case) for item in items)
    divided = divisions(assignment.groups, asked, student.truth.cases)
    criteria = score(items, assignment.points, divided, own_forward_credit=assignment.own_forward_credit)
    criteria, penalties = penalised(criteria, items, assignment.penalties)
    covered = coverages(job.interface, assignment.points, student.truth.cases)
    said = {name: [covered[name].sentence] for name in covered}
    for name, division in divided.items():
        said[name] += division.notes
    criteria = tuple(_noted(criterion, items, said.get(criterion.name, ())) for criterion in criteria)
    notes = _grader_errors(items)
    result = Result(
        id=submission.id,
        name=submission.name,
        participant=submission.participant,
        status="grader_error" if notes else "graded",
        points=round(sum(criterion.points for criterion in criteria), 2),
        max_points=assignment.max_points,
        criteria=criteria,
        penalties=penalties,
        items=outcomes_only(items, student),
        speed=student.speed.speed if student.speed else None,
        files=opened.program.files,
        warnings=warnings,
        notes=notes,
        standing=submission.standing,
    )
    return _less_lateness(result, assignment.late)


def _under_other_names(items: Sequence[Item], client: object) -> tuple[Item, ...]:
    """Mark the passed checks of layers that were called by other names than the template's."""
    kinds = client.other_names.keys() if isinstance(client, Client) else ()
    return tuple(
        replace(item, penalties=(*item.penalties, "other_names"))
        if item.outcome is Outcome.PASSED and item.criterion.partition(".")[0] in kinds
        else item
        for item in items
    )


def _load_warnings(opened: Opened, job: Job) -> Iterator[str]:
    """Yield a warning for each statement that failed, each import that is missing, and each missing name."""
    client, imports = opened.student.client, opened.program.imports
    if not isinstance(client, Client):
        return
    yield from client.failed
    for name, why in client.stand_ins.items():
        if name in imports and imports[name].is_file and name not in job.assignment.imports:
            yield f"{imports[name].file} imports {name}, which is not in the upload: hand in {name}.py too"
        elif name in imports:
            yield f"{name} {why}; the code is graded without it"
    for kind, names in client.other_names.items():
        pairs = ", ".join(f"{own} for {name}" for name, own in names.items())
        yield f"{kind} is graded under the submission's own names: {pairs}"
    kinds = {criterion.partition(".")[0] for criterion in job.assignment.points}
    needed = {name for kind in kinds for name in job.interface.needs.get(kind, ())}
    missing = [names for names in client.missing if needed & {*names.split(" or ")}]
    if missing:
        yield f"not defined in the submission: {', '.join(missing)}"


def _noted(criterion: CriterionScore, items: Sequence[Item], more: Sequence[str]) -> CriterionScore:
    """Say on a criterion which conventions made its answers right, besides what else is to be said."""
    accepted = {item.convention for item in items if item.criterion == criterion.name and item.convention}
    names = ", ".join(sorted(accepted))
    said = [criterion.note, f"right by a convention that this course accepts: {names}" if names else ""]
    return replace(criterion, note="; ".join(filter(None, [*said, *more])))


def _grader_errors(items: Sequence[Item]) -> tuple[str, ...]:
    """Say which checks broke instead of judging."""
    broken = [item for item in items if item.outcome is Outcome.GRADER_ERROR]
    return tuple(f"{item.criterion}, case {item.case}: {item.message}" for item in broken)


def _less_lateness(result: Result, policy: LatePolicy | None) -> Result:
    if policy is None or result.standing is None:
        return result
    standing = apply_late_policy(result.standing, policy, result.points, result.max_points)
    return replace(result, standing=standing, points=round(result.points - standing.deduction, 2))
