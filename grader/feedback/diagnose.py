"""Name the mistake that explains a submission's answers, or none; say what only follows from another fault.

Trusted side; pure. For a failing criterion, catalogued mistakes answer the same cases. One is named only
if every array of the submission is its own, wrong or right, at least `ENOUGH` of them wrong, and no other
does as well; or if it stops in exactly the cases in which the submission does. A criterion that fails only
where another one has failed already is not explained by a mistake of its own.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby

from grader.cases import LAYERS, criterion_of
from grader.cases.ground_truth import GroundTruth
from grader.feedback.evidence import AskedPart, alike, evidence
from grader.feedback.follow_ups import contained_fault, follow_up, same_mistake, stopped_before
from grader.feedback.mistakes import Mistake
from grader.feedback.source_hints import find_hints
from grader.feedback.suspects import (
    ENOUGH,
    SPARED,
    Suspect,
    array_suspects,
    chosen,
    entries,
    gives_arrays,
    may_say,
    moved,
    reply,
    stopping_suspects,
    stops_as,
)
from grader.intake.source import Program
from grader.results import Diagnosis, Place
from grader.sandbox import Reply

NO_PROGRAM = Program("", {})

Hints = Mapping[str, Place | None]
Items = Sequence[AskedPart]
Evidence = Mapping[str, Items]


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
    asked = evidence(truth, replies)
    found: list[Diagnosis] = []
    for kind, criteria in groupby(asked, lambda criterion: criterion.partition(".")[0]):
        layer = {criterion: asked[criterion] for criterion in criteria}
        if kind == "network":
            found += _of_network(truth, layer, asked, hints)
        else:
            found += _of_layer(truth, kind, layer, hints)
    return tuple(found)


def _of_layer(truth: GroundTruth, kind: str, layer: Evidence, hints: Hints) -> Iterator[Diagnosis]:
    """Yield what explains the criteria of one layer, the output's first."""
    first, *_ = LAYERS[kind].parts
    forward = layer.get(criterion_of(kind, first), ())
    faults: dict[str, Suspect] = {}
    for criterion, items in layer.items():
        own = [item for item in items if not item.inherited]
        wrong = sum(not item.right for item in own)
        # A few answers beside many that were never computed fit too much.
        if wrong < max(ENOUGH, SPARED * sum(not item.right for item in items)):
            yield from stopped_before(criterion, items)
            continue
        earlier = _by_earlier(truth, kind, own, faults)
        if earlier and earlier[1].is_about(criterion):
            faults[criterion] = earlier[1]
            yield from _named(truth, earlier[1], criterion, own, hints)
        elif after := follow_up(criterion, own, forward):
            yield after
        elif earlier:
            yield same_mistake(entries(earlier[1])[0], criterion, earlier[0], wrong)
        else:
            for suspect in explanations(truth, criterion, own, hints):
                faults.setdefault(criterion, suspect)
                yield from _named(truth, suspect, criterion, own, hints)


def _of_network(truth: GroundTruth, layer: Evidence, asked: Evidence, hints: Hints) -> Iterator[Diagnosis]:
    for criterion, items in layer.items():
        contained = tuple(contained_fault(criterion, items, asked))
        suspects = explanations(truth, criterion, items, hints)
        # What stops a network is in a layer, if one of its layers is wrong by itself.
        sure = [one for one in suspects if not contained or gives_arrays(truth, one, items)]
        for suspect in sure:
            yield from _named(truth, suspect, criterion, items, hints)
        if not sure:
            yield from contained


def _by_earlier(
    truth: GroundTruth, kind: str, items: Items, faults: Mapping[str, Suspect]
) -> tuple[str, Suspect] | None:
    """Return the criterion whose mistake explains this one too, as it is or made in this part as well."""
    for earlier, suspect in faults.items():
        parts = [part for part in LAYERS[kind].parts if criterion_of(kind, part) == earlier]
        also = [moved(suspect, kind, part, items[0].part) for part in parts]
        for tried in (suspect, *also):
            if tried and (gives_arrays(truth, tried, items) or stops_as(truth, tried, items)):
                return earlier, suspect
    return None


def explanations(truth: GroundTruth, criterion: str, items: Items, hints: Collection[str]) -> list[Suspect]:
    """Return the only suspect that gives the arrays, and the only one that gives the errors it leaves.

    Parameters
    ----------
    truth : GroundTruth
    criterion : str
    items : sequence of AskedPart
        Without those that an earlier part's failure hides.
    hints : collection of str
        What the source shows.
    """
    kind = criterion.partition(".")[0]
    arrays = chosen(array_suspects(truth, kind, items, hints), criterion)
    if arrays and stops_as(truth, arrays, items):
        return [arrays]
    stops = chosen(stopping_suspects(truth, criterion, items, hints, alone=arrays is None), criterion)
    return list(dict.fromkeys(suspect for suspect in (arrays, stops) if suspect))


def _named(
    truth: GroundTruth, suspect: Suspect, criterion: str, items: Items, hints: Hints
) -> Iterator[Diagnosis]:
    wrong = [item for item in items if not item.right]
    explains = sum(_explains(truth, suspect, item) for item in wrong)
    for entry in entries(suspect):
        yield _diagnosis(entry, criterion, hints, explains)


def _explains(truth: GroundTruth, suspect: Suspect, item: AskedPart) -> bool:
    """Tell whether a suspect fails as one wrong answer does, or fails at all if it is known by its cases."""
    answered = reply(truth, suspect, item.case.id)
    if item.answer.shown is None and all(entry.says_so for entry in entries(suspect)):
        return may_say(suspect, item)
    by_case = all(entry.by_case for entry in entries(suspect))
    return alike(item, answered) or (by_case and answered.answers[item.part].shown is None)


def _hints(program: Program) -> dict[str, Place | None]:
    """Return the first place that shows each mistake, in the answer's file or else in its helpers."""
    hints: dict[str, Place | None] = {}
    for path, text in program.modules.items():
        for hint, line in find_hints(text).items():
            hints.setdefault(hint, program.place(path, line))
    return hints


def _diagnosis(entry: Mistake, criterion: str, hints: Hints, wrong: int) -> Diagnosis:
    claimed = entry.title, entry.sentence
    title, sentence = entry.shown if entry.shown and entry.hint in hints else claimed
    return Diagnosis(entry.name, criterion, sentence, entry.link, hints.get(entry.hint), wrong, title)
