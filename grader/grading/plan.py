"""What a run would grade, read and checked before any student's code runs: submissions, rules, sandbox.

Trusted side. `grader run --dry-run` shows a plan; `grade_folder` grades it.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.assignment.coverage import Coverage
from grader.assignment.interface import load_interface
from grader.assignment.load import load_assignment
from grader.errors import InputError, SubmissionError
from grader.grading.in_child import gather_in_child
from grader.grading.job import Job
from grader.grading.open_submission import gradable
from grader.intake.submissions import Submission
from grader.sandbox import find_interpreter, open_backend

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would grade, and how.

    Attributes
    ----------
    job : Job
        The rules that are the same for every submission; its ``sandbox`` names a backend that was tried.
    roster : tuple of Submission
        Every submission that was found.
    chosen : tuple of Submission
        Those to grade: the roster, or the ones that ``only`` names.
    checks : Mapping of str to int
        The number of checks for each criterion that earns points.
    coverage : Mapping of str to Coverage
        How many of its cases each criterion is graded on, where cases count for it.
    left_out : tuple of str
        The assignment's criteria that the interface does not cover.
    warnings : tuple of str
        For the person who grades; warnings about one submission are with its result.
    """

    job: Job
    roster: tuple[Submission, ...]
    chosen: tuple[Submission, ...]
    checks: Mapping[str, int]
    coverage: Mapping[str, Coverage] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def plan_run(
    paths: Iterable[str | Path],
    *,
    assignment: str | Path | None = None,
    worksheet: str | Path | None = None,
    interface: str | None = None,
    checks: str | Path | None = None,
    sandbox: str = "auto",
    python: str | None = None,
    only: Sequence[str] | None = None,
    unreadable: Mapping[str, str] | None = None,
) -> Plan:
    """Read everything that a run needs and try its sandbox; see `grader.grading.run.grade_folder`.

    Uploads that are ``unreadable`` (by `Submission.upload`, with the reason) are not read again.

    Raises
    ------
    InputError
        Something that was given cannot be used.
    SandboxError
        The sandbox does not confine on this machine.
    GraderError
        A check file cannot be collected.
    """
    if checks and not Path(checks).is_dir():
        raise InputError(f"--checks: '{checks}' is not a folder")
    if python and sandbox != "container":  # there it names an image
        python = find_interpreter(python)
    job = _job(_path(assignment), interface, _path(checks), sandbox, python)
    job, left_out, counts, coverage = gradable(job)
    due = job.assignment.late.due if job.assignment.late else None
    intake = gather_in_child([Path(path) for path in paths], _path(worksheet), due, unreadable or {})
    chosen = _chosen(intake.submissions, only)
    # Tried here, so that a machine that cannot confine is refused before anything is graded.
    with open_backend(sandbox, job.python) as backend:
        job = replace(job, sandbox=backend.name)
    _log.info(
        "%d of %d submissions, interface %s, sandbox %s, %d checks",
        *(len(chosen), len(intake.submissions), job.interface.name, job.sandbox, sum(counts.values())),
    )
    warnings = (*_coverage_warnings(job.interface.name, left_out, coverage), *intake.warnings)
    return Plan(job, intake.submissions, chosen, counts, coverage, left_out, warnings)


def _coverage_warnings(
    interface: str, left_out: Sequence[str], coverage: Mapping[str, Coverage]
) -> Iterator[str]:
    """Yield a sentence for the criteria, and for the cases, that an interface cannot express."""
    if left_out:
        yield f"Skipped: the interface '{interface}' does not cover {', '.join(left_out)}"
    alike: dict[str, list[str]] = {}
    for name, one in coverage.items():
        for sentence in filter(None, (one.sentence, _failing(interface, one))):
            alike.setdefault(sentence, []).append(name)
    for sentence, names in alike.items():
        yield f"{', '.join(names)}: {sentence}"


def _failing(interface: str, coverage: Coverage) -> str:
    counts = ", ".join(f"{count} with {what}" for what, count in coverage.failing.items())
    reason = f"interface.required lists what the interface '{interface}' does not pass"
    return f"every submission fails {counts}, of {coverage.total} cases: {reason}" if counts else ""


def _path(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)


def _job(
    file: Path | None, interface: str | None, checks: Path | None, sandbox: str, python: str | None
) -> Job:
    assignment = load_assignment(file, extra_criteria=checks is not None)
    # A path in the assignment starts from its file, one from the command line from where that was typed.
    folder = Path() if interface else Path(assignment.folder)
    how = load_interface(interface or assignment.interface, folder, assignment.interface_settings)
    return Job(assignment, replace(how, required=assignment.required), sandbox, python, checks)


def _chosen(submissions: Sequence[Submission], only: Sequence[str] | None) -> tuple[Submission, ...]:
    if only is None:
        return tuple(submissions)
    known = {submission.id: submission for submission in submissions}
    unknown = sorted(set(only) - known.keys())
    if unknown:
        raise SubmissionError(
            f"--only: no submission {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    return tuple(known[name] for name in dict.fromkeys(only))
