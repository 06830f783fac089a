"""Questions that need the student's code again: is a wrong gradient right for its own forward pass, under
which condition does a criterion fail, and which smallest case still fails?

Trusted side; runs while the worker is there. The first uses the suite's arrays, hidden ones too, and shows
none of them; the others draw their own. `diagnose` needs no worker, since it reads the stored replies.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.cases import Case, criterion_of, parts_of
from grader.checks.submission import CheckFailed, Student
from grader.feedback.conditions import condition, confirmed, tiers
from grader.feedback.conventions import convention
from grader.feedback.counterexample import Manner, manner_of, smallest_counterexample
from grader.feedback.evidence import NOT_RIGHT
from grader.feedback.gradient_check import OwnForward, own_forward, right_forward, right_gradients
from grader.feedback.new_cases import new_questions
from grader.results import Condition, Counterexample, Item, Outcome

TRIED = 8
"""The largest number of cases of a kind on which gradients are compared with the student's own forward."""

SHRINK_SECONDS = 4.0
"""How long one submission's counterexamples may take to find, in all."""

CONFIRM_SECONDS = 4.0
"""How long new cases may be asked to confirm conditions, in all."""

_NO_VERDICT = frozenset({Outcome.TIMED_OUT, Outcome.NOT_RUN, Outcome.IMPORT_FAILED, Outcome.GRADER_ERROR})
"""Outcomes that do not tell whether a case is right."""

_DERIVABLE = frozenset({Outcome.WRONG_VALUE, Outcome.WRONG_SHAPE})


