"""Name the mistake that explains a submission's answers, or none.

Trusted side; pure. For a failing criterion, catalogued mistakes answer the same cases. One is named only
if its answers are the submission's on every case, wrong and right, at least `ENOUGH` of them wrong, and
no other does as well. Two in combination are tried where no single one explains.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

from numpy.typing import NDArray

from grader.cases import Case, parts_of
from grader.cases.ground_truth import GroundTruth
from grader.feedback.evidence import AskedPart, alike, arrays_alike, evidence
from grader.feedback.mistakes import CATALOGUE, Form, Mistake, combine, mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess, quick_part
from grader.feedback.source_hints import find_hints
from grader.intake.source import Program
from grader.results import Diagnosis, Place
from grader.sandbox import Reply

ENOUGH = 3
"""How many wrong answers a mistake must explain to be named."""

NO_PROGRAM = Program("", {})

Suspect = tuple[tuple[str, int], ...]
"""One or two mistakes, each with the place of its form."""


def diagnose(
    truth: GroundTruth,
    replies: Mapping[str, Reply],
    program: Program = NO_PROGRAM,
) -> tuple[Diagnosis, ...]:
    """Explain what is wrong with a submission by known mistakes.

    Parameters
    ----------
    truth : GroundTruth
    replies : Mapping of str to Reply
        What the submission answered, by case id.
    program : Program
        Its source, for the lines that show a mistake; never executed here.

    Returns
    -------
    tuple of Diagnosis
        One for each mistake and criterion, in the order of the criteria; none where nothing explains.
    """
    hints = _hints(program)
    sorted_items = evidence(truth, replies)
    found: list[Diagnosis] = []
    for criterion, items in sorted_items.items():
        relevant = _relevant(items)
        wrong = sum(not item.right for item in relevant)
        if wrong >= ENOUGH:
            suspect = explanation(truth, criterion, relevant, hints)
            found += [_diagnosis(name, criterion, hints, wrong) for name, _ in suspect]
    return tuple(found)


def explanation(
    truth: GroundTruth, criterion: str, items: Sequence[AskedPart], hints: Collection[str]
) -> Suspect:
    """Return the only suspect that explains all items; no suspect if there is none, or several.

    Wrong items come first when a suspect is tried, so that most are cleared by the first.
    """
    kind = criterion.partition(".")[0]
    ordered = sorted(items, key=lambda item: (item.right, item.case.scenario != "once"))
    singles = [suspect for suspect in _singles(kind, hints) if _explains(truth, suspect, ordered)]
    if singles:
        return _chosen(singles, criterion)
    pairs = [suspect for suspect in _pairs(truth, kind, ordered) if _explains(truth, suspect, ordered)]
    return _chosen(pairs, criterion) if pairs else ()


def _relevant(items: Sequence[AskedPart]) -> Sequence[AskedPart]:
    """Leave out what an earlier part's failure hides, unless that is all that is wrong."""
    own = [item for item in items if not item.inherited]
    return own if any(not item.right for item in own) else items


def _singles(kind: str, hints: Collection[str]) -> Iterator[Suspect]:
    for entry in CATALOGUE:
        if entry.kind == kind and (not entry.needs_hint or entry.hint in hints):
            for place in range(len(entry.forms)):
                yield ((entry.name, place),)


def _pairs(truth: GroundTruth, kind: str, items: Sequence[AskedPart]) -> Iterator[Suspect]:
    """Yield pairs that explain the probe: one wrong array, computed without the layer around it."""
    probe = next((item for item in items if _can_probe(item)), None)
    if probe is None or probe.answer.array is None:
        return
    touching = [
        (entry.name, place)
        for entry in CATALOGUE
        if entry.kind == kind and not entry.single
        for place, form in enumerate(entry.forms)
        if probe.part in form.parts()
    ]
    for pair in combinations(touching, 2):
        if pair[0][0] != pair[1][0]:
            array = _probe(truth, pair, probe.part, probe.case.id)
            if array is not None and arrays_alike(probe.answer.array, array, probe.case.dtype):
                yield pair


@lru_cache(maxsize=16384)
def _probe(truth: GroundTruth, pair: Suspect, part: str, case_id: str) -> NDArray[Any] | None:
    both, case = _form(pair), _case(truth, case_id)
    return quick_part(case.kind, both, part, case.params, truth[case_id].inputs) if both else None


def _can_probe(item: AskedPart) -> bool:
    plain = item.case.scenario == "once" and not item.case.layouts and not item.case.invalid
    return plain and _is_wrong_array(item) and not item.modified


def _explains(truth: GroundTruth, suspect: Suspect, items: Sequence[AskedPart]) -> bool:
    if not any(mistake(name).refuses for name, _ in suspect) and not any(map(_is_wrong_array, items)):
        return False
    return all(alike(item, _reply(truth, suspect, item.case.id)) for item in items)


def _is_wrong_array(item: AskedPart) -> bool:
    return not item.right and item.answer.array is not None


@lru_cache(maxsize=4096)
def _reply(truth: GroundTruth, suspect: Suspect, case_id: str) -> Reply:
    """Return a suspect's answer; remembered, because every submission is compared with the same suspects."""
    case = _case(truth, case_id)
    caller = InProcess(student(case.kind, _form(suspect) or Form()))
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


def _form(suspect: Suspect) -> Form | None:
    forms = [mistake(name).forms[place] for name, place in suspect]
    return forms[0] if len(forms) == 1 else combine(*forms)


def _chosen(suspects: Sequence[Suspect], criterion: str) -> Suspect:
    """Return the one suspect that is left when those that are about the criterion go first."""
    about = [suspect for suspect in suspects if all(_is_about(name, criterion) for name, _ in suspect)]
    by_names = {frozenset(name for name, _ in suspect): suspect for suspect in reversed(about or suspects)}
    return next(iter(by_names.values())) if len(by_names) == 1 else ()


def _is_about(name: str, criterion: str) -> bool:
    return criterion in mistake(name).criteria


def _hints(program: Program) -> dict[str, Place | None]:
    """Return the first place that shows each mistake, in the answer's file or else in its helpers."""
    hints: dict[str, Place | None] = {}
    for path, text in program.modules.items():
        for hint, line in find_hints(text).items():
            hints.setdefault(hint, program.place(path, line))
    return hints


def _diagnosis(name: str, criterion: str, hints: Mapping[str, Place | None], wrong: int) -> Diagnosis:
    entry: Mistake = mistake(name)
    return Diagnosis(name, criterion, entry.sentence, entry.link, hints.get(entry.hint), wrong, entry.title)
