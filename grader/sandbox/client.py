"""Ask one submission's worker for arrays; an answer always comes in bounded time.

Trusted side. Starts a worker at the first call, loads the program, and starts a fresh worker for the next
call when one has ended. Every failure of the student's is an `Answer`; only the sandbox's own are raised.
"""

import itertools
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from numpy.typing import NDArray

from grader.assignment.limits import Limits
from grader.intake.source import Program, with_reason
from grader.results import Outcome, Place
from grader.sandbox.allowed_imports import HARMLESS
from grader.sandbox.answers import Answer, Reply, Stop, failed
from grader.sandbox.messages import Message, messages_of
from grader.sandbox.pipes import MIB
from grader.sandbox.process import Backend
from grader.sandbox.session import Budget, Loaded, Session
from grader.sandbox.steps import CaseStep, steps_of

GIVE_UP_AFTER: Mapping[Outcome, int] = {
    Outcome.TIMED_OUT: 3,
    Outcome.OUT_OF_MEMORY: 10,
    Outcome.TOO_MUCH_OUTPUT: 10,
    Outcome.CRASHED: 10,
}
"""After how many such ends a part that never answered is not asked for again."""
MAX_PRINTED = 1 << 17
_WORD = re.compile(r"\w+")

_IN_WORDS = {
    Outcome.TIMED_OUT: "time-outs",
    Outcome.OUT_OF_MEMORY: "times it ran out of memory",
    Outcome.TOO_MUCH_OUTPUT: "times it printed too much",
    Outcome.CRASHED: "crashes",
}


