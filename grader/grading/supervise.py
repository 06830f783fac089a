"""A process that works on a student's bytes and can be ended: its memory and each stage's time are bounded.

Trusted side. Parsers, archives and comparisons of ours read what a student chose, so one of them may take
hours or gigabytes although no student's code runs there. The supervisor waits, watches the clocks and kills.
"""

import contextlib
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from grader.sandbox.process import clock_seconds, cpu_clock
from grader.worker import confine

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

POLL_INTERVAL = 0.05
HEADROOM = 2 << 30
"""Bytes of address space that the work may add to what the process has at its start."""
RETIRES = 0.25
"""A process that has kept this share of it is replaced before the next task, so that each task has room."""
M_ARENA_MAX = -8


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the work with limits of its own.

    Attributes
    ----------
    name : str
        What is done, as the end of "could not be …": ``read``, ``checked``.
    cpu_seconds : float
        Processor time of the supervised process; a student's code runs in others, and waiting is free.
    wall_seconds : float
        A backstop for what waits without end.
    """

    name: str
    cpu_seconds: float
    wall_seconds: float


START = Stage("started", 60.0, 120.0)


class Breach(Exception):  # noqa: N818 - a finding about the work, not an error of ours
    """The work was ended: in which `stage`, and why, as the rest of "could not be read …"."""

    def __init__(self, stage: Stage, why: str) -> None:
        super().__init__(f"could not be {stage.name} {why}")
        self.stage = stage


class Died(Exception):  # noqa: N818 - as above
    """The process ended although nobody ended it; the text says how."""


class Progress(Protocol):
    """What supervised work says of itself while it goes on."""

    def stage(self, stage: Stage) -> None:
        """Begin a stage: its limits count from now."""

    def so_far(self, value: Any) -> None:
        """Hand over what is known by now, in case the rest breaches a limit."""


class _Unwatched:
    """Takes a report where nobody watches."""

    def stage(self, stage: Stage) -> None:
        """Go on."""

    def so_far(self, value: Any) -> None:
        """Go on."""


UNWATCHED = _Unwatched()

Work = Callable[[Any, Progress], Any]
"""Does one task; runs in the supervised process and is pickled to it where that is not forked."""


class Supervised:
    """A process that does one task after another and is replaced once it was ended; a context manager.

    Parameters
    ----------
    work : callable
    method : str
        How the process starts: ``fork`` from a process without threads, else ``forkserver``.
    headroom : int
        Bytes of address space that the work may add.

    Attributes
    ----------
    so_far : object
        What the last task had handed over when it ended; None if nothing.
    """

    def __init__(self, work: Work, method: str = "fork", headroom: int = HEADROOM) -> None:
        self._work, self._method, self._headroom = work, method, headroom
        self._context: Any = multiprocessing.get_context(method)
        self._process: Any = None
        self.so_far: Any = None

    def do(self, task: Any) -> Any:
        """Return what the work makes of a task; an exception of the work's is raised here.

        Raises
        ------
        Breach
            A limit was reached; `so_far` is what had been handed over.
        Died
            The process ended by itself.
        """
        self.so_far = None
        try:
            if self._process is None:
                self._start()
            self._connection.send(task)
            answer, retires = self._answer()
        except (EOFError, ConnectionError):
            self._process.join(1.0)
            code = self._process.exitcode
            self.close()
            raise Died(f"its process ended (exit code {code})") from None
        except BaseException:
            self.close()
            raise
        if retires:
            self.close()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _start(self) -> None:
        self._connection, theirs = self._context.Pipe()
        parent = os.getpid() if self._method == "fork" else None
        arguments = (theirs, self._work, self._headroom, parent)
        self._process = self._context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()

    def _answer(self) -> tuple[Any, bool]:
        """Wait for the answer and hold the work to the limits of its stages."""
        stage, clock = START, cpu_clock(self._process.pid)
        cpu, wall = clock_seconds(clock), time.monotonic()
        while True:
            if self._connection.poll(POLL_INTERVAL):
                kind, value = self._connection.recv()
                if kind == "stage":
                    stage, cpu, wall = value, clock_seconds(clock), time.monotonic()
                elif kind == "so far":
                    self.so_far = value
                elif kind == "memory":
                    raise Breach(stage, f"with {self._headroom >> 20} MiB of memory")
                else:
                    answer, retires = value
                    return answer, retires
            # Read after a message too: work that reports without end must not keep anybody from looking.
            if clock_seconds(clock) - cpu > stage.cpu_seconds:
                raise Breach(stage, f"within {stage.cpu_seconds:g} s of processor time")
            if time.monotonic() - wall > stage.wall_seconds:
                raise Breach(stage, f"within {stage.wall_seconds:g} s")

    def close(self) -> None:
        """End the process and whatever it started."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._connection.close()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Pipe:
    """Sends the reports of the supervised process."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection

    def stage(self, stage: Stage) -> None:
        self._connection.send(("stage", stage))

    def so_far(self, value: Any) -> None:
        self._connection.send(("so far", value))


def _serve(connection: "Connection[Any, Any]", work: Work, headroom: int, parent: int | None) -> None:
    """Do tasks until nobody asks any more, or nobody is there to ask."""
    _prepare(headroom, parent)
    # The modules stay for good: a collector that visits them each time takes a tenth of the time.
    gc.freeze()
    start, report = _address_space(), _Pipe(connection)
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        try:
            answer: Any = work(task, report)
        except MemoryError:
            connection.send(("memory", None))
            return
        except Exception as error:
            error.add_note(traceback.format_exc())
            answer = error
        retires = _address_space() - start > headroom * RETIRES
        connection.send(("done", (answer, retires)))


def _prepare(headroom: int, parent: int | None) -> None:
    """End with the parent and with Ctrl-C, and allow so much more address space."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if not sys.platform.startswith("linux"):
        return
    confine.die_with_parent(signal.SIGKILL)
    # If the parent ended before the line above, no signal will come.
    if parent is not None and os.getppid() != parent:
        os._exit(1)
    # Each thread would else reserve 64 MiB of address space, which is what is limited here.
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + headroom, hard))


def _address_space() -> int:
    """Return the bytes of address space that this process has now; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()
