"""Grade a folder of submissions into a gradebook: who is graded, who is graded again, who is kept.

Trusted side; prints nothing. `grade_all` takes any `concurrent.futures.Executor` whose futures raise
`BrokenExecutor` once a process of the pool has died.
"""

import logging
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from grader import __version__
from grader.grading.executors import local_executor, prepare, usable_cores
from grader.grading.grade import failed_result
from grader.grading.gradebook import FILE_NAME, Gradebook, Run
from grader.grading.in_child import grade_in_child
from grader.grading.interface_fit import interface_doubts
from grader.grading.job import Job, fingerprint
from grader.grading.plan import Plan, plan_run
from grader.grading.questions import with_questions
from grader.intake.submissions import Submission
from grader.results import Result

_log = logging.getLogger(__name__)

MakeExecutor = Callable[[int], Executor]
"""Makes an executor of so many workers."""


@dataclass(frozen=True, slots=True)
class GradedFolder:
    """What a run came to.

    Attributes
    ----------
    run : Run
        The run as the gradebook recorded it.
    results : tuple of Result
        The newest result of every submission, in the order in which they were found.
    kept : tuple of str
        Ids of unchanged submissions, whose earlier results were kept.
    left_out : tuple of str
        The assignment's criteria that the interface does not cover.
    warnings : tuple of str
        For the person who grades; warnings about one submission are with its result.
    """

    run: Run
    results: tuple[Result, ...]
    kept: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def grade_folder(
    paths: Iterable[str | Path],
    results: str | Path,
    *,
    assignment: str | Path | None = None,
    worksheet: str | Path | None = None,
    interface: str | None = None,
    checks: str | Path | None = None,
    workers: int | None = None,
    sandbox: str = "auto",
    python: str | None = None,
    only: Sequence[str] | None = None,
    questions: str | Path | None = None,
    regrade: bool = False,
    on_plan: Callable[[Plan], object] | None = None,
    on_result: Callable[[Result], object] | None = None,
) -> GradedFolder:
    """Grade submissions into a results folder's gradebook, as `grader run` does, without printing.

    Parameters
    ----------
    paths : iterable of path
        Folders, archives or single files.
    results : path
        The results folder; made where missing. Reports are the caller's: `grader.reports.writing`.
    assignment : path, optional
        The assignment file; the shipped default if left out.
    worksheet : path, optional
        Moodle's offline grading worksheet.
    interface : str, optional
        Name or file of the interface; the assignment's if left out.
    checks : path, optional
        A folder of further checks.
    workers : int, optional
        How many submissions are graded at the same time; as many as there are cores if left out.
    sandbox : str
        ``auto``, ``native``, ``bwrap``, ``container`` or ``none``.
    python : str, optional
        The interpreter that runs students' code; this one if left out.
    only : sequence of str, optional
        Ids of the submissions to grade; all if left out.
    questions : path, optional
        Another run's questions, to be asked here too: its results folder, or a folder of questions.
    regrade : bool
        Grade unchanged submissions again too.
    on_plan, on_result : callable, optional
        Called with the plan before grading starts, and with each result once it is stored.

    Returns
    -------
    GradedFolder

    Raises
    ------
    InputError
        Something that was given cannot be used.
    GraderError
        No sandbox confines on this machine, a check file cannot be collected, or no questions can be drawn.
    """
    prepare()
    plan = plan_run(
        paths,
        assignment=assignment,
        worksheet=worksheet,
        interface=interface,
        checks=checks,
        sandbox=sandbox,
        python=python,
        only=only,
        unreadable={} if regrade else unreadable_uploads(Path(results)),
    )
    plan = with_questions(plan, Path(results), Path(questions) if questions else None)
    if on_plan:
        on_plan(plan)
    with Gradebook.open(Path(results)) as gradebook:
        run = gradebook.start_run(
            plan.job.assignment.name,
            plan.job.assignment.text,
            plan.job.assignment.max_points,
            roster=[submission.id for submission in plan.roster],
            versions=versions(plan.job),
            options={
                "sandbox": plan.job.sandbox,
                "interface": plan.job.interface.name,
                "python": plan.job.python or "",
            },
        )

        def record(result: Result) -> None:
            # Stored at once, so that a killed run loses nothing.
            gradebook.record(run, result)
            _log.info("%s: %s, %g points, %.1f s", result.id, result.status, result.points, result.seconds)
            if on_result:
                on_result(result)

        kept = {} if regrade else kept_results(plan, gradebook)
        for result in kept.values():
            record(result)
        left = [submission for submission in plan.chosen if submission.id not in kept]
        _log.info("%d unchanged, %d to grade", len(kept), len(left))
        grade_all(left, plan.job, local_executor, workers or usable_cores(), record)
        newest = tuple(gradebook.latest_results())
    warnings = (*plan.warnings, *interface_doubts(newest, plan.job.interface.name))
    return GradedFolder(run, newest, tuple(kept), plan.left_out, warnings)


