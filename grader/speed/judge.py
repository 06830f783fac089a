"""Everything about one submission's speed: race, loops left in Python -> credit, sentences, record.

Trusted side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from grader.assignment.speed_policy import SpeedPolicy
from grader.results import Interval, Outcome, PhaseSpeed, Place, Speed
from grader.sandbox import Backend, Client
from grader.speed.baselines import Opponents, open_opponents
from grader.speed.core_lock import LONGEST_HOLD, timing_slot
from grader.speed.credit import less_loops
from grader.speed.long_shapes import DIMENSIONS_OF, try_long_shapes
from grader.speed.python_loops import DIMENSIONS, Loops, find_loops, sentences
from grader.speed.race import PATIENCE, PhaseTiming, race
from grader.speed.statistics import Estimate
from grader.speed.stopwatch import PHASES, Stopwatch, Voided
from grader.speed.workloads import TimedTruth, only_right


@dataclass(frozen=True, slots=True)
class PhaseVerdict:
    """What one phase's speed earns.

    Attributes
    ----------
    credit : float
        Share of the points, 0 to 1.
    outcome : Outcome
        ``passed`` where anything was earned.
    message : str
        For the student.
    location : tuple of Place
        Where the timed call raised, if it did.
    measured : PhaseSpeed or None
        The measurement behind the credit; None where there is none.
    """

    credit: float
    outcome: Outcome
    message: str
    location: tuple[Place, ...] = ()
    measured: PhaseSpeed | None = None


@dataclass(frozen=True, slots=True)
class SpeedVerdict:
    """Both phases, and the record for the result; None where nothing could be timed."""

    phases: Mapping[str, PhaseVerdict]
    speed: Speed | None


def judge_speed(
    client: Client, backend: Backend, policy: SpeedPolicy, answers: TimedTruth = only_right
) -> SpeedVerdict:
    """Measure a submission's convolution while nothing else is timed on the same core.

    Parameters
    ----------
    client : Client
        The submission's.
    backend : Backend
        Where the programs run that it is compared with.
    policy : SpeedPolicy
    answers : callable
        What counts as an answer; the right one if left out.
    """
    longest = max(LONGEST_HOLD, 2 * PATIENCE * policy.budget_seconds)
    with timing_slot(longest_hold=longest) as slot, open_opponents(backend) as opponents:
        standings, loops, voids = _measure(client, opponents, policy, Stopwatch(slot.core, answers=answers))
    verdicts = {phase: _verdict(phase, standing, loops, policy) for phase, standing in standings.items()}
    verdicts |= {phase: _voided(void) for phase, void in voids.items()}
    if not standings:
        return SpeedVerdict(verdicts, None)
    problem = f"measured without holding a core, so other work may have slowed it: {slot.problem}"
    notes = (problem,) if slot.problem else ()
    return SpeedVerdict(verdicts, _record(standings, loops, verdicts, notes))


def _measure(
    client: Client, opponents: Opponents, policy: SpeedPolicy, stopwatch: Stopwatch
) -> tuple[dict[str, PhaseTiming], Loops, dict[str, Voided]]:
    """Measure both phases; if the answers of one are wrong, start again with the other one alone."""
    voids: dict[str, Voided] = {}
    while left := [phase for phase in PHASES if phase not in voids]:
        judged = stopwatch.only(left)
        try:
            standings = race(client, opponents, policy, judged)
            return standings, _loops(client, opponents, judged, standings, policy), voids
        except Voided as error:
            voids |= {phase: error for phase in left if phase in error.phases}
    return {}, Loops(), voids


def _loops(
    client: Client,
    opponents: Opponents,
    stopwatch: Stopwatch,
    standings: Mapping[str, PhaseTiming],
    policy: SpeedPolicy,
) -> Loops:
    """Find the loops; those that the assignment forbids also at long shapes, if there are points to lose."""
    named = {
        phase: [name for name in DIMENSIONS_OF[phase] if name in policy.vectorised_over]
        for phase, standing in standings.items()
        if standing.credit
    }
    loops = find_loops(client, opponents.idle, stopwatch, leave_out=named)
    suspects = {
        phase: [name for name in names if name not in loops.over(phase)] for phase, names in named.items()
    }
    product_seconds = {phase: standings[phase].product_seconds for phase in suspects}
    found = try_long_shapes(client, opponents.idle, stopwatch, suspects, product_seconds)
    return loops.with_hidden(found.loops, found.failed)


def _voided(void: Voided) -> PhaseVerdict:
    if void.outcome is Outcome.IMPORT_FAILED:
        # Nothing was timed: every check fails for this reason, and a page that tells it once must see that.
        return PhaseVerdict(0.0, void.outcome, void.message, void.location)
    reason = void.message.partition("\n")[0]
    message = f"the timed call returned no right answer, so there are no speed points: {reason}"
    return PhaseVerdict(0.0, void.outcome, message, void.location)


def _verdict(phase: str, standing: PhaseTiming, loops: Loops, policy: SpeedPolicy) -> PhaseVerdict:
    if not standing.measured:
        nothing = "no round gave a time that can be measured, so there are no speed points"
        return PhaseVerdict(0.0, Outcome.NOT_RUN, nothing)
    share = less_loops(standing.credit, loops.over(phase), policy)
    said = sentences(loops, phase)
    speed = (
        f"{standing.speedup.median:.3g} times as fast as nested loops, "
        f"{standing.ratio.median:.3g} times the reference's time"
    )
    message = [speed, *said]
    if share == 0 and standing.credit == 0:
        message.insert(1, f"points start above {policy.zero_speedup:g} times the speed of nested loops")
    elif share < standing.credit:
        message.append(
            f"this assignment does not allow Python loops over {', '.join(policy.vectorised_over)}"
        )
    if standing.waited:
        message.append("wall time counts, because the code took far longer than it computed")
    if not standing.conclusive:
        message.append("too near a boundary to be certain within the time allowed, so the median decided")
    measured = PhaseSpeed(
        phase, share, _interval(standing.speedup), _interval(standing.ratio), standing.conclusive
    )
    return PhaseVerdict(share, _outcome(share, standing), "; ".join(message), measured=measured)


def _outcome(share: float, standing: PhaseTiming) -> Outcome:
    """Return the outcome: timed out if the code is too slow, not implemented if loops cost all points."""
    if share:
        return Outcome.PASSED
    return Outcome.NOT_IMPLEMENTED if standing.credit else Outcome.TIMED_OUT


def _record(
    standings: Mapping[str, PhaseTiming],
    loops: Loops,
    verdicts: Mapping[str, PhaseVerdict],
    notes: Sequence[str],
) -> Speed:
    measured = [standing for standing in standings.values() if standing.measured]
    over = {name for phase in standings for name in loops.over(phase)}
    said = [sentence for phase in standings for sentence in sentences(loops, phase)]
    unmeasured = [
        f"{phase}: {verdicts[phase].message}"
        for phase, standing in standings.items()
        if not standing.measured
    ]
    return Speed(
        speedup_over_loops=_mean([standing.speedup.median for standing in measured]),
        ratio_to_reference=_mean([standing.ratio.median for standing in measured]),
        python_loops=tuple(name for name in DIMENSIONS if name in over),
        conclusive=all(standing.conclusive for standing in standings.values()),
        note="; ".join([*notes, *unmeasured, *said]),
        phases=tuple(one for phase in standings if (one := verdicts[phase].measured)),
    )


def _mean(values: Sequence[float]) -> float | None:
    """Return the geometric mean, to three digits: the mean for ratios; None of nothing."""
    return _digits(prod(values) ** (1 / len(values))) if values else None


def _interval(estimate: Estimate) -> Interval:
    return _digits(estimate.median), _digits(estimate.low), _digits(estimate.high)


def _digits(value: float) -> float:
    return float(f"{value:.3g}")
