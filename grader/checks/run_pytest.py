"""Run check files over a submission in this process, by pytest, and read their verdicts.

Trusted side.
"""

import contextlib
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_jsonreport.plugin import JSONReport

from grader.checks.plugin import Handover, RollCall
from grader.checks.submission import Student
from grader.errors import GraderError
from grader.results import Item, Outcome

CHECKS = Path(__file__).parent

# Each of these plugins costs time at every item or session, and the checks use none of them.
_UNUSED_PLUGINS = (
    *(
        "cacheprovider",
        "doctest",
        "faulthandler",
        "junitxml",
        "logging",
        "pastebin",
        "setuponly",
        "setupplan",
    ),
    *("stepwise", "threadexception", "unraisableexception", "warnings"),
)


def run_checks(student: Student, folders: Sequence[Path]) -> tuple[Item, ...]:
    """Run the checks in `folders` over a submission, in this process, and return their items.

    Raises
    ------
    GraderError
        A check file cannot be collected, or pytest itself failed.
    """
    report = JSONReport()
    options = ["--json-report-file=none", "--json-report-omit=collectors,log,streams,warnings,keywords"]
    options += ["--tb=no", "--no-summary"]
    _pytest(folders, options, [report, Handover(student)])
    return tuple(_item(test) for test in report.report["tests"])


def criteria_of(student: Student, folders: Sequence[Path]) -> Mapping[str, int]:
    """Return the criteria that the checks in `folders` count for, and the number of checks for each.

    Raises
    ------
    GraderError
        A check file cannot be collected.
    """
    roll = RollCall()
    _pytest(folders, ["--collect-only", "--tb=short"], [roll, Handover(student)])
    return roll.criteria


def _pytest(folders: Sequence[Path], options: Sequence[str], plugins: Sequence[object]) -> None:
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    used = ("pytest_metadata.plugin", "pytest_jsonreport.plugin", "grader.checks.plugin")
    names = (*used, *(f"no:{name}" for name in _UNUSED_PLUGINS))
    arguments = [word for name in names for word in ("-p", name)]
    arguments += [*options, "-qq", "-s", "-c", str(CHECKS / "pytest.ini"), "--rootdir", str(CHECKS)]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        status = pytest.main([*arguments, *map(str, folders)], plugins=list(plugins))
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        said = output.getvalue()[-2000:]
        raise GraderError(f"the checks did not run (pytest's exit status {int(status)}):\n{said}")


def _item(test: Mapping[str, Any]) -> Item:
    verdict = test.get("metadata") or {}
    if not verdict:
        message = f"the check {test['nodeid']} left no verdict"
        return Item("", test["nodeid"], Outcome.GRADER_ERROR, message)
    return Item.from_json(verdict)
