"""Write every report of a class into its results folder.

Trusted side; the reports' only effects. Each file appears whole or not at all.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from grader.errors import GradebookError
from grader.grading.gradebook import Run
from grader.reports.pages import feedback_page, report_page
from grader.reports.scores import scores_csv, scores_json
from grader.results import Result


def write_reports(folder: Path, run: Run, results: Sequence[Result]) -> tuple[Path, ...]:
    """Write scores.json, scores.csv, report.html and feedback/ID.html.

    Parameters
    ----------
    folder : Path
        The results folder; made where missing.
    run : Run
        Whose assignment, versions and options the pages tell.
    results : sequence of Result

    Returns
    -------
    tuple of Path
        What was written.

    Raises
    ------
    GradebookError
        A file cannot be written, or an id cannot be a file's name.
    """
    for result in results:
        if Path(result.id).name != result.id or result.id in ("", ".."):
            raise GradebookError(f"the submission id {result.id!r} cannot be a file's name")
    feedback = folder / "feedback"
    written = []
    try:
        feedback.mkdir(parents=True, exist_ok=True)
        _forget_others(feedback, results)
        for result in results:
            page = feedback_page(result, run.assignment_name, results)
            written.append(write_whole(feedback / f"{result.id}.html", page))
        scores = scores_json(results, run.assignment_name, run.max_points)
        written.append(write_whole(folder / "scores.json", scores))
        written.append(write_whole(folder / "scores.csv", scores_csv(results)))
        written.append(write_whole(folder / "report.html", report_page(run, results)))
    except OSError as error:
        raise GradebookError(f"the reports cannot be written: {error}") from error
    return tuple(written)


def _forget_others(feedback: Path, results: Sequence[Result]) -> None:
    """Delete the pages of submissions that are gone, so that nobody hands them out."""
    kept = {f"{result.id}.html" for result in results}
    for page in feedback.glob("*.html"):
        if page.name not in kept:
            page.unlink()


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file under another name and then rename it, so that no reader sees half of it."""
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
