"""What a student is told of a result: which mistake, on which small example, in which line.

Trusted side. Code that saw a hidden question can write its numbers into all that it sends: errors, names,
shapes, dtypes, lines, prints. So of a hidden set only outcomes are told, and what explains them comes from a
fresh worker that is asked public questions.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from grader.cases import Case
from grader.cases.generate.fresh import FRESH
from grader.cases.ground_truth import load_ground_truth
from grader.checks.answer_remarks import remark_sentences, remarked_criteria
from grader.checks.run_pytest import run_checks
from grader.checks.submission import Student
from grader.feedback.diagnose import diagnose
from grader.feedback.follow_ups import speed_follow_ups
from grader.feedback.mistakes import mistake
from grader.feedback.probe import find_conditions, find_counterexamples
from grader.grading.job import Job
from grader.grading.open_submission import Opened, ask_again
from grader.results import Item, Outcome, Result
from grader.sandbox import Client

_OF_LIMITS = frozenset({Outcome.TIMED_OUT, Outcome.TOO_MUCH_OUTPUT, Outcome.NOT_RUN})
"""Outcomes that no worker can claim: their sentences are the trusted side's and quote nothing."""

_UNEXPLAINED = frozenset({Outcome.TIMED_OUT, Outcome.NOT_RUN})
"""Outcomes that say all there is to say; to ask again would take as long once more."""


_SILENT = frozenset(
    {
        Outcome.RAISED,
        Outcome.NOT_IMPLEMENTED,
        Outcome.CRASHED,
        Outcome.OUT_OF_MEMORY,
        Outcome.TOO_MUCH_OUTPUT,
        Outcome.TIMED_OUT,
        Outcome.NOT_RUN,
    }
)
"""Outcomes that leave no array to compare."""

SOME = 3
"""How many public questions show why a layer gives no array."""


def outcomes_only(items: Sequence[Item], student: Student) -> tuple[Item, ...]:
    """Return the items without anything that the student's code may have composed of a hidden question."""
    asked = isinstance(student.client, Client) and student.client.asked
    return tuple(_outcome_only(item) if asked and item.hidden else item for item in items)


def _outcome_only(item: Item) -> Item:
    # An error of the grader's own is for whoever repairs it; no page of a student's shows it.
    if item.outcome in _OF_LIMITS or item.outcome is Outcome.GRADER_ERROR:
        return item
    return replace(item, message="", location=())


def explained(result: Result, opened: Opened, job: Job) -> Result:
    """Return the result with its explanations: mistakes, smallest cases, examples, what was printed.

    Parameters
    ----------
    result : Result
        With its points.
    opened : Opened
        The submission. Where its questions are hidden, its client is closed, and a fresh one is asked the
        public questions of the criteria that failed.
    job : Job
    """
    if not opened.student.truth.hidden:
        return _told(result, opened.student, opened, result.items)
    if not isinstance(opened.student.client, Client) or not opened.student.client.asked:
        return result
    failed = [item for item in result.items if item.hidden and item.outcome is not Outcome.PASSED]
    criteria = {item.criterion for item in failed if item.outcome not in _UNEXPLAINED}
    remarked = remarked_criteria(opened.student.truth, opened.student.replies)
    asked = criteria | (remarked & {criterion.name for criterion in result.criteria})
    if not asked:
        return result
    silent = _silent_kinds(result.items)
    told, items = _asked_publicly(result, opened, job, asked, silent)
    if any(_all_right(criterion, items) for criterion in criteria if criterion.partition(".")[0] in silent):
        # It answers the public questions after all.
        told, items = _asked_publicly(result, opened, job, asked, frozenset())
    examples = tuple(item for item in items if item.outcome is not Outcome.PASSED)
    name = "fresh" if opened.student.truth.name == FRESH else "hidden"
    flags = tuple(_only_public_right(criteria, result.items, items, name))
    return replace(told, examples=examples, warnings=(*told.warnings, *flags))


def _silent_kinds(items: Sequence[Item]) -> frozenset[str]:
    """Return the kinds of layer that gave no array at all: some of their questions show why."""
    kinds: dict[str, set[Outcome]] = {}
    for item in items:
        kinds.setdefault(item.criterion.partition(".")[0], set()).add(item.outcome)
    return frozenset(kind for kind, outcomes in kinds.items() if outcomes <= _SILENT)


def _asked_publicly(
    result: Result, opened: Opened, job: Job, criteria: Collection[str], silent: frozenset[str]
) -> tuple[Result, tuple[Item, ...]]:
    """Ask a fresh worker public questions; return the result as far as they tell, and their items."""

    def asked(cases: Sequence[Case]) -> Sequence[Case]:
        kept = job.interface.expressed(cases)
        return [case for case in kept if case.kind not in silent] or kept[:SOME]

    with ask_again(opened, job, load_ground_truth(), criteria) as student:
        student.expressed = asked
        items = run_checks(student, job.folders)
        told = _told(result, student, opened, items)
    # A few errors fit a mistake that all of them together would not, unless the error says it.
    known = tuple(
        one
        for one in told.diagnoses
        if one.follows_from or one.criterion.partition(".")[0] not in silent or mistake(one.mistake).says_so
    )
    return replace(told, diagnoses=known), items


def _told(result: Result, student: Student, opened: Opened, items: Sequence[Item]) -> Result:
    """Return the result with what a worker's answers to public questions tell."""
    asking = replace(student, expressed=opened.student.expressed)
    conditions = find_conditions(asking, opened.student.truth.cases, result.items)
    counterexamples = find_counterexamples(asking, items)
    # A difference that the course accepts as a convention is not a mistake.
    failing = {criterion.name for criterion in result.criteria if criterion.passed < criterion.total}
    diagnoses = [
        *diagnose(student.truth, student.replies, opened.program),
        *speed_follow_ups(result.items),
    ]
    return replace(
        result,
        conditions=conditions,
        diagnoses=tuple(one for one in diagnoses if {one.criterion, one.follows_from} <= {*failing, ""}),
        counterexamples=counterexamples,
        warnings=(*result.warnings, *remark_sentences(student.truth, student.replies)),
        printed=opened.program.in_cells(student.client.printed),
    )


def _only_public_right(
    criteria: Collection[str], graded: Sequence[Item], public: Sequence[Item], name: str
) -> Iterator[str]:
    """Yield a warning for each criterion that only the known questions' answers are right in."""
    for criterion in sorted(criteria):
        if _all_right(criterion, public):
            asked = [item.outcome for item in graded if item.criterion == criterion]
            wrong = sum(outcome is not Outcome.PASSED for outcome in asked)
            known = sum(item.criterion == criterion for item in public)
            right = f"right on all {known} public questions"
            yield f"{criterion}: {right}, wrong on {wrong} of {len(asked)} {name} ones"


def _all_right(criterion: str, items: Sequence[Item]) -> bool:
    outcomes = {item.outcome for item in items if item.criterion == criterion}
    return outcomes == {Outcome.PASSED}
