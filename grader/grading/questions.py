"""The questions of a results folder: drawn once, stored there, and asked in every run into it.

Trusted side. So the whole class and every regrade are asked the same, whatever NumPy's streams do later.
"""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from grader.cases.generate.fresh import FRESH, draw_fresh_set
from grader.cases.generate.store import place_set
from grader.cases.ground_truth import MANIFEST, GroundTruth, load_ground_truth, public_folder
from grader.errors import InputError
from grader.grading.gradebook import FILE_NAME, Gradebook
from grader.grading.job import Job
from grader.grading.plan import Plan

QUESTIONS = "questions"
"""Where a results folder keeps its questions: an ordinary ground-truth folder."""


def with_questions(plan: Plan, results: Path, given: Path | None = None) -> Plan:
    """Return a plan whose job has the questions of a results folder; they are drawn where there are none.

    Parameters
    ----------
    plan : Plan
    results : Path
    given : Path, optional
        Another run's questions, to be asked here too: its results folder, or a folder of questions.

    Raises
    ------
    InputError
        The given questions cannot be used here, or none can be written.
    GraderError
        None can be drawn; see `grader.cases.generate.fresh`.
    """
    job = plan.job
    if job.assignment.ground_truth != FRESH:
        if given:
            chosen = job.assignment.ground_truth
            raise InputError(f'--questions: the assignment sets ground_truth = "{chosen}", not "{FRESH}"')
        return plan
    try:
        if given:
            _take(given, results)
        known = known_questions(job, results)
        if not known.has_questions:
            draw_fresh_set(results / QUESTIONS)
            known = replace(job, questions=results / QUESTIONS)
    except OSError as error:
        raise InputError(f"{results}: its questions cannot be written ({error.strerror or error})") from None
    warnings = plan.warnings
    if known.questions == public_folder():
        kept = f"{results} was made by an earlier version, so its public questions are kept"
        warnings = (*warnings, f"{kept}; a new results folder gets fresh ones")
    return replace(plan, job=known, warnings=warnings)


def known_questions(job: Job, results: Path) -> Job:
    """Return a job with the questions that a results folder has already; the same job where it has none."""
    if job.assignment.ground_truth != FRESH:
        return job
    if (results / QUESTIONS).exists():
        return replace(job, questions=results / QUESTIONS)
    return replace(job, questions=public_folder()) if _asked_public(results) else job


def stored_questions(folder: Path) -> GroundTruth:
    """Read the questions of a results folder, or of a folder of questions.

    Raises
    ------
    InputError
        There are none, or they were altered.
    """
    return load_ground_truth(_folder_of_questions(folder))


def _folder_of_questions(folder: Path) -> Path:
    for place in (folder / QUESTIONS, folder):
        if (place / MANIFEST).is_file():
            return place
    raise InputError(f"{folder}: has no questions (neither {QUESTIONS}/{MANIFEST} nor {MANIFEST})")


def _take(given: Path, results: Path) -> None:
    """Copy another run's questions into a results folder."""
    source = _folder_of_questions(given)
    theirs = load_ground_truth(source)
    results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".questions-", dir=results) as temporary:
        copied = Path(shutil.copytree(source, Path(temporary) / QUESTIONS))
        there = place_set(copied, results / QUESTIONS)
    if there.digest != theirs.digest:
        raise InputError(
            f"--questions: {results} already has questions of its own ({there.digest[:12]}), and {given} has "
            f"others ({theirs.digest[:12]}); give another results folder with -o"
        )


def _asked_public(results: Path) -> bool:
    """Tell whether a results folder was begun by a version that asked the public questions by default."""
    if not (results / FILE_NAME).is_file():
        return False
    with Gradebook.open(results, create=False) as gradebook:
        first = next((run.versions.get("ground truth", "") for run in gradebook.runs()), "")
    # Since questions are drawn, a run also says who answered them.
    return first.startswith("public ") and "answers" not in first
