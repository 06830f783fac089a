"""Scenarios as steps: which calls a case is, in which order, with which arrays, and whose answers count.

Trusted side; pure. Each step is a message of its own, so the worker is told neither the scenario nor which
calls only prepare another one. The worker keeps each layer object in a numbered slot.

What a student earns is decided by the arrays that come back for the steps that count. Code that makes a fresh
layer for each call, wherever it does so, answers rightly: nobody outside could tell it from a right layer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from grader.worker.layer_kinds import inputs_of

_Call = Literal["make", "forward", "backward"]
_WARMUP = "warmup_"
_GRADIENT = "grad_output"

_SCENARIOS: dict[str, tuple[tuple[_Call, int, bool], ...]] = {
    "once": (("make", 0, True), ("forward", 0, True), ("backward", 0, True)),
    "second_forward": (
        ("make", 0, True),
        ("forward", 0, False),
        ("forward", 0, True),
        ("backward", 0, True),
    ),
    "twice": (
        ("make", 0, True),
        ("forward", 0, False),
        ("backward", 0, False),
        ("forward", 0, True),
        ("backward", 0, True),
    ),
    "two_layers": (
        ("make", 0, False),
        ("make", 1, True),
        ("forward", 1, True),
        # After the first forward that counts, so that memory shared by layers holds the other's input by now.
        ("forward", 0, False),
        ("backward", 0, False),
        ("backward", 1, True),
    ),
}
"""Call, slot, and whether the answer counts; calls that do not count get the case's ``warmup_`` arrays."""


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One call of one layer object.

    Attributes
    ----------
    call : str
        ``make``, ``forward`` or ``backward``.
    slot : int
        Which layer object.
    sent : tuple of (str, str)
        The arrays of the call: the name that the worker is told, and the case's own name.
    held : tuple of (str, str)
        The same for all arrays that the slot holds by then: the newest of each name.
    parts : tuple of str
        What the call is asked for.
    counts : bool
        Whether its answers are the case's. Those of other steps are read under the same limits and dropped,
        since there is no truth for them.
    """

    call: str
    slot: int
    sent: tuple[tuple[str, str], ...]
    held: tuple[tuple[str, str], ...]
    parts: tuple[str, ...]
    counts: bool = True

    @property
    def phase(self) -> str:
        """Which answers are charged with what the call did: what happens before forward is forward's."""
        return "forward" if self.call == "make" else self.call

    @property
    def stops(self) -> bool:
        """Whether the case ends where this step fails.

        A backward that does not count need not work: one that fails there fails again where it counts.
        """
        return self.counts or self.call != "backward"


@lru_cache(maxsize=512)
def steps_of(
    kind: str, scenario: str, names: tuple[str, ...], parts: tuple[str, ...]
) -> tuple[CaseStep, ...]:
    """Return a case's steps, up to the last one that answers a part.

    Parameters
    ----------
    kind, scenario : str
        The case's.
    names : tuple of str
        The case's arrays. Those that neither forward nor backward gets are given when the layer is made.
    parts : tuple of str
        What is wanted: first what forward returns, then what backward does.

    Examples
    --------
    >>> for step in steps_of("relu", "once", ("x", "grad_output"), ("output", "grad_x")):
    ...     print(step.call, step.slot, step.sent, step.parts)
    make 0 () ()
    forward 0 (('x', 'x'),) ('output',)
    backward 0 (('grad_output', 'grad_output'),) ('grad_x',)
    """
    if not parts:
        return ()
    own = [name for name in names if not name.startswith(_WARMUP)]
    inputs = [name for name in inputs_of(kind) if name in own]
    gradients = [name for name in own if name == _GRADIENT]
    given: dict[str, list[str]] = {
        "make": [name for name in own if name not in (*inputs_of(kind), _GRADIENT)],
        "forward": inputs,
        "backward": gradients,
    }
    wanted = {"make": (), "forward": parts[:1], "backward": parts[1:]}
    held: dict[int, dict[str, str]] = {}
    found: list[CaseStep] = []
    for call, slot, counts in _SCENARIOS[scenario]:
        sent = dict(_sources(given[call], names, counts=counts))
        held.setdefault(slot, {}).update(sent)
        everything = tuple(held[slot].items())
        found.append(CaseStep(call, slot, tuple(sent.items()), everything, wanted[call], counts))
    last = max(index for index, step in enumerate(found) if step.counts and step.parts)
    return tuple(found[: last + 1])


def _sources(own: Iterable[str], names: tuple[str, ...], *, counts: bool) -> Iterator[tuple[str, str]]:
    for name in own:
        warm = _WARMUP + name
        yield name, warm if not counts and warm in names else name
