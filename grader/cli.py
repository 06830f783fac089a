"""The command line: the only place that prints and exits.

Trusted side. Each command reads its arguments, calls the core and shows the result.
"""

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from grader import __version__
from grader.assignment.load import DEFAULT_FILE
from grader.cases.ground_truth import GroundTruth, load_ground_truth
from grader.errors import GraderError, InputError
from grader.grading.executors import machine, usable_cores
from grader.grading.grade import grade
from grader.grading.gradebook import Gradebook, Run
from grader.grading.interface_fit import interface_doubts
from grader.grading.local import local_job, read_own_file
from grader.grading.plan import Plan, plan_run
from grader.grading.preview import preview
from grader.grading.questions import stored_questions
from grader.grading.run import grade_folder, unreadable_uploads
from grader.reports.doctor import doctor_text
from grader.reports.dry_run import dry_run_text
from grader.reports.pages import feedback_page
from grader.reports.run_diff import changes, changes_text, reasons
from grader.reports.scores import scores_json
from grader.reports.tables import check_report, scores_table
from grader.reports.writing import write_reports, write_whole
from grader.results import Result
from grader.sandbox import examine, find_interpreter
from grader.visible_text import visible

SANDBOXES = ("auto", "native", "bwrap", "container", "none")
EXIT_OK, EXIT_NOT_GRADED, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to `main`, where rich would end with status 1."""
        raise BrokenPipeError


# No emoji: if a student or a file is called ":bomb:", this text is shown.
out = _Console(highlight=False, emoji=False)
err = _Console(stderr=True, highlight=False, emoji=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        with _logging(getattr(arguments, "verbose", 0)):
            return command(arguments)
    except InputError as error:
        _complain(str(error))
        return EXIT_USAGE
    except GraderError as error:
        _complain(str(error))
        return EXIT_NOT_GRADED
    except KeyboardInterrupt:
        _complain("Interrupted. Finished results are saved; run the same command to resume.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has had enough; Python's own flush at exit must not fail over it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK


def _complain(text: str) -> None:
    err.print(f"grader: {visible(text)}", markup=False, soft_wrap=True)


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Print one message above the progress bar."""
        err.print(visible(self.format(record)), markup=False, soft_wrap=True)


@contextlib.contextmanager
def _logging(verbose: int) -> Iterator[None]:
    """Show the grader's log on stderr: with -v what it does, with -vv every detail."""
    logger, handler = logging.getLogger("grader"), _Handler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    before = logger.level
    if verbose:
        logger.setLevel(logging.DEBUG if verbose > 1 else logging.INFO)
        logger.addHandler(handler)
    try:
        yield
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)


def _run(arguments: argparse.Namespace) -> int:
    names = ("assignment", "worksheet", "interface", "checks", "sandbox", "python", "only")
    given: dict[str, Any] = {name: getattr(arguments, name) for name in names}
    if arguments.dry_run:
        plan = plan_run(arguments.paths, **given, unreadable=unreadable_uploads(arguments.output))
        _warn(plan)
        previews = preview(plan, arguments.output, regrade=arguments.regrade)
        out.print(dry_run_text(plan, previews), markup=False, soft_wrap=True)
        return EXIT_OK
    with _progress() as progress:
        task = progress.add_task("grading", total=None)

        def begin(plan: Plan) -> None:
            _warn(plan)
            progress.update(task, total=len(plan.chosen))

        graded = grade_folder(
            arguments.paths,
            arguments.output,
            **given,
            questions=arguments.questions,
            workers=arguments.workers,
            regrade=arguments.regrade,
            on_plan=begin,
            on_result=lambda _: progress.advance(task),
        )
    return _show(arguments.output, graded.run, graded.results, verbose=bool(arguments.verbose))


def _warn(plan: Plan) -> None:
    for warning in plan.warnings:
        _complain(warning)
    if plan.job.sandbox == "none":
        _complain("WARNING: --sandbox none runs the students' code with your rights")


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True)


