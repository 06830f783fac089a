"""Submissions x executor -> gradebook: who is graded anew, who is graded again, who is kept.

Trusted side. Takes any `concurrent.futures.Executor`; what it needs of one is `submit` and that a
broken pool says so.
"""

import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from dataclasses import replace

import numpy as np

from grader import __version__
from grader.grading.grade import failed_result, grade
from grader.grading.gradebook import Gradebook, Run
from grader.grading.job import Job, fingerprint
from grader.intake.submissions import Submission
from grader.results import Result

MakeExecutor = Callable[[int], Executor]
"""Makes an executor of so many workers."""


def versions(job: Job) -> dict[str, str]:
    """Return what a run is done with, for whoever must explain its scores later."""
    truth = job.ground_truth()
    return {
        "grader": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "ground truth": f"{truth.name} {truth.digest[:12]}",
    }


def grade_into(
    gradebook: Gradebook,
    run: Run,
    submissions: Sequence[Submission],
    job: Job,
    make_executor: MakeExecutor,
    workers: int,
    *,
    regrade: bool,
    on_result: Callable[[Result], object],
) -> None:
    """Grade submissions and record each result as soon as it is there.

    Parameters
    ----------
    gradebook, run
        Where results go; each is stored at once, so that a killed run loses nothing.
    submissions, job
        What is graded, and how.
    make_executor, workers
        Where.
    regrade : bool
        Grade again what was graded before and is unchanged.
    on_result : callable
        Told of each result, for a progress bar.
    """

    def record(result: Result) -> None:
        gradebook.record(run, result)
        on_result(result)

    kept = {} if regrade else _kept_results(submissions, job, gradebook)
    for result in kept.values():
        record(result)
    left = [submission for submission in submissions if submission.id not in kept]
    grade_all(left, job, make_executor, min(workers, max(len(left), 1)), record)


def grade_all(
    submissions: Sequence[Submission],
    job: Job,
    make_executor: MakeExecutor,
    workers: int,
    record: Callable[[Result], None],
) -> None:
    """Grade every submission and hand each result to `record` as it comes.

    A submission whose grading failed on our side, or took the pool down with it, is graded once more
    on its own in a pool of one worker; if that fails too its result says ``grader_error``.
    """
    again = []
    for submission, result in _graded(submissions, job, make_executor, workers):
        if result is None or result.status == "grader_error":
            again.append(submission)
        else:
            record(result)
    for submission in again:
        ((_, result),) = _graded([submission], job, make_executor, 1)
        record(result or failed_result(submission, job, "the grading process ended, twice"))


def _graded(
    submissions: Iterable[Submission], job: Job, make_executor: MakeExecutor, workers: int
) -> Iterator[tuple[Submission, Result | None]]:
    """Yield submissions as they are graded; None stands for a pool that broke."""
    with make_executor(workers) as executor:
        futures = {executor.submit(grade, submission, job): submission for submission in submissions}
        try:
            for future in as_completed(futures):
                yield futures[future], _result(future)
        finally:
            # When interrupted, what has not begun shall not.
            executor.shutdown(wait=False, cancel_futures=True)


def _result(future: Future[Result]) -> Result | None:
    try:
        return future.result()
    except BrokenExecutor:
        return None


def _kept_results(submissions: Iterable[Submission], job: Job, gradebook: Gradebook) -> dict[str, Result]:
    """Return, by id, the results of submissions that were graded before and are unchanged."""
    kept = {}
    for submission in submissions:
        result = gradebook.result_with_fingerprint(fingerprint(submission, job))
        if result is not None and result.status == "graded":
            kept[submission.id] = replace(
                result, id=submission.id, name=submission.name, participant=submission.participant
            )
    return kept
