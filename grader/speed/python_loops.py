"""Which loops still run in Python: double one dimension at a time and see which lines run more often.

Trusted side. Counting uses no clock, so the result is the same on every machine. A hostile file could hide
from the counter, which runs in the same process, so processor time is compared with the counts: at sizes
where arrays cost almost nothing, only a Python loop takes several times as long for eight times the size.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from grader.intake.source.listing import function_at
from grader.results import Place
from grader.sandbox import Client
from grader.speed.line_counts import NO_FILE, Spot, growing_lines, innermost, read_table, shown_first
from grader.speed.stopwatch import PHASES, Pair, Stopwatch, Voided, parts_of_phases
from grader.speed.workloads import Size

BASE = Size(N=2, C_in=2, C_out=2, H=3, W=3, K_h=2, K_w=2)
DIMENSIONS = {
    "N": "image",
    "C_in": "input channel",
    "C_out": "filter",
    "H": "output row",
    "W": "output column",
    "K_h": "kernel row",
    "K_w": "kernel column",
}
FACTOR, SUSPICIOUS, REPEATS, CONFIRM = 8, 3.0, 5, 2
MOST_SHOWN, LONGEST_SENTENCE = 10, 500
LEAST_SECONDS = 1e-4
"""No convolution in NumPy takes less; what measures less is noise."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A line that runs once for each element of some dimensions."""

    phase: str
    place: Place | None
    dimensions: tuple[str, ...]

    @property
    def file(self) -> str:
        """The file that the loop is in; empty where it is in none of the submission's."""
        return self.place.file if self.place else ""

    @property
    def function(self) -> str:
        """The function that the loop is in, if it is known."""
        return (self.place.function if self.place else "") or self.phase

    def __str__(self) -> str:
        """Say it to the student.

        Examples
        --------
        >>> place = Place("cnn.py", None, 41, "for i in range(H_out):", "backward")
        >>> print(Loop("backward", place, ("N", "H")))
        cnn.py, line 41, in backward: `for i in range(H_out):` runs once per image and per output row
        """
        each = [f"per {DIMENSIONS[name]}" for name in self.dimensions]
        listed = " and ".join([", ".join(each[:-1]), each[-1]] if len(each) > 1 else each)
        where = self.place.quoted() if self.place else f"`{self.phase}`, in code that is not in any file:"
        said = f"{where} runs once {listed}"
        return said if len(said) <= LONGEST_SENTENCE else f"{said[: LONGEST_SENTENCE - 1]}…"


@dataclass(frozen=True, slots=True)
class Loops:
    """What runs in a Python loop.

    Attributes
    ----------
    counted : Mapping of str to sequence of Loop
        By phase, the innermost loops that the counter found: at most `MOST_SHOWN`, which name every dimension
        that was found.
    hidden : Mapping of str to sequence of str
        By phase, dimensions that cost time like a loop although no loop was counted.
    unknown : sequence of str
        Dimensions that could not be doubled, since the code failed or answered wrongly there.
    left_out : Mapping of str to int
        By phase, how many more loops were counted.
    failed : Mapping of str to Mapping of str to str
        By phase and dimension, why the code gave no right answer where the dimension was long.
    """

    counted: Mapping[str, tuple[Loop, ...]] = field(default_factory=dict)
    hidden: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def over(self, phase: str) -> tuple[str, ...]:
        """Return the dimensions that a phase loops over, in the usual order."""
        found = {name for loop in self.counted.get(phase, ()) for name in loop.dimensions}
        return tuple(name for name in DIMENSIONS if name in found or name in self.hidden.get(phase, ()))

    def with_hidden(
        self, more: Mapping[str, Sequence[str]], failed: Mapping[str, Mapping[str, str]]
    ) -> "Loops":
        """Return these and further dimensions that cost time like a loop, or gave no answer."""
        both = {phase: {*self.hidden.get(phase, ()), *more.get(phase, ())} for phase in {*self.hidden, *more}}
        hidden = {phase: tuple(name for name in DIMENSIONS if name in both[phase]) for phase in both}
        return replace(self, hidden=hidden, failed=failed)


def find_loops(
    client: Client,
    idle: Client,
    stopwatch: Stopwatch,
    leave_out: Mapping[str, Sequence[str]] | None = None,
) -> Loops:
    """Find the loops of a submission's convolution.

    Parameters
    ----------
    client : Client
        The submission's.
    idle : Client
        Of a program that computes nothing, for what a call costs without the student's code.
    stopwatch : Stopwatch
        For one core and some phases.
    leave_out : Mapping of str to sequence of str, optional
        By phase, dimensions over which hidden loops are not looked for here: see
        `grader.speed.long_shapes`.

    Raises
    ------
    Voided
        The convolution fails or answers wrongly at the smallest size already.
    """
    phases = stopwatch.phases
    base = _counts(client, BASE, stopwatch)
    grown = _grown(client, stopwatch)
    lines = growing_lines(base, grown)
    found = {phase: _counted(lines, PHASES.index(phase), client) for phase in phases}
    loops = Loops(
        counted={phase: shown for phase, (shown, _) in found.items()},
        left_out={phase: number for phase, (_, number) in found.items()},
        unknown=tuple(name for name in DIMENSIONS if name not in grown),
    )
    return replace(loops, hidden=_hidden(_Caller(client, idle, stopwatch), loops, leave_out or {}))


