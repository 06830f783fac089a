"""Time one call of one client, forward and backward separately, and compare its answers with the truth.

Trusted side. Both clocks are read here. Processor time decides, because a busy machine hardly changes it;
wall time shows work that is done in other processes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.cases.compare import compare
from grader.cases.ground_truth import Part
from grader.errors import GraderError
from grader.results import Outcome, Place
from grader.sandbox import Client, Reply
from grader.speed.workloads import CONV2D_PARTS, Array, Size

PHASES = ("forward", "backward")


@dataclass(frozen=True, slots=True)
class Pair:
    """A value for the forward pass and one for the backward pass."""

    forward: float
    backward: float


@dataclass(frozen=True, slots=True)
class Lap:
    """Seconds of processor and of wall time that one call took, transfer included."""

    cpu: Pair
    wall: Pair


class Voided(Exception):  # noqa: N818 - a verdict on the submission, not an error of ours
    """A timed call failed or answered wrongly, so its time counts for nothing; see `phase`, `outcome`."""

    def __init__(self, part: str, outcome: Outcome, message: str, location: tuple[Place, ...] = ()) -> None:
        super().__init__(message)
        self.phase = "forward" if part == CONV2D_PARTS[0] else "backward"
        self.outcome = outcome
        self.message = message
        self.location = location


def time_call(
    client: Client, size: Size, inputs: Mapping[str, Array], core: int | None, phases: Sequence[str] = PHASES
) -> Lap:
    """Call one of our own programs.

    Raises
    ------
    GraderError
        It did not answer, which is not the submission's fault.
    """
    lap, reply = _timed(client, size, inputs, core, phases)
    for answer in reply.answers.values():
        if answer.outcome is not None:
            raise GraderError(f"a program of the grader's own was not timed: {answer.message}")
    return lap


def checked_call(
    client: Client,
    size: Size,
    inputs: Mapping[str, Array],
    truth: Mapping[str, Part],
    core: int | None,
    phases: Sequence[str] = PHASES,
) -> Lap:
    """Call a submission's convolution and check the very answers that were timed.

    Forward's time ends when the output is in our hands; everything that the worker computes after that,
    until it has nothing left to do, is backward's. So no processor time goes uncounted, whenever and from
    wherever the student's code spends it.

    Raises
    ------
    Voided
        An answer is missing or wrong.
    """
    lap, reply = _timed(client, size, inputs, core, phases)
    hold(reply, truth)
    return lap


def hold(reply: Reply, truth: Mapping[str, Part]) -> None:
    """Compare a reply with the right answers; raises `Voided`."""
    for part, answer in reply.answers.items():
        if answer.outcome is not None or answer.array is None:
            raise Voided(part, answer.outcome or Outcome.NOT_RUN, answer.message, answer.location)
        if part in truth:
            verdict = compare(answer.array, truth[part], "float64", part)
            if not verdict.passed:
                raise Voided(part, verdict.outcome, verdict.message)


def _timed(
    client: Client, size: Size, inputs: Mapping[str, Array], core: int | None, phases: Sequence[str]
) -> tuple[Lap, Reply]:
    if core is not None:
        client.pin(core)
    before = client.cpu_seconds
    parts = parts_of_phases(phases)
    reply = client.time("conv2d", size.params, inputs, parts=parts)
    total = client.cpu_seconds - before
    there, *back = (reply.answers[part] for part in parts)
    return Lap(
        cpu=Pair(there.cpu_seconds, total - there.cpu_seconds),
        wall=Pair(there.seconds, sum(answer.seconds for answer in back)),
    ), reply


def parts_of_phases(phases: Sequence[str]) -> tuple[str, ...]:
    """Return the parts that some phases make; backward's cannot be had without forward's."""
    return CONV2D_PARTS if "backward" in phases else CONV2D_PARTS[:1]
