"""Which cases kill which catalogued mistake: every one must fail enough of them.

Trusted side; run by whoever changes the cases or the catalogue: ``python -m grader.kill_matrix``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grader.cases import Case, criterion_of, parts_of
from grader.ground_truth import GroundTruth
from grader.mistakes import CATALOGUE, Form, Mistake
from grader.mistakes.answering import InProcess
from grader.mistakes.layers import student
from grader.outcomes import Outcome
from grader.student import CheckFailed, Student

ENOUGH = 3
"""How many cases must kill a mistake, for each criterion that it breaks."""


@dataclass(frozen=True, slots=True)
class Kills:
    """What the suite says of one form of one mistake.

    Attributes
    ----------
    mistake : str
    form : int
        Its place among the mistake's forms.
    cases : Mapping of str to tuple of str
        Criterion -> ids of the cases that fail under it.
    """

    mistake: str
    form: int
    cases: Mapping[str, tuple[str, ...]]


def kill_matrix(truth: GroundTruth, catalogue: Iterable[Mistake] = CATALOGUE) -> tuple[Kills, ...]:
    """Run every form of every mistake against all cases of its kind, judged as a submission is."""
    return tuple(
        Kills(mistake.name, index, kills(truth, mistake.kind, form))
        for mistake in catalogue
        for index, form in enumerate(mistake.forms)
    )


def kills(truth: GroundTruth, kind: str, form: Form) -> dict[str, tuple[str, ...]]:
    """Return, for each criterion of a kind, the cases that one form of a mistake fails."""
    return failures(Student(InProcess(student(kind, form)), truth), kind)


def failures(pupil: Student, kind: str) -> dict[str, tuple[str, ...]]:
    """Return, for each criterion of a kind, the cases that a submission fails."""
    failed: dict[str, dict[str, None]] = {}
    for case in pupil.truth.cases:
        if case.kind == kind:
            for criterion, outcome in outcomes(pupil, case):
                mine = failed.setdefault(criterion, {})
                if outcome is not Outcome.PASSED:
                    mine[case.id] = None
    return {criterion: tuple(ids) for criterion, ids in failed.items()}


def outcomes(pupil: Student, case: Case) -> Iterator[tuple[str, Outcome]]:
    """Yield each criterion that a case counts for, and what became of it."""
    if case.invalid:
        yield f"{case.kind}.errors", _outcome(pupil.expect_error, case)
        return
    for part in parts_of(case):
        yield criterion_of(case.kind, part), _outcome(pupil.expect, case, part)


def _outcome(check: Any, *arguments: Any) -> Outcome:
    try:
        check(*arguments)
    except CheckFailed as failure:
        return failure.outcome
    return Outcome.PASSED
