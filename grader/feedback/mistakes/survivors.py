"""Which catalogued mistakes a set of cases lets through: each must fail enough of them.

Trusted side; `grader truth` asks it of every new set.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from grader.cases import Case, criterion_of, parts_of
from grader.cases.ground_truth import GroundTruth
from grader.checks.submission import CheckFailed, Student
from grader.feedback.mistakes import CATALOGUE, Form, Mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.results import Outcome

REQUIRED_KILLS = 3
"""How many cases must kill a mistake, for each criterion that it breaks."""


def survivors(truth: GroundTruth, catalogue: Iterable[Mistake] = CATALOGUE) -> Iterator[str]:
    """Yield a sentence for each criterion of a mistake that too few cases kill.

    Stops asking as soon as a mistake has failed often enough, so it is far quicker than the matrix.
    """
    for entry in catalogue:
        for place, form in enumerate(entry.forms):
            found: dict[str, set[str]] = {criterion: set() for criterion in entry.criteria}
            for criterion, case_id in failed_cases(truth, entry.kind, form):
                found.get(criterion, set()).add(case_id)
                if all(len(ids) >= REQUIRED_KILLS for ids in found.values()):
                    break
            for criterion, ids in found.items():
                if len(ids) < REQUIRED_KILLS:
                    which = f"'{entry.title}' in {criterion} ({entry.name}, form {place})"
                    yield f"only {len(ids)} of the {REQUIRED_KILLS} required cases catch {which}"


def failed_cases(truth: GroundTruth, kind: str, form: Form) -> Iterator[tuple[str, str]]:
    """Yield each criterion and case that one form of a mistake fails, case by case."""
    pupil = Student(InProcess(student(kind, form)), truth)
    for case in truth.cases:
        if case.kind == kind:
            for criterion, outcome in outcomes(pupil, case):
                if outcome is not Outcome.PASSED:
                    yield criterion, case.id


def outcomes(pupil: Student, case: Case) -> Iterator[tuple[str, Outcome]]:
    """Yield each criterion that a case counts for, and what became of it."""
    if case.invalid:
        yield f"{case.kind}.errors", _outcome(pupil.expect_error, case)
        return
    for part in parts_of(case):
        yield criterion_of(case.kind, part), _outcome(pupil.expect, case, part)


def _outcome(check: Any, *arguments: Any) -> Outcome:
    try:
        verdict = check(*arguments)
    except CheckFailed as failure:
        return failure.outcome
    # What costs a penalty is caught, too.
    return Outcome.MODIFIED_INPUT if verdict is not None and verdict.penalties else Outcome.PASSED
