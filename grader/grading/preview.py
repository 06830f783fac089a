"""What would happen to each submission of a planned run; nothing of a student's is executed.

Trusted side. Reads the submissions as grading does, and an earlier gradebook where there is one.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from grader.grading.gradebook import FILE_NAME, Gradebook
from grader.grading.in_child import read_programs_in_child
from grader.grading.plan import Plan
from grader.grading.questions import known_questions
from grader.grading.run import kept_results


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen to one submission.

    ``files`` are those that would be used, the answer first; ``kept`` says that an earlier result would be
    kept; ``problem`` says why nothing could be run and is empty otherwise.
    """

    id: str
    name: str
    files: tuple[str, ...]
    kept: bool
    problem: str = ""


def preview(plan: Plan, results: Path, *, regrade: bool = False) -> tuple[Preview, ...]:
    """Return what would happen to each chosen submission if the plan were graded into `results`."""
    kept: set[str] = set()
    plan = replace(plan, job=known_questions(plan.job, results))
    if not regrade and plan.job.has_questions and (results / FILE_NAME).is_file():
        with Gradebook.open(results, create=False) as gradebook:
            kept = set(kept_results(plan, gradebook))
    job = plan.job
    programs = read_programs_in_child(plan.chosen, job.graded_names, whole_file=job.assignment.whole_file)
    return tuple(
        Preview(submission.id, submission.name, program.files, submission.id in kept, program.error)
        for submission, program in zip(plan.chosen, programs, strict=True)
    )
