"""The pytest plugin that the checks run under: fixtures, markers, JSON metadata.

Trusted side. `grader run` hands it the submission in the session's stash; a student's own test file
brings a fixture `submission` of its own, see `grader.selftest`.
"""

import copy
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.load import load_assignment
from grader.cases import Case, of_kind
from grader.cases.compare import Verdict
from grader.cases.ground_truth import GroundTruth, load_ground_truth
from grader.checks.submission import CheckFailed, Student
from grader.results import Item, Outcome, Place, trail

STUDENT = pytest.StashKey[Student]()
PASSED = pytest.StashKey[list[Verdict]]()
"""What the running check found right."""

Expect = Callable[[Case, str], object]
"""Type of the fixture `expect`: call it with a case and the name of a part."""


@dataclass(frozen=True, slots=True, eq=False)
class Handover:
    """A one-hook plugin that puts the submission into a session's stash."""

    student: Student

    def pytest_configure(self, config: pytest.Config) -> None:
        """Hand the submission over before collection, which needs its cases."""
        config.stash[STUDENT] = self.student


@dataclass(slots=True, eq=False)
class RollCall:
    """A one-hook plugin that counts the collected checks for each criterion."""

    criteria: Counter[str] = field(default_factory=Counter)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Read the markers of what was collected."""
        self.criteria.update(name for item in items if (name := _counts(item)))


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    config.addinivalue_line("markers", "criterion(name): the criterion that a check counts for")
    config.addinivalue_line("markers", "cases(kind, invalid=False): run the check for each such case")
    config.addinivalue_line("markers", "after_cases: run the check after all that are not marked so")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a check marked with ``cases`` each case of its kind as the argument `case`."""
    marker = metafunc.definition.get_closest_marker("cases")
    if marker is None:
        return
    student = metafunc.config.stash.get(STUDENT, None)
    cases = of_kind(_truth(metafunc.config).cases, *marker.args, **marker.kwargs)
    cases = student.asked(cases) if student else cases
    if not _earns_points(metafunc.definition, metafunc.config):
        # Left out below in any case; hundreds of checks would be made first.
        cases = ()
    metafunc.parametrize("case", cases, ids=[case.id for case in cases])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out checks that earn no points here, and those that go through cases and have none."""
    kept = [item for item in items if _has_its_case(item) and _earns_points(item, config)]
    items[:] = sorted(kept, key=lambda item: item.get_closest_marker("after_cases") is not None)


def _earns_points(item: pytest.Item, config: pytest.Config) -> bool:
    student = config.stash.get(STUDENT, None)
    if student is None:
        # A student's own pytest: the default assignment's criteria, and tests of the student's own.
        return _counts(item) in {"", *load_assignment().points}
    return student.graded is None or _counts(item) in student.graded


def _has_its_case(item: pytest.Item) -> bool:
    return _case_of(item) is not None or item.get_closest_marker("cases") is None


def _counts(item: pytest.Item) -> str:
    marker = item.get_closest_marker("criterion")
    return marker.args[0] if marker else ""


def _truth(config: pytest.Config) -> GroundTruth:
    student = config.stash.get(STUDENT, None)
    return student.truth if student else load_ground_truth()


@pytest.fixture(scope="session")
def submission(pytestconfig: pytest.Config) -> Student:
    """Return the submission under grading: a proxy, since its code runs elsewhere."""
    return pytestconfig.stash[STUDENT]


@pytest.fixture(scope="session")
def expect(submission: Student, pytestconfig: pytest.Config) -> Expect:
    """Return the function that compares one part of a case's answer with the truth."""
    passed = pytestconfig.stash.setdefault(PASSED, [])

    def judged(case: Case, part: str) -> Verdict:
        verdict = submission.expect(case, part)
        passed.append(verdict)
        return verdict

    return judged


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport | None:
    """Show a student what is wrong with their answer instead of our source.

    Also much cheaper than letting pytest render a traceback that nobody reads.
    """
    if call.excinfo is None or not isinstance(call.excinfo.value, CheckFailed):
        return None
    without = copy.copy(call)
    without.excinfo = None
    report = pytest.TestReport.from_item_and_call(item, without)
    report.outcome = "failed"
    report.longrepr = _explain(item, call.excinfo.value)
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_json_runtest_metadata(item: pytest.Item, call: pytest.CallInfo[None]) -> dict[str, Any]:
    """Give the JSON report a check's verdict; a failing set-up is one too."""
    error = call.excinfo.value if call.excinfo else None
    return _verdict(item, error, call.duration) if call.when == "call" or error else {}


def _verdict(item: pytest.Item, error: BaseException | None, seconds: float) -> dict[str, Any]:
    outcome, message, where = Outcome.PASSED, "", ""
    location: tuple[Place, ...] = ()
    if isinstance(error, CheckFailed):
        outcome, message, location = error.outcome, error.message, error.location
    elif isinstance(error, AssertionError):
        outcome, message = Outcome.WRONG_VALUE, str(error)
    elif isinstance(error, pytest.skip.Exception):
        outcome, message = Outcome.NOT_RUN, str(error)
    elif error is not None:
        outcome, message = Outcome.GRADER_ERROR, f"{type(error).__name__}: {error}"
        where = _traceback(error)
    case = _case_of(item)
    noted = dict(item.user_properties)
    student = item.config.stash.get(STUDENT, None)
    credit = noted.get("credit")
    seen = item.config.stash.get(PASSED, [])
    passed = tuple(seen) if outcome is Outcome.PASSED else ()
    seen.clear()
    return Item(
        criterion=_counts(item),
        case=case.id if case else item.name,
        outcome=outcome,
        message=message,
        seconds=seconds,
        hidden=student is not None and student.truth.hidden and not noted.get("measured"),
        about=case.describe() if case and error is not None else "",
        credit=float(credit) if isinstance(credit, int | float) else None,
        convention=next((verdict.convention for verdict in passed if verdict.convention), ""),
        location=location,
        traceback=where,
        penalties=tuple(dict.fromkeys(name for verdict in passed for name in verdict.penalties)),
    ).to_json()


def _traceback(error: BaseException) -> str:
    """Return an exception's traceback without the calls of pytest that lead to the check."""
    frames = error.__traceback__
    while (
        frames
        and frames.tb_next
        and {"_pytest", "pluggy"} & {*Path(frames.tb_frame.f_code.co_filename).parts}
    ):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


def _case_of(item: pytest.Item) -> Case | None:
    case = getattr(item, "callspec", None) and item.callspec.params.get("case")  # type: ignore[attr-defined]
    return case if isinstance(case, Case) else None


def _explain(item: pytest.Item, failure: CheckFailed) -> str:
    case = _case_of(item)
    about = [case.describe()] if case else []
    return "\n".join([*about, f"{failure.outcome}: {failure.message}", *trail(failure.location)])