def versions(job: Job) -> dict[str, str]:
    """Return what a run is done with, for whoever must explain its scores later."""
    truth = job.ground_truth()
    known = "" if truth.hidden else "students have these; "
    return {
        "grader": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "ground truth": f"{truth.name} {truth.digest[:12]} ({known}answers: {truth.source})",
    }


def unreadable_uploads(results: Path) -> dict[str, str]:
    """Return the uploads that an earlier run into this folder could not read, with the reason."""
    if not (results / FILE_NAME).is_file():
        return {}
    with Gradebook.open(results, create=False) as gradebook:
        return {
            result.fingerprint: "; ".join(result.notes)
            for result in gradebook.latest_results()
            if result.status == "needs_attention"
        }


def kept_results(plan: Plan, gradebook: Gradebook) -> dict[str, Result]:
    """Return, by id, the results of chosen submissions that were graded before and are unchanged."""
    kept = {}
    for submission in plan.chosen:
        result = gradebook.result_with_fingerprint(fingerprint(submission, plan.job))
        if result is not None:
            kept[submission.id] = replace(
                result, id=submission.id, name=submission.name, participant=submission.participant
            )
    return kept


def grade_all(
    submissions: Sequence[Submission],
    job: Job,
    make_executor: MakeExecutor,
    workers: int,
    record: Callable[[Result], None],
) -> None:
    """Grade every submission and hand each result to `record` as it comes.

    Once a process of the pool has died, all submissions without a result are graded again by all workers,
    since the reason may have been a moment's lack of memory. If a pool dies again, the submissions that
    were being graded are set aside and the others go on with all workers, so that one submission that kills
    its process does not slow down the class. Those set aside, and those that failed by an error of the
    grader, are then graded once more, each in a pool of its own; what fails there gets ``grader_error``.
    """
    batch, alone, deaths = list(submissions), [], 0
    while batch:
        lost = set()
        for submission, result in _graded(batch, job, make_executor, workers):
            if result is None:
                lost.add(submission.id)
            elif result.status == "grader_error":
                alone.append(submission)
            else:
                record(result)
        deaths += bool(lost)
        waiting = [submission for submission in batch if submission.id in lost]
        # A pool takes submissions in order, so those it was at are the first ones without a result.
        suspects = workers if deaths > 1 else 0
        alone += waiting[:suspects]
        batch = waiting[suspects:]
        if lost:
            _log.warning("a grading process died; %d submissions are graded again", len(lost))
    for submission in alone:
        ((_, result),) = _graded([submission], job, make_executor, 1)
        record(result or failed_result(submission, job, "the grading process ended, twice"))


def _graded(
    submissions: Sequence[Submission], job: Job, make_executor: MakeExecutor, workers: int
) -> Iterator[tuple[Submission, Result | None]]:
    """Yield each graded submission; None stands for a pool that broke."""
    with make_executor(min(workers, len(submissions))) as executor:
        futures: dict[Future[Result], Submission] = {}
        try:
            for submission in submissions:
                try:
                    futures[executor.submit(grade_in_child, submission, job)] = submission
                except BrokenExecutor:
                    # The pool died while this loop was still filling it.
                    yield submission, None
            for future in as_completed(futures):
                yield futures[future], _result(future)
        finally:
            # When interrupted, what has not begun shall not. Waited for, since Python's own end would race
            # with the pool's thread and print a traceback.
            executor.shutdown(wait=True, cancel_futures=True)


def _result(future: Future[Result]) -> Result | None:
    try:
        return future.result()
    except BrokenExecutor:
        return None