def _show(folder: Path, run: Run, results: Sequence[Result], *, verbose: bool = False) -> int:
    """Write every report, print the scores and name what could not be graded."""
    write_reports(folder, run, results)
    out.print(scores_table(results, run.max_points))
    out.print(f"\nReport: {folder / 'report.html'}", markup=False, soft_wrap=True)
    for warning in interface_doubts(results, str(run.options.get("interface", ""))):
        _complain(f"warning: {warning}")
    failed = [result for result in results if result.status in ("grader_error", "needs_attention")]
    for result in failed:
        _complain(f"{result.id}: {'; '.join(result.notes)}")
        if verbose:
            # A check that breaks does so in every case: each traceback is shown once.
            for trace in dict.fromkeys([result.traceback, *(item.traceback for item in result.items)]):
                err.print(visible(trace), markup=False, soft_wrap=True, end="")
    return EXIT_NOT_GRADED if failed else EXIT_OK


def _check(arguments: argparse.Namespace) -> int:
    submission, job = read_own_file(arguments.file), local_job()
    with err.status("checking"):
        result = grade(submission, job)
    assignment = job.assignment
    out.print(check_report(result), markup=False, soft_wrap=True)
    if arguments.json:
        _write(arguments.json, scores_json([result], assignment.name, assignment.max_points))
    if arguments.html:
        _write(arguments.html, feedback_page(result, assignment.name))
    return EXIT_NOT_GRADED if result.status == "grader_error" else EXIT_OK


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


def _report(arguments: argparse.Namespace) -> int:
    with Gradebook.open(arguments.results, create=False) as gradebook:
        if not gradebook.runs():
            raise InputError(f"{arguments.results}: nothing has been graded yet")
        run, results = gradebook.runs()[-1], gradebook.latest_results()
    return _show(arguments.results, run, results)


def _diff(arguments: argparse.Namespace) -> int:
    if len(arguments.runs) not in (0, 2):
        raise InputError(f"diff: give two runs, or none for the last two, not {len(arguments.runs)}")
    with Gradebook.open(arguments.results, create=False) as gradebook:
        numbers = arguments.runs or [run.id for run in gradebook.runs()[-2:]]
        if len(numbers) < 2:
            raise InputError(f"diff: {arguments.results} has fewer than two runs")
        before, after = (gradebook.run(number) for number in numbers)
        moved = changes(gradebook.results_of(before), gradebook.results_of(after))
    out.print(changes_text(moved, reasons(before, after)), markup=False, soft_wrap=True)
    return EXIT_OK


def _truth(arguments: argparse.Namespace) -> int:
    # Heavy, and not needed for grading.
    from grader.feedback.mistakes.survivors import survivors

    try:
        from grader.cases.generate.make import make_hidden_set, make_public_set, recompute
    except ImportError:
        raise InputError("truth: needs PyTorch (grading does not): pip install torch==2.13.0") from None
    if arguments.results:
        return _recompute(stored_questions(arguments.results), arguments.output, recompute)
    if arguments.seed_file:
        make_hidden_set(arguments.output, arguments.seed_file)
    else:
        make_public_set(arguments.output)
    kind, advice = ("hidden", " Try another seed.") if arguments.seed_file else ("public", "")
    with err.status("checking it with the catalogue of mistakes"):
        missed = tuple(survivors(load_ground_truth(arguments.output)))
    for sentence in missed:
        _complain(f"This {kind} set is too weak: {sentence}.{advice}")
    out.print(f"Ground truth: {arguments.output}", markup=False, soft_wrap=True)
    return EXIT_NOT_GRADED if missed else EXIT_OK


def _recompute(
    truth: GroundTruth, folder: Path, recompute: Callable[[GroundTruth, Path], Sequence[str]]
) -> int:
    differing = recompute(truth, folder)
    for sentence in differing:
        _complain(f"PyTorch and the stored answers differ: {sentence}")
    asked = sum(not case.invalid for case in truth.cases)
    if not differing:
        agreed = (
            f"PyTorch agrees within the bound with the stored answers (by {truth.source}) on {asked} cases."
        )
        out.print(agreed, markup=False, soft_wrap=True)
    out.print(f"Ground truth: {folder}\nSingle cases: {folder / 'cases'}", markup=False, soft_wrap=True)
    return EXIT_NOT_GRADED if differing else EXIT_OK


