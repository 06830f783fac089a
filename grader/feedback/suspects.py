"""Which catalogued mistakes give a submission's answers: those that came as arrays, and those that stopped.

Trusted side; pure. A suspect answers the same cases. It gives the arrays if each of them, wrong or right, is
its own, and it gives the errors if it stops in exactly the cases in which the submission does.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

from numpy.typing import NDArray

from grader.cases import Case, parts_of
from grader.cases.ground_truth import GroundTruth
from grader.feedback.evidence import AskedPart, alike, arrays_alike, is_right
from grader.feedback.mistakes import CATALOGUE, Form, Mistake, combine, mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess, quick_part
from grader.feedback.mistakes.steps import PIPELINE
from grader.sandbox import Reply

ENOUGH = 3
"""How many wrong answers a suspect must give."""

SPARED = 0.1
"""The share of the wrong arrays that it may get wrong in another way; and of all that is wrong, the least
share of arrays to judge it by."""

_PASSED_ON = ("arguments", "pad", "windows")
"""Steps of which another part of the layer may use the result."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """One or two mistakes, each with the place of its form; made in another part too if ``moved`` says so.

    ``moved`` is the part in which the mistake was found and the part that it is moved to.
    """

    forms: tuple[tuple[str, int], ...]
    moved: tuple[str, str] = ("", "")

    @property
    def names(self) -> tuple[str, ...]:
        """The mistakes' names."""
        return tuple(name for name, _ in self.forms)

    def is_about(self, criterion: str) -> bool:
        """Tell whether all of its mistakes are about a criterion."""
        return all(criterion in mistake(name).criteria for name in self.names)

    def form(self) -> Form | None:
        """Return the form that makes all its mistakes; None where they cannot be made together."""
        forms = [mistake(name).forms[place] for name, place in self.forms]
        made = forms[0] if len(forms) == 1 else combine(*forms)
        return made if made is None or not self.moved[0] else _moved(made, *self.moved)


def _moved(form: Form, found: str, to: str) -> Form:
    """Return the form that makes in one part of a layer what another form makes in another part."""
    steps = (key.partition(".")[::2] for key in form.steps)
    names = [name for part, name in steps if part == found and name in _PASSED_ON]
    return Form({f"{to}.{name}": form.steps[f"{found}.{name}"] for name in names})


def moved(suspect: Suspect, kind: str, found: str, to: str) -> Suspect | None:
    """Return the same mistakes in another part of the layer; None where they have no step in it."""
    given = suspect.form()
    steps = _moved(given, found, to).steps if given else {}
    possible = {"arguments", *PIPELINE.get(kind, {}).get(to, {})}
    fits = steps and all(key.partition(".")[2] in possible for key in steps)
    return Suspect(suspect.forms, (found, to)) if fits else None


def gives_arrays(truth: GroundTruth, suspect: Suspect, items: Sequence[AskedPart]) -> bool:
    """Tell whether a suspect gives the arrays among the answers: all right ones, and nearly all wrong ones.

    Of the wrong ones it may get `SPARED` otherwise wrong: a small kernel, or a second call, can add a fault.
    Where they are few, it must also stop in exactly the cases in which the submission does.
    """
    arrays = [item for item in items if item.answer.shown is not None]
    # Large wrong ones first: most suspects are cleared by the first.
    ordered = sorted(arrays, key=lambda item: (item.right, not _is_plain(item), -_size(item)))
    wrong = sum(not item.right for item in arrays)
    if not wrong or (_is_plain(ordered[0]) and not _gives_probe(truth, suspect, ordered[0])):
        return False
    few = wrong < max(ENOUGH, SPARED * sum(not item.right for item in items))
    if few and not _stops_alike(truth, suspect, items):
        return False
    others = 0
    for item in ordered:
        if not alike(item, answered := reply(truth, suspect, item.case.id)):
            others += 1
            if others > SPARED * wrong or item.right or is_right(truth, item, answered):
                return False
    return True


def _size(item: AskedPart) -> int:
    return 0 if item.answer.shown is None else item.answer.shown.size


def stops_as(
    truth: GroundTruth, suspect: Suspect, items: Sequence[AskedPart], *, wrong_too: bool = False
) -> bool:
    """Tell whether a suspect stops in exactly the cases in which the submission does, by such errors.

    With ``wrong_too`` the submission may give a wrong array in some of them instead. Errors that say the
    mistake themselves need no such comparison.
    """
    stopped = [item for item in items if item.answer.shown is None]
    if len(stopped) < ENOUGH:
        return False
    if all(mistake(name).says_so for name in suspect.names):
        return all(may_say(suspect, item) for item in stopped)
    return _stops_alike(truth, suspect, items, wrong_too)


def _stops_alike(
    truth: GroundTruth, suspect: Suspect, items: Sequence[AskedPart], wrong_too: bool = False
) -> bool:
    stopped = [item for item in items if item.answer.shown is None]
    return all(may_say(suspect, item) for item in stopped) and all(
        (reply(truth, suspect, item.case.id).answers[item.part].shown is None)
        == (item.answer.shown is None or (wrong_too and not item.right))
        for item in items
    )


