"""What is told of the criteria that failed, each text once: for a student's page and for the terminal.

Trusted side; pure. Criteria that fail in the same way share one explanation: a class that is missing is one
line. A text that an earlier explanation has is not repeated: the later one names the earlier.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from grader.reports import phrasing
from grader.results import Diagnosis, Item, Outcome, Place, Result

SHOWN_TEXTS = 3
"""How many different failures of one explanation are shown; the others are counted."""

# What these say is the grader's own text. Others quote values, shapes or errors, through which a
# student's code could carry a hidden case's arrays out.
_OWN_WORDS = frozenset(
    {
        Outcome.WRONG_DTYPE,
        Outcome.TIMED_OUT,
        Outcome.OUT_OF_MEMORY,
        Outcome.TOO_MUCH_OUTPUT,
        Outcome.IMPORT_FAILED,
        Outcome.NOT_RUN,
    }
)


@dataclass(frozen=True, slots=True)
class FailedCase:
    """A failing case as a student may see it, and the other cases of which the same is to be told."""

    case: str
    outcome: Outcome
    hidden: bool
    about: str
    message: str
    location: tuple[Place, ...]
    also: tuple[str, ...] = ()

    @property
    def text(self) -> Hashable:
        """What is told of it; a case without a message is told by its name."""
        return self.outcome, self.message or self.case, self.location


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is told of one criterion that was not passed whole, or of several that fail in the same way.

    Attributes
    ----------
    criteria : tuple of str
    counts : tuple of (Outcome, int)
        How many checks failed, and how; the most frequent outcome first.
    follows_from : str
        The criterion whose fault is only passed on here; empty where the fault is here.
    conditions : tuple of str
        Which cases fail.
    diagnoses : tuple of Diagnosis
    counterexamples : tuple of str
    examples : bool
        Whether public cases are shown, because the graded ones are hidden.
    shown : tuple of FailedCase
    more : tuple of str
        The failing cases of which nothing is shown.
    repeats : tuple of (str, str)
        What is left out because an earlier explanation tells it: what it is, and that one's first criterion.
    """

    criteria: tuple[str, ...]
    counts: tuple[tuple[Outcome, int], ...]
    follows_from: str
    conditions: tuple[str, ...]
    diagnoses: tuple[Diagnosis, ...]
    counterexamples: tuple[str, ...]
    examples: bool
    shown: tuple[FailedCase, ...]
    more: tuple[str, ...] = ()
    repeats: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The first criterion: the explanation's anchor on a page."""
        return self.criteria[0]


def common_reason(items: Sequence[Item]) -> FailedCase | None:
    """Return the one failure that every check shares, such as a file that cannot be loaded."""
    reasons = {(item.outcome, item.message) for item in items}
    if len(reasons) != 1 or items[0].outcome not in (Outcome.IMPORT_FAILED, Outcome.NOT_RUN):
        return None
    return _failed_case(items[0])


def explain_failures(result: Result) -> tuple[Explanation, ...]:
    """Return what is to be told of a result's failures, in the order of its criteria."""
    if common_reason(result.items):
        return ()
    by_criterion: dict[str, list[Item]] = {score.name: [] for score in result.criteria}
    for item in result.items:
        if item.outcome is not Outcome.PASSED:
            by_criterion.setdefault(item.criterion, []).append(item)
    single = [_explanation(result, name, failed) for name, failed in by_criterion.items() if failed]
    return tuple(_without_repeats(_merged(single)))


def _explanation(result: Result, criterion: str, failed: Sequence[Item]) -> Explanation:
    """Return what is to be told of one criterion; public cases come first."""
    examples = [item for item in result.examples if item.criterion == criterion]
    diagnoses = tuple(one for one in result.diagnoses if one.criterion == criterion)
    sources = {one.follows_from for one in diagnoses}
    return Explanation(
        criteria=(criterion,),
        counts=tuple(phrasing.failures(failed)),
        follows_from=sources.pop() if len(sources) == 1 else "",
        conditions=tuple(one.sentence for one in result.conditions if one.criterion == criterion),
        diagnoses=diagnoses,
        counterexamples=tuple(one.text for one in result.counterexamples if one.criterion == criterion),
        examples=bool(examples),
        shown=_by_text(map(_failed_case, examples or sorted(failed, key=lambda item: item.hidden))),
    )