def _grown(client: Client, stopwatch: Stopwatch) -> dict[str, Mapping[Spot, int]]:
    """Return the counts with each dimension doubled, those left out with which the code fails."""
    grown: dict[str, Mapping[Spot, int]] = {}
    # Code for squares alone can be asked for squares alone.
    for names in (*((name,) for name in DIMENSIONS), ("H", "W"), ("K_h", "K_w")):
        if not grown.keys() & set(names):
            with contextlib.suppress(Voided):
                grown |= dict.fromkeys(names, _counts(client, BASE.times(2, *names), stopwatch))
    return grown


def _counts(client: Client, size: Size, stopwatch: Stopwatch) -> dict[Spot, int]:
    """Return how often each line ran, after checking that the right thing was computed meanwhile."""
    inputs = size.draw(np.random.default_rng(0))
    reply = client.count("conv2d", size.params, inputs, parts=parts_of_phases(stopwatch.phases))
    stopwatch.hold(reply, inputs)
    lines = [text.count("\n") + 1 for text in client.modules.values()]
    return read_table(reply.answers["counts"].array, lines)


def _counted(
    lines: Mapping[Spot, tuple[str, ...]], phase: int, client: Client
) -> tuple[tuple[Loop, ...], int]:
    """Return the loops of a phase that are shown, and how many more there are."""
    texts = list(client.modules.values())
    mine = {spot: names for spot, names in lines.items() if spot[0] == phase}
    nests = innermost(mine, lambda file, line: "" if file == NO_FILE else function_at(texts[file], line))
    shown = shown_first(nests, MOST_SHOWN)
    # Only now: a place costs more than a function's name.
    loops = (
        Loop(PHASES[phase], client.place(file, line), nests[phase, file, line]) for _, file, line in shown
    )
    return tuple(loops), len(nests) - len(shown)


def _hidden(
    caller: "_Caller", loops: Loops, leave_out: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Return, by phase, the dimensions whose cost grows like a loop that was not counted."""
    names = [name for name in DIMENSIONS if name not in loops.unknown]
    phases = caller.stopwatch.phases
    suspects = {
        (phase, name)
        for phase in phases
        for name in names
        if name not in loops.over(phase) and name not in leave_out.get(phase, ())
    }
    for _ in range(CONFIRM):
        # A busy moment can look like a loop once.
        for name in sorted({name for _, name in suspects}):
            growth = caller.growth(BASE.times(FACTOR, name))
            suspects -= {(phase, name) for phase in phases if growth[phase] <= SUSPICIOUS}
    return {phase: tuple(name for name in names if (phase, name) in suspects) for phase in phases}


@dataclass(frozen=True, slots=True)
class _Caller:
    client: Client
    idle: Client
    stopwatch: Stopwatch

    def growth(self, size: Size) -> dict[str, float]:
        """Return how many times the processor time at `BASE` a call takes, by phase, transfer left out.

        Calls take turns, and the cheapest of each count, since whatever disturbs only adds.
        """
        turns = [(self._check(BASE), self._check(size), self._idle()) for _ in range(REPEATS)]
        grown = {}
        for phase in self.stopwatch.phases:
            before, after, idle = (
                min(getattr(one, phase) for one in series) for series in zip(*turns, strict=True)
            )
            grown[phase] = (after - idle) / max(before - idle, LEAST_SECONDS)
        return grown

    def _check(self, size: Size) -> Pair:
        inputs = size.draw(np.random.default_rng())
        try:
            return self.stopwatch.check(self.client, size, inputs).cpu
        except Voided:
            # What fails at this size says nothing about loops.
            return Pair(0.0, 0.0)

    def _idle(self) -> Pair:
        return self.stopwatch.time(self.idle, BASE, BASE.draw(np.random.default_rng())).cpu


def sentences(loops: Loops, phase: str) -> Sequence[str]:
    """Say which loops a phase has left, the hidden ones too."""
    said = [str(loop) for loop in loops.counted.get(phase, ())]
    if more := loops.left_out.get(phase, 0):
        said.append(f"and {more} more lines of `{phase}` run in a loop")
    hidden = loops.hidden.get(phase, ())
    failed = loops.failed.get(phase, {})
    slow = [name for name in hidden if name not in failed]
    if slow:
        names = ", ".join(slow)
        said.append(f"`{phase}` takes as long as a Python loop over {names}, although the counter saw none")
    reasons = [failed[name] for name in hidden if name in failed]
    said += [f"nothing shows that `{phase}` has no Python loop where {why}" for why in reasons]
    return said