def may_say(suspect: Suspect, item: AskedPart) -> bool:
    """Tell whether an error can be that of a suspect's mistakes."""
    said = f"{item.answer.outcome}: {item.answer.message}"
    return all(re.search(mistake(name).errors, said) is not None for name in suspect.names)


def array_suspects(
    truth: GroundTruth, kind: str, items: Sequence[AskedPart], hints: Collection[str]
) -> list[Suspect]:
    """Return every mistake that gives the arrays; every pair of mistakes if none alone does."""
    if not any(item.answer.shown is not None and not item.right for item in items):
        return []
    singles = [suspect for suspect in _singles(kind, hints) if gives_arrays(truth, suspect, items)]
    return singles or [pair for pair in _pairs(truth, kind, items) if gives_arrays(truth, pair, items)]


def stopping_suspects(
    truth: GroundTruth, criterion: str, items: Sequence[AskedPart], hints: Collection[str], *, alone: bool
) -> list[Suspect]:
    """Return every mistake that is known by its errors and stops as the submission does.

    Where the submission always stops, only an error that says so itself, or a line, names a mistake.
    ``alone`` says that no other mistake explains the wrong arrays.
    """
    always = all(item.answer.shown is None for item in items)
    return [
        suspect
        for suspect in _singles(criterion.partition(".")[0], hints)
        if (entry := mistake(suspect.names[0])).refuses
        if entry.says_so or entry.needs_hint or not always
        if entry.by_case or suspect.is_about(criterion)
        if stops_as(truth, suspect, items, wrong_too=alone and entry.by_case)
    ]


def _singles(kind: str, hints: Collection[str]) -> Iterator[Suspect]:
    for entry in CATALOGUE:
        if entry.kind == kind and (not entry.needs_hint or entry.hint in hints):
            for place in range(len(entry.forms)):
                yield Suspect(((entry.name, place),))


def _pairs(truth: GroundTruth, kind: str, items: Sequence[AskedPart]) -> Iterator[Suspect]:
    """Yield pairs that give the probe: one wrong array, computed without the layer around it."""
    wrong = [item for item in items if _is_plain(item) and not item.right]
    if not wrong:
        return
    probe = max(wrong, key=_size)
    touching = [
        (entry.name, place)
        for entry in CATALOGUE
        if entry.kind == kind and not entry.single
        for place, form in enumerate(entry.forms)
        if probe.part in form.parts()
    ]
    for pair in combinations(touching, 2):
        if pair[0][0] != pair[1][0] and _gives_probe(truth, suspect := Suspect(pair), probe):
            yield suspect


def _is_plain(item: AskedPart) -> bool:
    plain = item.case.scenario == "once" and not item.case.layouts and not item.case.invalid
    return plain and item.answer.shown is not None and not item.modified


def _gives_probe(truth: GroundTruth, suspect: Suspect, item: AskedPart) -> bool:
    """Tell whether a suspect gives one plain array; True where only the whole layer shows it."""
    form = suspect.form()
    if form is None:
        return False
    if form.mixins:
        return True
    if item.part not in form.parts():
        return item.right
    array = _probe(truth, suspect, item.part, item.case.id)
    given = item.answer.shown
    return array is not None and given is not None and arrays_alike(given, array, item.case.dtype)


@lru_cache(maxsize=16384)
def _probe(truth: GroundTruth, suspect: Suspect, part: str, case_id: str) -> NDArray[Any] | None:
    form, case = suspect.form(), _case(truth, case_id)
    return quick_part(case.kind, form, part, case.params, truth[case_id].inputs) if form else None


@lru_cache(maxsize=4096)
def reply(truth: GroundTruth, suspect: Suspect, case_id: str) -> Reply:
    """Return a suspect's answer; remembered, because every submission is compared with the same suspects."""
    case = _case(truth, case_id)
    caller = InProcess(student(case.kind, suspect.form() or Form()))
    return caller.run(
        case.kind,
        case.params,
        truth[case_id].inputs,
        parts=parts_of(case)[:1] if case.invalid else parts_of(case),
        scenario=case.scenario,
        layouts=case.layouts,
    )


def _case(truth: GroundTruth, case_id: str) -> Case:
    return next(case for case in truth.cases if case.id == case_id)


def chosen(suspects: Sequence[Suspect], criterion: str) -> Suspect | None:
    """Return the one suspect that is left when those about the criterion go first; None if several."""
    about = [suspect for suspect in suspects if suspect.is_about(criterion)]
    by_names = {frozenset(suspect.names): suspect for suspect in reversed(about or suspects)}
    return next(iter(by_names.values())) if len(by_names) == 1 else None


def entries(suspect: Suspect) -> tuple[Mistake, ...]:
    """Return the catalogue's entries for a suspect."""
    return tuple(mistake(name) for name in suspect.names)
