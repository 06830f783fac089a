"""Find loops over the dimensions that an assignment names by time alone: one is long, the others are tiny.

Trusted side. The counter runs in the student's process, where it can be switched off, and growth between two
sizes can be hidden by burning time at the smaller one. So what counts here is one time at one size, compared
with what nested loops take on the same core: whoever burns time only comes nearer to the bound. At a thousand
and more steps a Python loop costs many times what arrays cost, whatever starts it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from grader.sandbox import Client
from grader.speed.stopwatch import Stopwatch, Voided
from grader.speed.workloads import Size

# So small that array code that is far from the fastest still costs little for each step.
TINY = Size(N=1, C_in=1, C_out=1, H=2, W=2, K_h=2, K_w=2)
LENGTHS: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("N", "C_in", "C_out", "H", "W"), (2000, 3000)),
    **dict.fromkeys(("K_h", "K_w"), (180, 260)),
}
"""From and to which length each dimension is drawn; a kernel is shorter, since images grow with it."""
DIMENSIONS_OF: Mapping[str, tuple[str, ...]] = {
    "forward": tuple(LENGTHS),
    "backward": ("N", "C_in", "C_out", "H", "W"),
}
"""What is judged by these times in each phase. Not the kernel in backward: a convolution with the dilated
gradient has no loop, but its time grows with the square of the kernel's size, up to that of a loop."""
FIXED, EACH = 500.0, 1.6
"""What a call may take, in products of the nested loops: so many, and so many for each step of the dimension.
Array code takes 150 to 350 and 0.1 to 1, a loop over calls of NumPy 1.5 to 60 for each step."""
LAPS = 5
"""How often a call is repeated that takes longer: whatever disturbs only adds."""
HOPELESS = 5.0
"""Twice so many times as long as it may take is not a matter of what disturbs."""


@dataclass(frozen=True, slots=True)
class LongShapes:
    """What was found at long shapes.

    Attributes
    ----------
    loops : Mapping of str to tuple of str
        By phase, the dimensions whose time is that of a Python loop.
    failed : Mapping of str to Mapping of str to str
        By phase and dimension, why the convolution gave no right answer there; they are among `loops`, since
        nothing shows that they are without one.
    """

    loops: Mapping[str, tuple[str, ...]]
    failed: Mapping[str, Mapping[str, str]]


def try_long_shapes(
    client: Client,
    idle: Client,
    stopwatch: Stopwatch,
    suspects: Mapping[str, Sequence[str]],
    product_seconds: Mapping[str, float],
    rng: np.random.Generator | None = None,
) -> LongShapes:
    """Time a submission's convolution with each suspected dimension long.

    Parameters
    ----------
    client : Client
        The submission's.
    idle : Client
        Of the program that computes nothing, for the transfer.
    stopwatch : Stopwatch
    suspects : Mapping of str to sequence of str
        By phase, the dimensions to try.
    product_seconds : Mapping of str to float
        By phase, what the nested loops take for one product, on the same core and by the same clock.
    rng : Generator, optional
        Draws lengths and inputs, anew for each run; from the system's randomness if left out.
    """
    rng = rng or np.random.default_rng()
    slow: dict[str, list[str]] = {phase: [] for phase in suspects}
    failed: dict[str, dict[str, str]] = {phase: {} for phase in suspects}
    for name in LENGTHS:
        phases = [phase for phase, names in suspects.items() if name in names]
        size = draw_long(name, rng)
        while phases:
            allowed = {phase: allowance(size, name, product_seconds[phase]) for phase in phases}
            done = phases
            try:
                too_slow = _too_slow(client, idle, stopwatch.only(phases), size, allowed, rng)
            except Voided as error:
                done = too_slow = [phase for phase in phases if phase in error.phases]
                reason = error.message.partition("\n")[0]
                for phase in done:
                    failed[phase][name] = f"{name} = {getattr(size, name)}: {reason:.200}"
            for phase in too_slow:
                slow[phase].append(name)
            phases = [phase for phase in phases if phase not in done]
    return LongShapes({phase: tuple(names) for phase, names in slow.items()}, failed)


def draw_long(name: str, rng: np.random.Generator) -> Size:
    """Return a size with one dimension long; one other, drawn at random, is larger by 1 than in `TINY`."""
    other = str(rng.choice([dimension for dimension in LENGTHS if dimension != name]))
    length = int(rng.integers(*LENGTHS[name], endpoint=True))
    return replace(TINY, **{other: getattr(TINY, other) + 1, name: length})


def allowance(size: Size, name: str, product_seconds: float) -> float:
    """Return the seconds that a call may take in which a dimension is long.

    Examples
    --------
    >>> allowance(replace(TINY, N=2000), "N", 1e-6)
    0.0037
    """
    steps: int = getattr(size, name)
    return (FIXED + EACH * steps) * product_seconds


def _too_slow(
    client: Client,
    idle: Client,
    stopwatch: Stopwatch,
    size: Size,
    allowed: Mapping[str, float],
    rng: np.random.Generator,
) -> list[str]:
    """Return the phases that take longer than they may, transfer left out, each time that they are tried."""
    best = dict.fromkeys(allowed, math.inf)
    for lap in range(LAPS):
        inputs = size.draw(rng)
        took = stopwatch.check(client, size, inputs)
        transfer = stopwatch.time(idle, size, inputs)
        for phase, seconds in allowed.items():
            net = took.seconds(phase) - transfer.seconds(phase)
            best[phase] = min(best[phase], net / seconds)
        if max(best.values()) <= 1 or (lap and min(best.values()) > HOPELESS):
            break
    return [phase for phase, share in best.items() if share > 1]
