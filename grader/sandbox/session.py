"""One worker with one program: send it requests, wait for its frames, no longer than allowed.

Trusted side. A worker that breaks a rule or a limit ends here, as a `Stop` that carries the outcome.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from grader.assignment.limits import Limits
from grader.results import Outcome
from grader.sandbox.answers import (
    Answer,
    End,
    Locate,
    Stop,
    charged,
    out_of_turn,
    plain_text,
    read_answer,
    read_end,
    stopped,
    with_view,
)
from grader.sandbox.messages import Message
from grader.sandbox.pipes import Closed, Flooded, Malformed
from grader.sandbox.process import (
    GRACE,
    WorkerProcess,
    cpu_sentence,
    describe_end,
    memory_sentence,
)
from grader.worker import wire
from grader.worker.serialize import MAX_NAME, MAX_NAMES, MAX_REASON

TICK = 0.05


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a worker said on loading the program.

    Attributes
    ----------
    stand_ins : Mapping of str to str
        Imports that were refused or are not installed, and which of both.
    missing : tuple of str
        Names that the interface calls and the program does not define; alternatives joined by "or".
    failed : tuple of (int, int, str)
        Statements that raised: the file's number, the line and the exception.
    """

    stand_ins: Mapping[str, str]
    missing: tuple[str, ...]
    failed: tuple[tuple[int, int, str], ...] = ()


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

    Attributes
    ----------
    other_names : dict
        What the student calls otherwise than the template, by kind of layer, by the worker's word.
    """

    def __init__(self, worker: WorkerProcess, budget: Budget, locate: Locate) -> None:
        self._worker = worker
        self._locate = locate
        self._budget = budget
        self._limits = budget.limits
        self._code: int | None = None
        self._began = 0.0
        self.other_names: dict[str, dict[str, str]] = {}

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
        self._began = time.monotonic()
        self._worker.channel.expect(0)
        self._worker.channel.send(data)
        seconds = self._limits.load_seconds
        frame = self._next(request, seconds, seconds + 1, f"loading took more than {seconds:g} s")
        if frame.header.get("part") != "loaded":
            raise out_of_turn("another frame came instead of the one that confirms loading")
        failure = read_end(frame, {}, self._locate).failure
        if failure is not None:
            answer = self._explained(failure)
            raise Stop(answer.outcome or Outcome.IMPORT_FAILED, answer.message, answer.location)
        header = frame.header
        stand_ins, missing, failed = (
            header.get("stand_ins", {}),
            header.get("missing", []),
            header.get("failed", []),
        )
        if type(stand_ins) is not dict or type(missing) is not list or type(failed) is not list:
            raise out_of_turn("the frame that confirms loading has names of a wrong type")
        whys = dict(zip(_texts(stand_ins), _texts(stand_ins.values()), strict=True))
        return Loaded(whys, _texts(missing), tuple(map(_failed, failed[:MAX_NAMES])))

    def collect(self, messages: Sequence[Message], answers: dict[str, Answer]) -> None:
        """Send a case's messages ahead and fill in `answers` as they come.

        Parameters
        ----------
        messages : sequence of Message
            All are sent at once. The worker answers one after the other, each by frames with its own id.
        answers : dict of str to Answer
            Only what steps answer that count.

        Raises
        ------
        Stop
            The worker cannot go on; `answers` holds what came before.
        """
        channel = self._worker.channel
        if channel.waiting:
            raise self._verdict(channel.receive(0))
        self._began = time.monotonic()
        sent = [(message, secrets.token_hex(8)) for message in messages]
        clock = _Clock(self._worker)
        channel.expect(max(size for message in messages for size in (0, *message.parts.values())))
        channel.send(
            b"".join(
                wire.encode({**message.header, "parts": message.parts, "id": request}, message.arrays)
                for message, request in sent
            )
        )
        wanted = [part for message in messages if message.step.counts for part in message.parts]
        modified: dict[str, set[str]] = {}
        failed, view = False, None
        for message, request in sent:
            found = answers if message.step.counts and not failed else {}
            end = self._answers(message, request, clock, found)
            if failed:
                # The worker passes over what follows a failure; what it sends all the same is not looked at.
                continue
            view = view or end.view
            found.update(with_view({part: found[part] for part in message.parts if part in found}, view))
            held = dict(message.step.held)
            modified.setdefault(message.step.phase, set()).update(held[name] for name in end.modified)
            if end.failure is not None and message.step.stops:
                answers |= stopped(answers, wanted, self._explained(end.failure))
                failed = True
            elif message.step.counts:
                for part in message.parts.keys() - answers.keys():
                    answers[part] = Answer(part, Outcome.NOT_IMPLEMENTED, None, f"no {part} was returned")
        answers |= charged(answers, [message.step for message in messages], modified)

    def _answers(self, message: Message, request: str, clock: "_Clock", answers: dict[str, Answer]) -> End:
        """Fill in what a worker answers to one message, up to the frame that ends it."""
        limits, parts = self._limits, set(message.parts)
        late = f"no answer within {limits.call_seconds:g} s"
        while True:
            frame = self._next(request, limits.call_seconds, limits.call_cpu_seconds, late)
            part = frame.header.get("part")
            if part == "end":
                end = read_end(frame, dict(message.step.held), self._locate)
                for kind, names in end.other_names.items():
                    self.other_names.setdefault(kind, {}).update(names)
                return end
            if type(part) is not str or part not in parts:
                raise out_of_turn("a part came that was not expected now")
            parts.remove(part)
            seconds, cpu_seconds = clock.lap(counts=message.step.counts)
            answer = read_answer(frame, part, message.parts[part], seconds, cpu_seconds, self._locate)
            answers[part] = self._explained(answer)

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
            self._budget.check(time.monotonic() - self._began, cpu)
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

    def rest(self) -> None:
        """Wait until the worker rests, so that its processor time is exact."""
        self._worker.rest()

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


class _Clock:
    """Wall and processor time between the answers that count; what prepares one is part of its time."""

    def __init__(self, worker: WorkerProcess) -> None:
        self._worker = worker
        self._wall, self._cpu = time.monotonic(), worker.cpu_seconds()

    def lap(self, *, counts: bool) -> tuple[float, float]:
        wall, cpu = time.monotonic(), self._worker.cpu_seconds()
        passed = wall - self._wall, cpu - self._cpu
        if counts:
            self._wall, self._cpu = wall, cpu
        return passed


def _failed(row: Any) -> tuple[int, int, str]:
    """Return where a statement failed and why; nothing but two numbers and a text is believed."""
    if type(row) is not list or [type(value) for value in row] != [int, int, str]:
        raise out_of_turn("the frame that confirms loading has failures of a wrong type")
    return row[0], row[1], plain_text(row[2], MAX_REASON)


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    """Return the first of some names, each cut; nothing but text is believed."""
    first = tuple(islice(values, MAX_NAMES))
    if not all(type(value) is str for value in first):
        raise out_of_turn("the frame that confirms loading has names of a wrong type")
    return tuple(plain_text(value, MAX_NAME) for value in first)
