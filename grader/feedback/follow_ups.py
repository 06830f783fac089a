"""What a criterion fails by that is no fault of its own: an earlier part stopped, or gave another shape, ...

Trusted side; pure. Each sentence says what was seen, so that it is true whatever the cause is.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from grader.cases import LAYERS, criterion_of
from grader.feedback.evidence import NOT_RIGHT, AskedPart
from grader.feedback.mistakes import Mistake
from grader.feedback.suspects import ENOUGH
from grader.results import Diagnosis, Item, Outcome

FOLLOWS = "follows"
"""The name that a diagnosis has where no mistake of its own is to be named."""


def stopped_before(criterion: str, items: Sequence[AskedPart]) -> Iterator[Diagnosis]:
    """Say where an earlier part of the same call stopped, so that this one was never computed."""
    stops = Counter(item.stopped_by for item in items if item.inherited and _is_written(item))
    # Without a number: the cases asked for an explanation need not be those that are graded.
    for part, count in stops.most_common(1):
        if count >= ENOUGH:
            earlier = criterion_of(items[0].case.kind, part)
            why = f"{earlier} stopped with an error in some cases, so this was not computed there."
            yield _after(criterion, earlier, why, count)


def follow_up(criterion: str, items: Sequence[AskedPart], forward: Sequence[AskedPart]) -> Diagnosis | None:
    """Say that a gradient fails only where the output has another shape already; None if it does not."""
    if not forward or items[0].part == forward[0].part or items[0].case.invalid:
        return None
    misshapen = {item.case.id for item in forward if item.misshapen}
    wrong = {item.case.id for item in items if not item.right}
    right = {item.case.id for item in items if item.right}
    if not wrong <= misshapen or len(right - misshapen) < ENOUGH:
        return None
    earlier = criterion_of(forward[0].case.kind, forward[0].part)
    why = (
        f"Where it is computed, it fails only in cases in which {earlier} already gives an array "
        "of another shape: mend that first."
    )
    return _after(criterion, earlier, why, len(wrong))


def same_mistake(entry: Mistake, criterion: str, earlier: str, wrong: int) -> Diagnosis:
    """Say that an earlier criterion's mistake explains this one too."""
    sentence = f"The answers are those of the same mistake as in {earlier}."
    return Diagnosis(entry.name, criterion, sentence, entry.link, None, wrong, entry.title, earlier)


def contained_fault(
    criterion: str, items: Sequence[AskedPart], asked: Mapping[str, Sequence[AskedPart]]
) -> Iterator[Diagnosis]:
    """Say that a network fails only where it contains a layer that is wrong by itself."""
    wrong = [item for item in items if not item.right]
    if not all(map(_is_written, wrong)):
        return
    faulty = [
        other
        for other, parts in asked.items()
        if not other.endswith(".errors") and any(not part.right for part in parts if not part.case.invalid)
    ]
    for first in faulty:
        kind = first.partition(".")[0]
        if wrong and kind in LAYERS and all(_contains(item, kind) for item in wrong):
            why = f"Every network that fails contains a layer that is wrong by itself: mend {first} first."
            yield _after(criterion, first, why, len(wrong))
            return


def speed_follow_ups(items: Sequence[Item]) -> Iterator[Diagnosis]:
    """Say of a speed criterion whose timed answers were not right which wrong criterion they belong to."""
    failing = {item.criterion for item in items if item.outcome is not Outcome.PASSED}
    for item in items:
        kind, _, name = item.criterion.partition(".")
        parts = LAYERS[kind].parts if name.startswith("speed_") and kind in LAYERS else ()
        timed = parts[1:] if name == "speed_backward" else parts[:1]
        wrong = [one for part in timed if (one := criterion_of(kind, part)) in failing]
        if wrong and item.outcome in NOT_RIGHT:
            why = f"{wrong[0]} is wrong, and wrong answers earn nothing for their speed: mend that first."
            yield _after(item.criterion, wrong[0], why, 1)


def _is_written(item: AskedPart) -> bool:
    return item.answer.outcome is not Outcome.NOT_IMPLEMENTED


def _contains(item: AskedPart, kind: str) -> bool:
    return any(kind == contained for contained, _ in item.case.params.get("layers", ()))


def _after(criterion: str, earlier: str, sentence: str, wrong: int) -> Diagnosis:
    return Diagnosis(FOLLOWS, criterion, sentence, "", None, wrong, f"Follows from {earlier}", earlier)
