"""Time a submission, the loops and the reference in turn until the points are clear or the time is up.

Trusted side. A round gives each of them, and the idle program, fresh inputs on one core; a ratio
is taken within a round, so that whatever slows the machine slows both of its sides.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from grader.assignment.speed_policy import SpeedPolicy
from grader.sandbox import Client
from grader.speed.baselines import Opponents
from grader.speed.credit import possible_credits, speed_credit
from grader.speed.statistics import Estimate, bootstrap_median
from grader.speed.stopwatch import Lap, Stopwatch
from grader.speed.workloads import LARGE, SMALL, Size

FIRST_ROUNDS, MIN_ROUNDS = 2, 7
CLEAR = 1.15
"""Factor on the interval within which no boundary may lie for a measurement to end early."""
UNSURE = 1.05
"""Factor on the interval at the end: other runs vary more than bootstrapping one run can show."""
FAVOUR = 1.1
"""Every median counts as this much better than measured: less than a tenth below a boundary is enough."""
PATIENCE = 4.0
"""How many times the budget a measurement may last by the wall clock, on a machine with other work."""
LEAST_SHARE = 0.25
"""At least this share of a call's time is its own, however long the transfer takes."""
KNOWN_SHARE = 0.02
"""Where loops show a smaller share of their wall time, their clock cannot be read: in a container, say."""
WAITING_SECONDS, WAITING_FACTOR = 0.05, 3.0


@dataclass(frozen=True, slots=True)
class PhaseTiming:
    """What a race came to in one phase.

    Attributes
    ----------
    speedup, ratio : Estimate
        The loops' time over the submission's; the submission's time over the reference's.
    credit : float
        Share of the points, from the clock alone.
    conclusive : bool
        False where the budget ended before the interval left a boundary.
    waited : bool
        Wall time counted, since the code took far longer than it computed.
    measured : bool
        False where no round gave a time, so that nothing is known.
    product_seconds : float
        How long the loops take for one product: the yardstick for Python code on this machine.
    """

    speedup: Estimate
    ratio: Estimate
    credit: float
    conclusive: bool
    waited: bool = False
    measured: bool = True
    product_seconds: float = 0.0


_NONE = Estimate(0.0, 0.0, 0.0)
UNMEASURED = PhaseTiming(_NONE, _NONE, 0.0, conclusive=False, measured=False)


@dataclass(frozen=True, slots=True)
class Times:
    """What one round took, in seconds of the clock that decides, without the transfer."""

    student: float
    reference: float
    loops: float


@dataclass(slots=True)
class Laps:
    """The laps of all rounds at one size; loops are always timed at `SMALL`."""

    size: Size
    student: list[Lap] = field(default_factory=list)
    loops: list[Lap] = field(default_factory=list)
    reference: list[Lap] = field(default_factory=list)
    idle: list[Lap] = field(default_factory=list)

    def times(self, phase: str, *, by_wall: bool) -> list[Times]:
        """Return the rounds of a phase in which everybody took longer than the transfer of the arrays.

        A time that is not longer is no measurement: the clock was not up to date, say.
        """
        if not self.student:
            return []
        clock = _cpu if self.cpu_is_known else _wall
        # The idle program only carries the arrays, so its time is the cost of the pipe and of the copies.
        transfer = median(clock(self.idle, phase))
        students = (_wall if by_wall else clock)(self.student, phase)
        rounds = zip(students, clock(self.reference, phase), clock(self.loops, phase), strict=True)
        return [
            Times(_net(student, transfer), _net(reference, transfer), loops)
            for student, reference, loops in rounds
            if min(student, reference) > transfer and loops > 0
        ]

    def rounds(self, phases: Sequence[str]) -> int:
        """Return how many rounds count, in the phase with the fewest."""
        return min(len(self.times(phase, by_wall=False)) for phase in phases)

    def standing(self, phase: str, policy: SpeedPolicy, margin: float) -> PhaseTiming:
        """Judge the rounds so far, with intervals widened by `margin`."""
        waited = self.cpu_is_known and self.waits(phase)
        times = self.times(phase, by_wall=waited)
        if not times:
            return UNMEASURED
        # Loops are timed at the small size only; their time is proportional to the number of products.
        scale = self.size.products / SMALL.products
        speedup = bootstrap_median([scale * one.loops / one.student for one in times])
        ratio = bootstrap_median([one.student / one.reference for one in times])
        # The median, not the better end of the interval: a busy machine widens it and would give more points.
        fast, near = speedup.times(FAVOUR), ratio.times(1 / FAVOUR)
        low, high = possible_credits(fast.widened(margin), near.widened(margin), policy)
        return PhaseTiming(
            speedup,
            ratio,
            speed_credit(fast.median, near.median, policy),
            conclusive=low == high,
            waited=waited,
            product_seconds=median(one.loops for one in times) / SMALL.products,
        )

    @property
    def cpu_is_known(self) -> bool:
        """Whether the workers' processor time can be read: loops do nothing but compute."""
        return any(lap.cpu.forward > KNOWN_SHARE * lap.wall.forward for lap in self.loops)

    def waits(self, phase: str) -> bool:
        """Whether the submission took far more wall time than it computed, where the loops did not."""
        walls, cpus = _wall(self.student, phase), _cpu(self.student, phase)
        # The round that waited least, and the loops' worst ratio: other programs must not look like waiting.
        idle = min(wall - cpu for wall, cpu in zip(walls, cpus, strict=True))
        loops = zip(_wall(self.loops, phase), _cpu(self.loops, phase), strict=True)
        busy = max((w / c for w, c in loops if c > 0), default=1.0)
        return idle > WAITING_SECONDS + WAITING_FACTOR * busy * max(cpus)


