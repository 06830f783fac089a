"""What is sent for a case: a message for each step, with its own arrays and the room that answers have.

Trusted side; pure. Nothing in a message says which steps count, nor which arrays are expected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from grader.sandbox.steps import CaseStep
from grader.worker.layer_kinds import inputs_of

SLACK = 32
LEAST_ROOM = 1 << 16
OWN_ROOM = 1 << 20
"""Bytes that a part may have at least where only the inputs tell how large an answer can be."""


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """One step as it is sent.

    Attributes
    ----------
    step : CaseStep
    header : Mapping
    arrays : Mapping of str to ndarray
        By the names that the worker is told.
    parts : Mapping of str to int
        What is wanted, and how many bytes each may have.
    """

    step: CaseStep
    header: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    parts: Mapping[str, int]


def messages_of(
    steps: Sequence[CaseStep],
    kind: str,
    params: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    *,
    number: int,
    max_bytes: int,
    layouts: Mapping[str, str] | None = None,
    sizes: Mapping[str, int] | None = None,
    measured: bool = False,
) -> tuple[Message, ...]:
    """Return the messages of a case.

    Parameters
    ----------
    steps : sequence of CaseStep
    kind, params, arrays, layouts
        The case's.
    number : int
        By which the worker knows what belongs together: after a failure it passes over the rest of a case.
    max_bytes : int
        What any answer may have.
    sizes : Mapping of str to int, optional
        Bytes of the right answer's parts; of those left out, as many as all inputs, and `OWN_ROOM` at least.
    measured : bool
        Whether the calls are timed or counted. An interface must make no other calls then, and is told the
        shape of the first input, of which it can make a layer's parameters ready.
    """
    own = max(OWN_ROOM, room_for(sum(array.nbytes for array in arrays.values())))
    rooms = {part: room_for(size) for part, size in (sizes or {}).items()}
    messages = []
    for step in steps:
        header: dict[str, Any] = {"op": step.call, "slot": step.slot, "case": number}
        header["last"] = step is steps[-1]
        if layouts:
            header["layouts"] = {name: layouts[source] for name, source in step.sent if source in layouts}
        if step.call in ("make", "count"):
            header |= {"kind": kind, "params": params}
            header["measured"] = arrays[inputs_of(kind)[0]].shape if measured else None
        given = {name: arrays[source] for name, source in step.sent}
        parts = {part: min(max_bytes, rooms.get(part, own)) for part in step.parts}
        messages.append(Message(step, header, given, parts))
    return tuple(messages)


def room_for(size: int) -> int:
    """Return how many bytes an answer may have where so many are expected.

    Far more than expected, so that a wrong shape can be told from another: without its stride, a
    convolution's output is many times as large. A power of two, since the worker is told what is allowed.

    Examples
    --------
    >>> room_for(8), room_for(10_000)
    (65536, 524288)
    """
    return max(LEAST_ROOM, 1 << (SLACK * size - 1).bit_length())