class Client:
    """Calls one submission's code; a context manager.

    Parameters
    ----------
    program : Program
    interface_source : str
        Text of the interface's module.
    settings : Mapping
        The assignment's settings of the interface.
    imports : sequence of str
        Top-level modules that may be imported besides `grader.sandbox.allowed_imports.HARMLESS`.
    limits : Limits
    backend : Backend
    budget : Budget, optional
        What the submission has used in other clients; its limits hold for all of them together.

    Attributes
    ----------
    asked : bool
        Whether the student's code was ever asked a question, so that it may know one.
    printed : str
        What the student's code printed, shortened in the middle.
    stand_ins, missing
        What loading found; see `grader.sandbox.session.Loaded`.
    failed : tuple of str
        A warning for each top-level statement that raised when the program was loaded.
    """

    def __init__(
        self,
        program: Program,
        interface_source: str,
        settings: Mapping[str, Any],
        imports: Sequence[str],
        limits: Limits,
        backend: Backend,
        budget: Budget | None = None,
    ) -> None:
        self._program: dict[str, Any] = {
            "op": "load",
            "mains": {program.main: program.graded, **program.others},
            "modules": dict(program.modules),
            "interface": interface_source,
            "settings": dict(settings),
            "imports": sorted({*HARMLESS, *imports}),
            "absent": [name for name in program.left_behind if name not in imports],
        }
        self._text = program
        self._backend = backend
        self._budget = budget or Budget(limits)
        self._session: Session | None = None
        self._broken = Stop(Outcome.IMPORT_FAILED, program.error) if program.error else None
        self._ends: Counter[tuple[str, str, Outcome]] = Counter()
        self._answered: set[tuple[str, str]] = set()
        self._printed = ""
        self._other_names: Mapping[str, Mapping[str, str]] = {}
        self._numbers = itertools.count()
        self.asked = False
        self.stand_ins: Mapping[str, str] = {}
        self.missing: tuple[str, ...] = ()
        self.failed: tuple[str, ...] = ()
        self._absent: Mapping[str, str] = program.absent

    def run(
        self,
        kind: str,
        params: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        *,
        parts: Sequence[str],
        scenario: str = "once",
        layouts: Mapping[str, str] | None = None,
        sizes: Mapping[str, int] | None = None,
    ) -> Reply:
        """Call the student's code through one case, each step of its scenario as a message of its own.

        Parameters
        ----------
        kind, params, arrays, scenario, layouts
            The case's.
        parts : sequence of str
            Which arrays are wanted: what forward returns, then what backward does.
        sizes : Mapping of str to int, optional
            Bytes of the right answer's parts, where they are known. A part that is larger by far is of a
            wrong shape and is not kept: see `grader.sandbox.messages`.

        Returns
        -------
        Reply
            With an answer for every part.
        """
        steps = steps_of(kind, scenario, tuple(arrays), self._not_given_up(kind, tuple(parts)))
        messages = self._messages(steps, kind, params, arrays, layouts=layouts, sizes=sizes)
        return self._ask(kind, messages, tuple(parts))

    def time(
        self,
        kind: str,
        params: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        *,
        parts: Sequence[str],
    ) -> Reply:
        """Call forward, then backward, so that each one's answers carry its own times.

        The upstream gradient is sent after the output has come back: no work can be moved ahead of it.
        A part's ``seconds`` run from the sending (or the part before) to its arrival. The output's
        ``cpu_seconds`` are all that the worker computed until it rested again; so are `cpu_seconds` then.
        """
        before = self._cpu_at_rest()
        first, rest = tuple(parts[:1]), tuple(parts[1:])
        steps = steps_of(kind, "once", tuple(arrays), self._not_given_up(kind, (*first, *rest)))
        messages = self._messages(steps, kind, params, arrays, measured=True)
        there = self._ask(kind, messages[:2], first)
        used = self._cpu_at_rest() - before
        there = replace(
            there, answers={part: replace(a, cpu_seconds=used) for part, a in there.answers.items()}
        )
        if not rest:
            return there
        stopped = there.answers[first[0]]
        if stopped.outcome is not None:
            later = failed(rest, stopped.outcome, stopped.message, stopped.location)
            return Reply({**there.answers, **later}, there.seconds)
        back = self._ask(kind, messages[2:], rest)
        self._cpu_at_rest()
        return Reply({**there.answers, **back.answers}, there.seconds + back.seconds)

    def count(
        self,
        kind: str,
        params: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        *,
        parts: Sequence[str],
    ) -> Reply:
        """Call forward, and backward if more than one part is wanted, with their Python operations counted.

        The reply also has ``counts``: rows of phase (0 forward, 1 backward), file (its place in
        `modules`), line and count, as far as the worker is to be believed.
        """
        names, wanted = tuple((name, name) for name in arrays), (*parts, "counts")
        asked = self._not_given_up(kind, wanted)
        steps = (CaseStep("count", 0, names, names, asked),) if asked else ()
        messages = self._messages(steps, kind, params, arrays, measured=True)
        return self._ask(kind, messages, wanted)

    @property
    def modules(self) -> Mapping[str, str]:
        """The program's source text by path."""
        modules: Mapping[str, str] = self._program["modules"]
        return modules

    def place(self, file: int, line: int) -> Place | None:
        """Return where a line is in the student's files, by the file's number among `modules`."""
        paths = list(self.modules)
        return self._text.place(paths[file], line) if 0 <= file < len(paths) else None

    @property
    def cpu_seconds(self) -> float:
        """Processor time that the submission's workers have used so far, also between calls."""
        running = self._session.cpu_seconds if self._session is not None else 0.0
        return self._budget.cpu_seconds + running

    def _cpu_at_rest(self) -> float:
        """Return the processor time that was used, as soon as the worker waits for the next request."""
        if self._session is not None:
            self._session.rest()
        return self.cpu_seconds

    def pin(self, core: int) -> None:
        """Keep the worker, if one runs, to a core; where that cannot be done, do nothing."""
        if self._session is not None:
            self._session.pin(core)

    def _messages(
        self,
        steps: Sequence[CaseStep],
        kind: str,
        params: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        **more: Any,
    ) -> tuple[Message, ...]:
        most = self._budget.limits.payload_mb * MIB
        return messages_of(steps, kind, params, arrays, number=next(self._numbers), max_bytes=most, **more)

    def _ask(self, kind: str, messages: Sequence[Message], parts: tuple[str, ...]) -> Reply:
        started = time.monotonic()
        answers: dict[str, Answer] = {}
        asked = tuple(part for message in messages if message.step.counts for part in message.parts)
        try:
            if messages:
                self._ready().collect(messages, answers)
        except Stop as stop:
            self._drop()
            left = tuple(part for part in asked if part not in answers)
            answers |= failed(left, stop.outcome, stop.message, stop.location)
            self._ends.update([(kind, left[0], stop.outcome)] if left else [])
        finally:
            self._budget.wall_seconds += time.monotonic() - started
        short = next((part for part in asked if answers[part].outcome is Outcome.OUT_OF_MEMORY), None)
        if short is not None and self._session is not None:
            # What filled the memory may still be held.
            self._drop()
            self._ends[kind, short, Outcome.OUT_OF_MEMORY] += 1
        self._answered |= {(kind, part) for part, answer in answers.items() if answer.outcome is None}
        skipped = tuple(part for part in parts if part not in answers)
        answers |= failed(skipped, Outcome.NOT_RUN, self._why_given_up(kind, skipped))
        ordered = {part: self._explained(answers[part]) for part in parts}
        return Reply(ordered, time.monotonic() - started)

    def _explained(self, answer: Answer) -> Answer:
        """Say of a name that is missing where it should have been set."""
        if answer.outcome not in (Outcome.RAISED, Outcome.NOT_IMPLEMENTED):
            return answer
        return replace(answer, message=with_reason(answer.message, self._absent))

    def _not_given_up(self, kind: str, parts: tuple[str, ...]) -> tuple[str, ...]:
        for index, part in enumerate(parts):
            if self._given_up(kind, part) is not None:
                return parts[:index]
        return parts

    def _given_up(self, kind: str, part: str) -> Outcome | None:
        """Return what a part came to each time that it was asked for, if it is not asked for again."""
        if (kind, part) in self._answered:
            return None
        return next((end for end, most in GIVE_UP_AFTER.items() if self._ends[kind, part, end] >= most), None)

    def _why_given_up(self, kind: str, parts: Sequence[str]) -> str:
        end = next((end for part in parts if (end := self._given_up(kind, part))), None)
        return f"not called again after {GIVE_UP_AFTER[end]} {_IN_WORDS[end]}" if end else ""

    def _ready(self) -> Session:
        """Return a worker with the program loaded."""
        if self._broken is not None:
            raise Stop(self._broken.outcome, self._broken.message, self._broken.location)
        self._budget.check()
        if self._session is None:
            self._session = Session(self._backend.spawn(self._budget.limits), self._budget, self.place)
            try:
                loaded = self._session.load(self._program)
                self._note(loaded)
            except Stop as stop:
                # What failed to load once is not tried again for every case.
                self._broken = stop
                raise
        self.asked = True
        return self._session

    def _note(self, loaded: Loaded) -> None:
        """Keep what loading found, with the names that are not set since a statement failed."""
        self.stand_ins, self.missing = loaded.stand_ins, loaded.missing
        paths = list(self.modules)
        absent = dict(self._text.absent)
        warnings = []
        for file, line, why in loaded.failed:
            if 0 <= file < len(paths):
                warning, names = self._text.failed(paths[file], line, with_reason(why, absent))
                warnings += [warning] if warning else []
                absent.update(names)
        self.failed, self._absent = tuple(warnings), absent

    def _drop(self) -> None:
        if self._session is not None:
            self._session.end()
            self._printed = (self._printed + self._session.printed)[-MAX_PRINTED:]
            self._other_names = self.other_names
            self._session = None

    @property
    def printed(self) -> str:
        """What the student's code printed so far."""
        current = self._session.printed if self._session is not None else ""
        return self._printed + current

    @property
    def other_names(self) -> Mapping[str, Mapping[str, str]]:
        """What the student calls otherwise than the template, by kind of layer; names of the source alone.

        Only the worker can tell, so a hostile program can hide it: it gains what the penalty costs.
        """
        found = self._session.other_names if self._session is not None else {}
        if not found:
            return self._other_names
        words = {word for text in self.modules.values() for word in _WORD.findall(text)}
        merged = {kind: {**self._other_names.get(kind, {}), **names} for kind, names in found.items()}
        kept = {
            kind: {name: own for name, own in names.items() if own in words} for kind, names in merged.items()
        }
        return {**self._other_names, **kept}

    def close(self) -> None:
        """End the worker."""
        self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
