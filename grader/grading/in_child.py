"""Read and grade in a process that can be ended, so that no student's bytes can hold up a class.

Trusted side. The supervised process keeps its tables, its zygote and its imports from one submission to
the next; once it was ended, the next one makes them anew.
"""

import contextlib
import multiprocessing
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

from grader.errors import SubmissionError
from grader.grading.executors import CLEAN_START
from grader.grading.grade import READING, attention_result, failed_result, grade
from grader.grading.job import Job, fingerprint
from grader.grading.open_submission import program_of
from grader.grading.supervise import Breach, Died, Progress, Stage, Supervised
from grader.intake.source import Program
from grader.intake.submissions import Intake, Submission, gather
from grader.intake.submissions.budget import ReadingBudget
from grader.results import Result

_CAN_FORK = "fork" in multiprocessing.get_all_start_methods()
LISTING = Stage("listed", 60.0, 600.0)
"""What is given is listed and joined to the worksheet, before and after the uploads are read one by one."""


def grade_in_child(submission: Submission, job: Job) -> Result:
    """Grade one submission as `grade` does, with the trusted side's own time and memory bounded.

    Work that was ended before there were points gives ``needs_attention``; work that was ended while
    it explained them keeps them and says so in a note.
    """
    process = _grading_process()
    try:
        result: Result = process.do((submission, job)) if _CAN_FORK else grade(submission, job)
    except Breach as breach:
        so_far: Result | None = process.so_far
        if so_far is None:
            result = attention_result(submission, job, str(breach))
        else:
            result = replace(so_far, notes=(*so_far.notes, f"the points are complete, but they {breach}"))
    except Died as death:
        result = failed_result(submission, job, str(death))
    else:
        return result
    return replace(result, fingerprint=fingerprint(submission, job))


@cache
def _grading_process() -> Supervised:
    """Return this process's supervised one; it ends with this process."""
    return Supervised(_grade)


def _grade(task: tuple[Submission, Job], report: Progress) -> Result:
    return grade(*task, report)


def gather_in_child(
    paths: Sequence[Path],
    worksheet: Path | None,
    due: datetime | None,
    unreadable: Mapping[str, str],
) -> Intake:
    """Read submissions as `gather` does; an upload that breaches a limit becomes one that a person must see.

    Parameters
    ----------
    paths, worksheet, due
        As for `grader.intake.submissions.gather`.
    unreadable : Mapping of str to str
        Uploads that breached a limit in an earlier run, by `Submission.upload`, and why: not read again.

    Raises
    ------
    SubmissionError
        A path or the worksheet cannot be read as a whole.
    """
    problems = dict(unreadable)
    with Supervised(_gather, CLEAN_START) as process:
        while True:
            try:
                intake: Intake = process.do((tuple(paths), worksheet, due, problems))
            except (Breach, Died) as ended:
                upload = process.so_far
                if upload is None or upload in problems:
                    listed = ", ".join(map(str, paths))
                    raise SubmissionError(f"{listed}: what was found there {ended}") from None
                problems[upload] = str(ended)
            else:
                return intake


def _gather(
    task: tuple[tuple[Path, ...], Path | None, datetime | None, dict[str, str]], report: Progress
) -> Intake:
    paths, worksheet, due, problems = task

    @contextlib.contextmanager
    def reading(upload: str) -> Iterator[str]:
        if upload in problems:
            yield problems[upload]
            return
        report.so_far(upload)
        report.stage(READING)
        yield ""
        report.so_far(None)
        report.stage(LISTING)

    report.stage(LISTING)
    return gather(paths, worksheet, due=due, budget=ReadingBudget(reading=reading))


def read_programs_in_child(
    submissions: Sequence[Submission], names: Collection[str], *, whole_file: bool
) -> list[Program]:
    """Read each submission's program as `program_of` does; where a limit ends that, its error says so."""
    with Supervised(_read, CLEAN_START) as process:
        programs = []
        for submission in submissions:
            try:
                programs.append(process.do((submission, names, whole_file)))
            except (Breach, Died) as ended:
                programs.append(Program("", {}, error=str(ended)))
        return programs


def _read(task: tuple[Submission, Collection[str], bool], report: Progress) -> Program:
    submission, names, whole_file = task
    report.stage(READING)
    return program_of(submission, names, whole_file=whole_file)
