"""One worker with one program: send it requests, wait for its frames, no longer than allowed.

Trusted side. A worker that breaks a rule or a limit ends here, as a `Stop` that carries the outcome.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from grader.assignment.limits import Limits
from grader.results import Outcome
from grader.sandbox.answers import (
    MAX_NAME,
    Answer,
    Locate,
    Stop,
    out_of_turn,
    plain_text,
    read_answer,
    read_names,
)
from grader.sandbox.pipes import Closed, Flooded, Malformed
from grader.sandbox.process import (
    GRACE,
    WorkerProcess,
    cpu_sentence,
    describe_end,
    memory_sentence,
)
from grader.worker import wire

TICK = 0.05
MAX_NAMES = 50


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a worker said on loading the program.

    Attributes
    ----------
    stand_ins : Mapping of str to str
        Imports that were refused or are not installed, and which of both.
    missing : tuple of str
        Names that the interface calls and the program does not define; alternatives joined by "or".
    """

    stand_ins: Mapping[str, str]
    missing: tuple[str, ...]


class Budget:
    """What a submission has used so far, over all of its workers."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.wall_seconds = 0.0
        self.cpu_seconds = 0.0

    def check(self, wall_seconds: float = 0.0, cpu_seconds: float = 0.0) -> None:
        """Stop where this much more would be too much."""
        limits = self.limits
        if self.wall_seconds + wall_seconds >= limits.submission_seconds:
            sentence = f"the limit of {limits.submission_seconds:g} s for the whole submission is reached"
            raise Stop(Outcome.TIMED_OUT, sentence)
        if self.cpu_seconds + cpu_seconds >= limits.submission_cpu_seconds:
            seconds = limits.submission_cpu_seconds
            sentence = f"the limit of {seconds:g} s of processor time for the whole submission is reached"
            raise Stop(Outcome.TIMED_OUT, sentence)


class Session:
    """A running worker, its limits and the submission's budget.

    Parameters
    ----------
    worker : WorkerProcess
        Owned from here on.
    budget : Budget
        Processor time is charged when the worker ends.
    locate : callable
        Returns the student's place for the number of a file and a line of it.
    """

    def __init__(self, worker: WorkerProcess, budget: Budget, locate: Locate) -> None:
        self._worker = worker
        self._locate = locate
        self._budget = budget
        self._limits = budget.limits
        self._code: int | None = None

    def load(self, program: Mapping[str, Any]) -> Loaded:
        """Let the worker execute the program.

        Raises
        ------
        Stop
            The program cannot be loaded.
        """
        request = secrets.token_hex(8)
        try:
            data = wire.encode({**program, "id": request}, {})
        except wire.WireError as error:
            raise Stop(Outcome.IMPORT_FAILED, f"too much source text: {error}") from None
        self._worker.channel.send(data)
        seconds = self._limits.load_seconds
        frame = self._next(request, seconds, seconds + 1, f"loading took more than {seconds:g} s")
        stand_ins, missing = frame.header.get("stand_ins", {}), frame.header.get("missing", [])
        right = type(stand_ins) is dict and type(missing) is list
        if frame.header.get("part") != "loaded" or frame.arrays or not right:
            raise out_of_turn("another frame came instead of the one that confirms loading")
        if frame.header.get("status") != "ok":
            answer = self._explained(read_answer(frame, "loaded", 0.0, 0.0, self._locate))
            raise Stop(answer.outcome or Outcome.IMPORT_FAILED, answer.message, answer.location)
        return Loaded(
            {
                plain_text(name, MAX_NAME): plain_text(str(why), MAX_NAME)
                for name, why in list(stand_ins.items())[:MAX_NAMES]
            },
            tuple(plain_text(str(name), MAX_NAME) for name in missing[:MAX_NAMES]),
        )

    def collect(
        self,
        header: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        parts: tuple[str, ...],
        answers: dict[str, Answer],
    ) -> tuple[str, ...]:
        """Send a request and fill in `answers` as they come; return which inputs were modified.

        Raises
        ------
        Stop
            The worker cannot go on; `answers` holds what came before.
        """
        if self._worker.channel.waiting:
            raise self._verdict(self._worker.channel.receive(0))
        request, limits = secrets.token_hex(8), self._limits
        wall, cpu = time.monotonic(), self._worker.cpu_seconds()
        self._worker.channel.send(wire.encode({**header, "parts": parts, "id": request}, arrays))
        late = f"no answer within {limits.call_seconds:g} s"
        while True:
            frame = self._next(request, limits.call_seconds, limits.call_cpu_seconds, late)
            part = frame.header.get("part")
            if part == "end":
                break
            if type(part) is not str or part not in parts or part in answers:
                raise out_of_turn(f"{part!r:.80} was not expected now")
            now, used = time.monotonic(), self._worker.cpu_seconds()
            answers[part] = self._explained(read_answer(frame, part, now - wall, used - cpu, self._locate))
            wall, cpu = now, used
        _share_failure(parts, answers)
        return read_names(frame.header.get("modified"), arrays)

    def _next(self, request: str, seconds: float, cpu_seconds: float, late: str) -> wire.Frame:
        """Return the next frame of this request, within its limits and the submission's."""
        started, cpu_before = time.monotonic(), self._worker.cpu_seconds()
        while True:
            event = self._worker.channel.receive(TICK)
            if isinstance(event, wire.Frame) and event.header.get("id") == request:
                return event
            if event is not None:
                raise self._verdict(event)
            elapsed, cpu = time.monotonic() - started, self._worker.cpu_seconds()
            self._budget.check(elapsed, cpu)
            if elapsed > seconds:
                raise Stop(Outcome.TIMED_OUT, late)
            if cpu - cpu_before > cpu_seconds:
                raise Stop(Outcome.TIMED_OUT, cpu_sentence(cpu_seconds))

    def _explained(self, answer: Answer) -> Answer:
        if answer.outcome is not Outcome.OUT_OF_MEMORY:
            return answer
        message = f"{memory_sentence(self._limits)} ({answer.message})"
        return replace(answer, message=message)

    def _verdict(self, event: object) -> Stop:
        """Return the meaning of an event that is not an answer."""
        if isinstance(event, Closed):
            return Stop(*describe_end(self.end(grace=GRACE), self._limits))
        if isinstance(event, Flooded):
            sentence = f"printed more than the {self._limits.output_mb} MiB that are allowed"
            return Stop(Outcome.TOO_MUCH_OUTPUT, sentence)
        if isinstance(event, Malformed):
            return out_of_turn(event.message)
        return out_of_turn("a frame that belongs to no request")

    @property
    def printed(self) -> str:
        """What the worker printed."""
        return self._worker.channel.printed

    @property
    def cpu_seconds(self) -> float:
        """Processor time that the worker has used."""
        return self._worker.cpu_seconds()

    def pin(self, core: int) -> None:
        """Keep the worker to one core where the system can."""
        if hasattr(os, "sched_setaffinity"):
            with contextlib.suppress(OSError):
                os.sched_setaffinity(self._worker.pid, {core})

    def end(self, *, grace: float = 0.0) -> int:
        """End the worker, once; return its exit code."""
        if self._code is None:
            self._budget.cpu_seconds += self._worker.cpu_seconds()
            self._code = self._worker.end(grace=grace)
        return self._code


def _share_failure(parts: tuple[str, ...], answers: dict[str, Answer]) -> None:
    """Give the parts that an error cut off that error's outcome."""
    left = [part for part in parts if part not in answers]
    reason = next((answer for answer in reversed(answers.values()) if answer.outcome is not None), None)
    for part in left:
        if reason is None:
            raise out_of_turn(f"the end came before {part}")
        answers[part] = Answer(part, reason.outcome, None, reason.message, reason.location)