def race(
    client: Client,
    opponents: Opponents,
    policy: SpeedPolicy,
    stopwatch: Stopwatch,
    *,
    rng: np.random.Generator | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, PhaseTiming]:
    """Race a submission over the phases that the stopwatch judges.

    Parameters
    ----------
    client : Client
        The submission's.
    opponents : Opponents
    policy : SpeedPolicy
    stopwatch : Stopwatch
        For one core and some phases.
    rng : Generator, optional
        Where inputs come from; the system's randomness if left out.
    clock : callable
        Wall time, for giving up only: the budget is processor time, so that a busy machine, where a
        round lasts longer, gets as many rounds.

    Returns
    -------
    dict of str to PhaseTiming
        By phase.

    Raises
    ------
    Voided
        An answer of the submission's is missing, or wrong in a phase that is judged.
    """
    phases = stopwatch.phases
    track = _Track(client, opponents, stopwatch, rng or np.random.default_rng(), client.cpu_seconds)
    end = clock() + PATIENCE * policy.budget_seconds
    laps = Laps(SMALL)
    track.warm_up(SMALL)
    while laps.rounds(phases) < FIRST_ROUNDS and len(laps.student) < MIN_ROUNDS:
        track.round(laps)
    if all(laps.standing(phase, policy, 1.0).speedup.median > policy.zero_speedup for phase in phases):
        # A submission that is not faster than loops would need minutes at the larger size, and earn nothing.
        laps = Laps(LARGE)
        track.warm_up(LARGE)
    while True:
        track.round(laps)
        over = track.cpu_seconds > policy.budget_seconds or clock() > end
        if len(laps.student) < MIN_ROUNDS or (laps.rounds(phases) < MIN_ROUNDS and not over):
            continue
        # The margin is wider here than at the end, so that a measurement near a boundary does not end early.
        if over or all(laps.standing(phase, policy, CLEAR).conclusive for phase in phases):
            return {phase: laps.standing(phase, policy, UNSURE) for phase in phases}


@dataclass(slots=True)
class _Track:
    client: Client
    opponents: Opponents
    stopwatch: Stopwatch
    rng: np.random.Generator
    spent_before: float

    @property
    def cpu_seconds(self) -> float:
        """Processor time that all workers have used so far."""
        runners = (self.client, self.opponents.loops, self.opponents.reference, self.opponents.idle)
        return sum(runner.cpu_seconds for runner in runners) - self.spent_before

    def warm_up(self, size: Size) -> None:
        """Call everybody once at a size: the first call pays for memory and imports."""
        self.round(Laps(size), with_loops=False)

    def round(self, laps: Laps, *, with_loops: bool = True) -> None:
        """Time everybody once, in an order that turns from round to round."""
        size = laps.size
        inputs, few = size.draw(self.rng), SMALL.draw(self.rng)
        watch, others = self.stopwatch, self.opponents
        turns: list[Callable[[], None]] = [
            lambda: laps.student.append(watch.check(self.client, size, inputs)),
            lambda: laps.reference.append(watch.time(others.reference, size, inputs)),
            lambda: laps.idle.append(watch.time(others.idle, size, inputs)),
        ]
        if with_loops:
            turns.append(lambda: laps.loops.append(watch.time(others.loops, SMALL, few)))
        # The order rotates, so that no program always runs after the same other one.
        first = len(laps.student) % len(turns)
        for turn in turns[first:] + turns[:first]:
            turn()


def _cpu(laps: Sequence[Lap], phase: str) -> list[float]:
    return [getattr(lap.cpu, phase) for lap in laps]


def _wall(laps: Sequence[Lap], phase: str) -> list[float]:
    return [getattr(lap.wall, phase) for lap in laps]


def _net(seconds: float, transfer: float) -> float:
    # A share of the time always counts, since noise in the transfer could leave next to nothing.
    return max(seconds - transfer, LEAST_SHARE * seconds)