def _failed_case(item: Item) -> FailedCase:
    message = item.message if not item.hidden or item.outcome in _OWN_WORDS else ""
    # Which line raised can depend on a hidden case's values too, unless none was loaded yet.
    location = item.location if not item.hidden or item.outcome is Outcome.IMPORT_FAILED else ()
    return FailedCase(item.case, item.outcome, item.hidden, item.about, message, location)


def _by_text(cases: Iterator[FailedCase]) -> tuple[FailedCase, ...]:
    """Gather cases of which the same is to be told."""
    found: dict[Hashable, FailedCase] = {}
    for case in cases:
        first = found.setdefault(case.text, case)
        if first is not case:
            found[case.text] = replace(first, also=(*first.also, case.case))
    return tuple(found.values())


def _merged(single: Sequence[Explanation]) -> list[Explanation]:
    """Put criteria together that fail in the same way, so far as their texts tell."""
    found: dict[Hashable, Explanation] = {}
    for one in single:
        key = _way(one)
        first = found.setdefault(key, one)
        if first is not one:
            counts = Counter(dict(first.counts)) + Counter(dict(one.counts))
            found[key] = replace(
                first,
                criteria=(*first.criteria, *one.criteria),
                counts=tuple(counts.most_common()),
                counterexamples=first.counterexamples or one.counterexamples,
            )
    return [_of_one_text(one) for one in found.values()]


def _way(one: Explanation) -> Hashable:
    if not all(case.message for case in one.shown):
        return one.criteria
    mistakes = tuple((diagnosis.sentence, diagnosis.place) for diagnosis in one.diagnoses)
    return frozenset(case.text for case in one.shown), one.conditions, mistakes, one.follows_from


def _of_one_text(one: Explanation) -> Explanation:
    """Leave out the cases where one sentence says all: nothing is there to be asked."""
    if {case.outcome for case in one.shown} == {Outcome.NOT_IMPLEMENTED} and len(one.shown) == 1:
        return replace(one, shown=(replace(one.shown[0], case="", about="", also=()),))
    return one


def _without_repeats(found: Sequence[Explanation]) -> Iterator[Explanation]:
    """Leave out each text that an earlier explanation tells, and show few failures of each."""
    told: dict[Hashable, str] = {}
    for one in found:
        repeats: dict[tuple[str, str], None] = {}

        def new(what: str, text: Hashable, name: str = one.name, repeats: Any = repeats) -> bool:
            first = told.setdefault((what, text), name)
            if first != name:
                repeats[what, first] = None
            return first == name

        # What only follows from another fault is explained there.
        cases = () if one.follows_from else one.shown
        fresh = [case for case in cases if not case.message or new("failure", case.text)]
        telling = _telling(fresh)
        rest = [case for case in fresh if case not in telling]
        yield replace(
            one,
            conditions=tuple(text for text in one.conditions if new("condition", text)),
            diagnoses=tuple(each for each in one.diagnoses if new("mistake", (each.sentence, each.place))),
            counterexamples=()
            if one.follows_from
            else tuple(text for text in one.counterexamples if new("smallest case", text)),
            shown=tuple(_described_once(case, told) for case in telling),
            more=tuple(name for case in rest for name in (case.case, *case.also)),
            repeats=tuple(repeats),
        )


def _telling(cases: Sequence[FailedCase]) -> list[FailedCase]:
    """Return the cases to show; of wrong numbers one, since the condition and the smallest case say more."""
    numbers = next((case for case in cases if case.outcome is Outcome.WRONG_VALUE), None)
    kept = [case for case in cases if case.outcome is not Outcome.WRONG_VALUE or case is numbers]
    return kept[:SHOWN_TEXTS]


def _described_once(case: FailedCase, told: dict[Hashable, str]) -> FailedCase:
    """Return a case without the description, and the lines that raised, that were told before."""
    about = "" if case.about in told else case.about
    location = () if case.location in told else case.location
    told |= {case.about: case.case, case.location: case.case}
    return replace(case, about=about, location=location)
