"""What came back for a call: frozen records, and how frames become them.

Trusted side. Every field of a frame is doubted: a worker is the student's to command.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.results import Outcome, Place
from grader.sandbox.steps import CaseStep
from grader.visible_text import visible
from grader.worker import wire
from grader.worker.interface.synonyms import stands_for
from grader.worker.layer_kinds import LAYER_KINDS
from grader.worker.remarks import REMARKS, UNFINISHED
from grader.worker.serialize import MAX_FRAMES, too_large

STATUSES = frozenset(
    {
        Outcome.RAISED,
        Outcome.NOT_IMPLEMENTED,
        Outcome.WRONG_DTYPE,
        Outcome.WRONG_SHAPE,
        Outcome.WRONG_VALUE,
        Outcome.OUT_OF_MEMORY,
        Outcome.OUT_OF_BOUNDS_VIEW,
        Outcome.IMPORT_FAILED,
    }
)
MAX_TEXT = 4000

Locate = Callable[[int, int], Place | None]
"""Returns the place for a file's number and a line of it; None where the program has no such line."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One part of a reply.

    Attributes
    ----------
    part : str
    outcome : Outcome or None
        None: an array came back, to be compared.
    array : ndarray or None
    message : str
        The reason for the missing array, for the student.
    location : tuple of Place
        Where the student's code raised, then the student's own calls that led there, innermost first.
    seconds, cpu_seconds : float
        Wall and processor time for this part, by the trusted side's clocks.
    modified : tuple of str
        The case's arrays that the calls of this part's phase changed, by the worker's word.
    remarks : tuple of str
        What the worker says of how the array was given: some of `grader.worker.remarks.REMARKS`.
    unfinished : ndarray or None
        The array that the call had set when it failed.
    view : Answer or None
        The view that reaches outside its array, by the worker's word, in this call or one before.
    strayed : ndarray or None
        The array that came back with NaN where such a view read outside: wrong, but it shows the mistake.
    """

    part: str
    outcome: Outcome | None = None
    array: NDArray[Any] | None = None
    message: str = ""
    location: tuple[Place, ...] = ()
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    modified: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    unfinished: NDArray[Any] | None = None
    view: "Answer | None" = None
    strayed: NDArray[Any] | None = None

    @property
    def shown(self) -> NDArray[Any] | None:
        """The array that came back, strayed or not."""
        return self.strayed if self.array is None else self.array


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """All parts that were asked for, and the wall time of all."""

    answers: Mapping[str, Answer]
    seconds: float = 0.0


class Stop(Exception):  # noqa: N818 - a verdict on the worker, raised to leave the call
    """The worker is of no use any more; `outcome` and the text say why, `location` where."""

    def __init__(self, outcome: Outcome, message: str, location: tuple[Place, ...] = ()) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message
        self.location = location


def out_of_turn(what: str) -> Stop:
    """Return the verdict on a worker that sends what nobody asked for."""
    return Stop(Outcome.CRASHED, f"answered out of turn: {what}")


def failed(
    parts: tuple[str, ...], outcome: Outcome, message: str, location: tuple[Place, ...] = ()
) -> dict[str, Answer]:
    """Return the same failure for each part."""
    return {part: Answer(part, outcome, message=message, location=location) for part in parts}


def with_view(answers: Mapping[str, Answer], view: Answer | None) -> dict[str, Answer]:
    """Return the answers to a call that made a view outside of its array, or came after one.

    NaN in an array is what was read outside; an array without it is judged as it is.
    """
    if view is None:
        return dict(answers)
    found = {}
    for part, answer in answers.items():
        strayed = answer.array is not None and bool(np.isnan(answer.array).any())
        outcome = replace(view, part=part, seconds=answer.seconds, cpu_seconds=answer.cpu_seconds)
        outcome = replace(outcome, strayed=answer.array)
        found[part] = outcome if strayed else replace(answer, view=view)
    return found


def stopped(answers: Mapping[str, Answer], parts: Iterable[str], why: Answer) -> dict[str, Answer]:
    """Return the failure of a call for each part that it did not finish; what it had set goes with it."""
    found = {}
    for part in parts:
        answer = answers.get(part)
        if answer is None:
            found[part] = replace(why, part=part)
        elif UNFINISHED in answer.remarks:
            found[part] = replace(why, part=part, unfinished=answer.array, remarks=answer.remarks)
    return found


def charged(
    answers: Mapping[str, Answer], steps: Iterable[CaseStep], modified: Mapping[str, Collection[str]]
) -> dict[str, Answer]:
    """Return the answers with the arrays that their own phase's calls changed, by phase in `modified`."""
    phases = {part: step.phase for step in steps if step.counts for part in step.parts}
    return {
        part: replace(answer, modified=tuple(sorted(modified.get(phases.get(part, ""), ()))))
        for part, answer in answers.items()
    }


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """The frame that ends a message's answers: what stopped the call, what it changed, its stray view.

    ``other_names`` is what the student calls otherwise than the template, by kind of layer.
    """

    failure: Answer | None
    modified: tuple[str, ...]
    view: Answer | None
    other_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_end(frame: wire.Frame, names: Mapping[str, Any], locate: Locate) -> End:
    """Return what a message's last frame says; `names` are those of the arrays that it may name.

    Raises
    ------
    Stop
        The frame is not what a worker sends.
    """
    header, arrays = frame
    if arrays:
        raise out_of_turn("the last frame came with arrays")
    failed = None if header.get("status") == "ok" else _failure(header, "end", 0.0, 0.0, locate)
    modified = read_names(header.get("modified"), names, "the last frame names unknown inputs")
    view = _read_view(header.get("view"), locate)
    return End(failed, modified, view, read_other_names(header.get("other_names", {})))