def note_own_forward(student: Student, items: Sequence[Item]) -> tuple[Item, ...]:
    """Note on wrong gradients whether they are right for the forward pass of the submission.

    Where both the output and a gradient of a case are wrong, and the output has the right shape, up to
    `TRIED` such cases of each kind, spread over the suite, are tried; what holds in them is noted on all.

    Parameters
    ----------
    student : Student
        Its client is called again.
    items : sequence of Item

    Returns
    -------
    tuple of Item
        With ``right_for_own_forward`` set on those that it was found out for.
    """
    wrong = {(item.criterion, item.case): item.outcome for item in items if item.outcome in _DERIVABLE}
    holds: dict[str, bool] = {}
    doubtful: dict[str, list[Case]] = {}
    for case in student.truth.cases:
        if case.id in student.replies and _both_wrong(case, wrong):
            doubtful.setdefault(case.kind, []).append(case)
    for kind, cases in doubtful.items():
        # Where inputs tie, a maximum has no derivative that differences could show.
        plain = [case for case in cases if case.scenario == "once" and case.values != "ties"]
        tried = plain[:: max(1, len(cases) // TRIED)][:TRIED]
        rng = np.random.default_rng(0)
        parts = {
            part: criterion
            for part in parts_of(cases[0])[1:]
            if any((criterion := criterion_of(kind, part), case.id) in wrong for case in cases)
        }
        right = right_gradients([_own_forward(student, case, tuple(parts), rng) for case in tried])
        holds |= {criterion: part in right for part, criterion in parts.items()}
    ids = {case.id for cases in doubtful.values() for case in cases}
    return tuple(
        replace(item, right_for_own_forward=holds[item.criterion])
        if item.case in ids and (item.criterion, item.case) in wrong and item.criterion in holds
        else item
        for item in items
    )


def _both_wrong(case: Case, wrong: Mapping[tuple[str, str], Outcome]) -> bool:
    if case.kind == "network":
        return False
    output, *gradients = ((criterion_of(case.kind, part), case.id) for part in parts_of(case))
    # What has another shape has no gradient with the shape of the layer's own.
    return wrong.get(output) is Outcome.WRONG_VALUE and any(gradient in wrong for gradient in gradients)


def _own_forward(student: Student, case: Case, parts: Sequence[str], rng: np.random.Generator) -> OwnForward:
    def run(arrays: Mapping[str, NDArray[Any]], with_gradients: bool) -> Mapping[str, NDArray[Any]]:
        asked = parts_of(case) if with_gradients else parts_of(case)[:1]
        reply = student.client.run(case.kind, case.params, arrays, parts=asked)
        answers = reply.answers.items()
        return {part: answer.array for part, answer in answers if answer.array is not None}

    return own_forward(student.truth[case.id].inputs, run, right_forward(case), rng, parts)


def find_conditions(
    student: Student,
    cases: Sequence[Case],
    items: Sequence[Item],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Condition, ...]:
    """Say of each criterion that was not passed whole under which condition it fails.

    Parameters
    ----------
    student : Student
        Its client is asked new cases, at most until `CONFIRM_SECONDS` are over.
    cases : sequence of Case
        Those that were graded, hidden ones too: a rule tells of their settings and verdicts only.
    items : sequence of Item
        The graded verdicts.
    clock : callable
        Seconds.

    Returns
    -------
    tuple of Condition
        In the order of the items. A part that is not implemented at all has none.
    """
    by_criterion: dict[str, dict[str, list[Outcome]]] = {}
    for item in items:
        by_criterion.setdefault(item.criterion, {}).setdefault(item.case, []).append(item.outcome)
    # What cannot be asked may fail for that alone; its message says so.
    expressed = student.expressed(cases)
    askers: dict[tuple[str, bool], _NewCases] = {}
    ends = clock() + CONFIRM_SECONDS
    found = []
    for criterion, outcomes in by_criterion.items():
        asked = [case for case in expressed if case.id in outcomes]
        failed = {outcome for case in asked for outcome in outcomes[case.id]} - {Outcome.PASSED}
        if not failed or failed <= {*_NO_VERDICT, Outcome.NOT_IMPLEMENTED}:
            continue
        verdicts = {
            case.id: set(outcomes[case.id]) == {Outcome.PASSED}
            for case in asked
            if _NO_VERDICT.isdisjoint(outcomes[case.id])
        }
        key = (asked[0].kind, asked[0].invalid)
        new = askers[key] = askers.get(key) or _NewCases(student, *key)
        claims = confirmed(tiers(asked, verdicts), new.cases, new.asks(criterion, lambda: clock() < ends))
        found.append(condition(criterion, asked, verdicts, claims))
    return tuple(one for one in found if one)


class _NewCases:
    """Asks a submission new cases of a kind and judges its answers as a check does, each case once."""

    def __init__(self, student: Student, kind: str, invalid: bool) -> None:
        questions = new_questions(kind, invalid=invalid)
        conventions = {name: convention(name, questions) for name in student.conventions}
        self._student = replace(student, truth=questions, conventions=conventions, replies={})
        valid_twins = {case.twin for case in questions.cases if case.invalid}
        self.cases = [case for case in student.expressed(questions.cases) if case.id not in valid_twins]

    def asks(self, criterion: str, has_time: Callable[[], bool]) -> Callable[[Case], bool | None]:
        """Return the function that tells whether a case is right in a criterion; None without a verdict."""

        def ask(case: Case) -> bool | None:
            if not has_time():
                return None
            try:
                if case.invalid:
                    self._student.expect_error(case)
                for part in () if case.invalid else parts_of(case):
                    if criterion_of(case.kind, part) == criterion:
                        self._student.expect(case, part)
            except CheckFailed as failure:
                return None if failure.outcome in _NO_VERDICT else False
            return True

        return ask


def find_counterexamples(student: Student, items: Sequence[Item]) -> tuple[Counterexample, ...]:
    """Shrink a failing case of each criterion to the smallest setting that still fails.

    It fails as most of the criterion's cases do: with the same outcome, and the same exception.

    Parameters
    ----------
    student : Student
        Its client is called again, on freshly drawn arrays, in settings that the interface can express.
    items : sequence of Item

    Returns
    -------
    tuple of Counterexample
        At most one for a criterion, as many as are found in `SHRINK_SECONDS`.
    """
    manners = {(item.criterion, item.case): manner_of(item.outcome, item.message) for item in items}
    cases = student.expressed(student.truth.cases)
    asked = {case.id for case in cases}
    usual = _usual_manners([item for item in items if item.case in asked])
    ends = time.monotonic() + SHRINK_SECONDS
    found: dict[str, Counterexample | None] = {}
    for case in cases:
        for part in () if case.invalid or case.kind == "network" else parts_of(case):
            criterion, left = criterion_of(case.kind, part), ends - time.monotonic()
            manner = usual.get(criterion)
            if (
                found.get(criterion)
                or left <= 0
                or manner is None
                or manners.get((criterion, case.id)) != manner
            ):
                continue
            found[criterion] = smallest_counterexample(
                case,
                part,
                student.client,
                np.random.default_rng(0),
                manner=manner,
                expressed=student.expressed,
                max_seconds=left,
            )
    return tuple(example for example in found.values() if example)


def _usual_manners(items: Sequence[Item]) -> dict[str, Manner]:
    """Return how most failing cases of each criterion fail, where that can be shown on small arrays."""
    counts: dict[str, Counter[Manner]] = {}
    for item in items:
        if item.outcome is not Outcome.PASSED:
            manner = manner_of(item.outcome, item.message)
            counts.setdefault(item.criterion, Counter())[manner] += 1
    usual = {criterion: count.most_common(1)[0][0] for criterion, count in counts.items()}
    return {criterion: manner for criterion, manner in usual.items() if manner[0] in NOT_RIGHT}