def _doctor(arguments: argparse.Namespace) -> int:
    python = find_interpreter(arguments.python) if arguments.python else None
    with err.status("testing the sandboxes"):
        sandboxes = examine(python)
    facts = {"grader": __version__, **machine()}
    out.print(doctor_text(sandboxes, facts), markup=False, soft_wrap=True)
    return EXIT_OK if any(report.holds for report in sandboxes) else EXIT_NOT_GRADED


def _assignment(_: argparse.Namespace) -> int:
    out.out(DEFAULT_FILE.read_text(encoding="utf-8"), end="", highlight=False)
    return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="grader", description="Grade convolutional networks in NumPy.")
    parser.add_argument("--version", action="version", version=f"grader {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="grade submissions: folders, archives or single files"))

    check = commands.add_parser("check", help="check one file with the public cases")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--json", type=Path, metavar="FILE", help="write the scores as JSON too")
    check.add_argument("--html", type=Path, metavar="FILE", help="write the feedback as a page too")
    check.set_defaults(command=_check)

    report = commands.add_parser("report", help="rebuild every report from the gradebook")
    report.add_argument("results", type=Path, nargs="?", default=Path("results"), metavar="RESULTS")
    report.set_defaults(command=_report)

    diff = commands.add_parser("diff", help="whose points changed between two runs, and why")
    diff.add_argument("results", type=Path, nargs="?", default=Path("results"), metavar="RESULTS")
    diff.add_argument(
        "runs", type=int, nargs="*", metavar="RUN", help="two runs' numbers (default: the last two)"
    )
    diff.set_defaults(command=_diff)

    truth = commands.add_parser("truth", help="make a ground-truth set (needs PyTorch)")
    made_from = truth.add_mutually_exclusive_group()
    made_from.add_argument(
        "--from",
        dest="results",
        type=Path,
        metavar="RESULTS",
        help="answer the questions of a run again, compare, and write them as texts",
    )
    made_from.add_argument(
        "--seed-file", type=Path, metavar="FILE", help="a file that only you have, to make a hidden set from"
    )
    truth.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    truth.set_defaults(command=_truth)

    shown = commands.add_parser(
        "assignment", help="print the default assignment file, as a start for your own"
    )
    shown.set_defaults(command=_assignment)

    doctor = commands.add_parser("doctor", help="what this machine can do: sandbox, cores, versions")
    doctor.add_argument("--python", metavar="INTERPRETER", help="the interpreter that runs students' code")
    doctor.set_defaults(command=_doctor)

    return parser


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("paths", type=Path, nargs="+", metavar="PATH")
    run.add_argument("-o", "--output", type=Path, default=Path("results"), metavar="RESULTS")
    run.add_argument(
        "--assignment", type=Path, metavar="FILE", help="the assignment file (TOML): criteria, points, limits"
    )
    run.add_argument("--worksheet", type=Path, metavar="CSV", help="Moodle's offline grading worksheet")
    run.add_argument("--interface", metavar="NAME|FILE", help="how the students' code is called")
    run.add_argument(
        "--checks", type=Path, metavar="DIR", help="a folder with checks of your own (pytest files)"
    )
    run.add_argument(
        "--questions", type=Path, metavar="DIR", help="ask the questions of another run: its results folder"
    )
    run.add_argument("--workers", type=_positive, default=usable_cores(), metavar="N")
    run.add_argument("--python", metavar="INTERPRETER", help="the interpreter that runs students' code")
    run.add_argument("--sandbox", choices=SANDBOXES, default="auto")
    run.add_argument("--regrade", action="store_true", help="grade unchanged submissions again too")
    run.add_argument("--only", nargs="+", metavar="ID", help="grade these only")
    run.add_argument("--dry-run", action="store_true", help="show what would be graded, and run nothing")
    run.add_argument("-v", "--verbose", action="count", default=0, help="show the log and tracebacks")
    run.set_defaults(command=_run)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {number}")
    return number


if __name__ == "__main__":
    sys.exit(main())