def _read_view(value: Any, locate: Locate) -> Answer | None:
    if value is None:
        return None
    if type(value) is not dict or value.get("status") != Outcome.OUT_OF_BOUNDS_VIEW:
        raise out_of_turn("the last frame speaks of a view in other words than a worker's")
    return _failure(value, "view", 0.0, 0.0, locate)


def read_answer(
    frame: wire.Frame, part: str, max_bytes: int, seconds: float, cpu_seconds: float, locate: Locate
) -> Answer:
    """Return the answer that a frame holds.

    Parameters
    ----------
    frame : Frame
    part : str
    max_bytes : int
        What an array may have; a larger one is of a wrong shape, and is dropped.
    seconds, cpu_seconds : float
        By the trusted side's clocks.
    locate : callable
        Returns the place for a file's number and a line of it, None where there is no such line.

    Raises
    ------
    Stop
        The frame is not what a worker sends.
    """
    header, arrays = frame
    if header.get("status") != "ok" and not arrays:
        return _failure(header, part, seconds, cpu_seconds, locate)
    if header.get("status") != "ok" or list(arrays) != [part]:
        raise out_of_turn(f"{part} came with other arrays than its own")
    array = arrays[part]
    if array.nbytes > max_bytes:
        message = too_large(part, array)
        return Answer(part, Outcome.WRONG_SHAPE, None, message, (), seconds, cpu_seconds)
    remarks = read_names(header.get("remarks", []), REMARKS, "an answer came with unknown remarks")
    return Answer(part, array=array, seconds=seconds, cpu_seconds=cpu_seconds, remarks=remarks)


def _failure(
    header: Mapping[str, Any], part: str, seconds: float, cpu_seconds: float, locate: Locate
) -> Answer:
    status, message, frames = header.get("status"), header.get("message", ""), header.get("frames", [])
    if type(status) is not str or status not in STATUSES:
        raise out_of_turn(f"{part} came with a status that no worker sends")
    if type(message) is not str or type(frames) is not list or not all(map(_is_frame, frames)):
        raise out_of_turn(f"{part} came with a message or frames of a wrong type")
    places = (locate(*frame) for frame in frames[:MAX_FRAMES])
    return Answer(
        part,
        Outcome(status),
        message=plain_text(message, MAX_TEXT),
        location=tuple(place for place in places if place is not None),
        seconds=seconds,
        cpu_seconds=cpu_seconds,
    )


def _is_frame(value: Any) -> bool:
    return type(value) is list and len(value) == 2 and all(type(number) is int for number in value)


def plain_text(text: str, size: int) -> str:
    """Return text that every file, database and terminal takes: no invisible signs, not too long."""
    return visible(text[:size])


def read_names(value: Any, allowed: Collection[str], complaint: str) -> tuple[str, ...]:
    """Return a list of allowed names, each once.

    Raises
    ------
    Stop
        It is something else; the text is the complaint.
    """
    if type(value) is not list or not all(type(name) is str and name in allowed for name in value):
        raise out_of_turn(complaint)
    return tuple(dict.fromkeys(value))


def read_other_names(value: Any) -> dict[str, dict[str, str]]:
    """Return names that the published table has for the template's, by kind of layer.

    Raises
    ------
    Stop
        It is something else.
    """
    if type(value) is not dict or not all(type(names) is dict for names in value.values()):
        raise out_of_turn("the last frame has names of a wrong type")
    pairs = [(kind, *pair) for kind, names in value.items() for pair in names.items()]
    if not all(
        kind in LAYER_KINDS and type(own) is str and stands_for(name, own) for kind, name, own in pairs
    ):
        raise out_of_turn("the last frame has names that stand for nothing")
    return {kind: dict(names) for kind, names in value.items() if names}
