"""Time calls of clients, forward and backward separately, and compare their answers with the truth.

Trusted side. Both clocks are read here. Processor time decides, because a busy machine hardly changes it;
wall time shows work that is done in other processes. A worker's processor time is read while it waits for a
request, since it is exact only then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from grader.cases.compare import compare
from grader.errors import GraderError
from grader.results import Outcome, Place
from grader.sandbox import Client, Reply
from grader.speed.workloads import CONV2D_PARTS, Array, Size, TimedTruth, only_right

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

    def seconds(self, phase: str) -> float:
        """Return a phase's processor time; its wall time where the processor's cannot be read."""
        clock = self.cpu if self.cpu.forward > 0 else self.wall
        seconds: float = getattr(clock, phase)
        return seconds


class Voided(Exception):  # noqa: N818 - a verdict on the submission, not an error of ours
    """A timed call failed or answered wrongly, so the time of some `phases` counts for nothing."""

    def __init__(
        self, phases: Sequence[str], outcome: Outcome, message: str, location: tuple[Place, ...] = ()
    ) -> None:
        super().__init__(message)
        self.phases = tuple(phases)
        self.outcome = outcome
        self.message = message
        self.location = location


@dataclass(slots=True)
class Stopwatch:
    """Times calls on one core; what a worker computes between two calls is added to the later one.

    Attributes
    ----------
    core : int or None
        Where to run; anywhere if None.
    phases : sequence of str
        Which phases are judged; what the other one answers does not matter.
    answers : callable
        What counts as an answer.
    """

    core: int | None
    phases: Sequence[str] = PHASES
    answers: TimedTruth = only_right
    _marks: dict[Client, float] = field(default_factory=dict)

    def only(self, phases: Sequence[str]) -> "Stopwatch":
        """Return the same stopwatch for some of its phases."""
        return replace(self, phases=tuple(phases))

    def time(self, client: Client, size: Size, inputs: Mapping[str, Array]) -> Lap:
        """Time one call of one of our own programs.

        Raises
        ------
        GraderError
            It did not answer, which is not the submission's fault.
        """
        lap, reply = self._call(client, size, inputs)
        for answer in reply.answers.values():
            if answer.outcome is not None:
                raise GraderError(f"a program of the grader's own was not timed: {answer.message}")
        return lap

    def check(self, client: Client, size: Size, inputs: Mapping[str, Array]) -> Lap:
        """Time one call of a submission and check the very answers that were timed.

        Forward's time ends when the worker waits for the upstream gradient, with the output in our hands;
        everything after that, until it waits again, is backward's. So no processor time goes uncounted,
        whenever and from wherever the student's code spends it.

        Raises
        ------
        Voided
            An answer is missing or wrong.
        """
        lap, reply = self._call(client, size, inputs)
        self.hold(reply, inputs)
        return lap

    def hold(self, reply: Reply, inputs: Mapping[str, Array]) -> None:
        """Compare the judged phases' answers with what counts as one.

        Raises
        ------
        Voided
            An answer is missing or wrong. Without an output there is no backward pass either.
        """
        allowed = self.answers(inputs)
        for part, answer in reply.answers.items():
            phase = phase_of(part)
            if answer.outcome is not None or answer.array is None:
                lost = PHASES[PHASES.index(phase) :]
                raise Voided(lost, answer.outcome or Outcome.NOT_RUN, answer.message, answer.location)
            if phase in self.phases and part in allowed:
                verdicts = [compare(answer.array, one, "float64", part) for one in allowed[part]]
                if not any(verdict.passed for verdict in verdicts):
                    raise Voided((phase,), verdicts[0].outcome, verdicts[0].message)

    def _call(self, client: Client, size: Size, inputs: Mapping[str, Array]) -> tuple[Lap, Reply]:
        # Work after a reply, such as in a thread or a finaliser, would otherwise cost nothing.
        before = client.cpu_seconds
        since = before - self._marks.get(client, before)
        if self.core is not None:
            client.pin(self.core)
        parts = parts_of_phases(self.phases)
        reply = client.time("conv2d", size.params, inputs, parts=parts)
        self._marks[client] = client.cpu_seconds
        total = self._marks[client] - before
        there, *back = (reply.answers[part] for part in parts)
        return Lap(
            cpu=Pair(there.cpu_seconds + since, total - there.cpu_seconds + since),
            wall=Pair(there.seconds, sum(answer.seconds for answer in back)),
        ), reply


def phase_of(part: str) -> str:
    """Return the phase that makes a part."""
    return PHASES[0] if part == CONV2D_PARTS[0] else PHASES[1]


def parts_of_phases(phases: Sequence[str]) -> tuple[str, ...]:
    """Return the parts that some phases make; backward's cannot be had without forward's."""
    return CONV2D_PARTS if "backward" in phases else CONV2D_PARTS[:1]
