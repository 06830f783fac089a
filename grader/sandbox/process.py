"""One running worker, whatever started it, and the words for how it ended.

Trusted side. Owned by the client, which alone sends to a worker and ends it.
"""

import base64
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from grader.assignment.limits import Limits
from grader.results import Outcome
from grader.sandbox.pipes import Channel
from grader.worker.wire import OUT_OF_MEMORY_EXIT

GRACE = 0.5
REST_SECONDS, REST_POLL = 0.05, 5e-5
"""How long to wait until a worker rests, and between two looks."""


class WorkerProcess:
    """A worker: its pid, its pipes and how to end it.

    Parameters
    ----------
    pid : int
    channel : Channel
    finish : callable
        Given seconds of grace, waits that long, kills, reaps and returns the exit code (-signal if killed).
    """

    def __init__(self, pid: int, channel: Channel, finish: Callable[[float], int]) -> None:
        self.pid = pid
        self.channel = channel
        self._finish = finish
        self._before_end: Callable[[], None] | None = None
        self._wrapped = False
        self._clock, self._watched = cpu_clock(pid), pid

    def watch(self, pid: int) -> None:
        """Read the processor clock of the worker itself, where `pid` is only what started it."""
        self._clock, self._watched = cpu_clock(pid), pid
        self._wrapped = True

    def before_end(self, action: Callable[[], None]) -> None:
        """Do something more to end a worker that is not a child of this process."""
        self._before_end = action
        self._wrapped = True

    def cpu_seconds(self) -> float:
        """Return the processor time that the worker has used, in seconds; 0 where nobody can tell."""
        return clock_seconds(self._clock)

    def rest(self) -> None:
        """Wait, for a short while at most, until the worker waits for something, such as its next request.

        The system brings a process's processor clock up to date when the process stops running, otherwise
        only from time to time (4 ms is usual). So only the clock of a worker at rest is exact.
        """
        end = time.monotonic() + REST_SECONDS
        while True:
            # First, since a worker that is about to wait says so a moment before its clock is up to date.
            time.sleep(REST_POLL)
            if _state(self._watched) != "R" or time.monotonic() > end:
                return

    def end(self, *, grace: float = 0.0) -> int:
        """End the worker and everything it holds; return its exit code."""
        if self._before_end is not None and not grace:
            self._before_end()
        code = self._finish(grace)
        self.channel.close()
        # What stands between reports a signal as a shell does.
        return 128 - code if self._wrapped and code > 128 else code


class Backend(Protocol):
    """One way to start workers; a context manager, one for each trusted process."""

    name: str

    def spawn(self, limits: Limits) -> WorkerProcess:
        """Start a confined worker.

        Raises
        ------
        grader.errors.SandboxError
            It could not be started or not be confined.
        """

    def close(self) -> None:
        """End what the backend itself started."""


def cpu_clock(pid: int) -> int | None:
    """Return the id of another process's processor clock."""
    if not sys.platform.startswith("linux"):
        return None
    clock = ctypes.c_int()
    failed = ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock))
    return None if failed else clock.value


def clock_seconds(clock: int | None) -> float:
    """Return what another process's clock shows, in seconds; 0 where there is none, or none any more."""
    try:
        return time.clock_gettime(clock) if clock is not None else 0.0
    except OSError:
        return 0.0


def _state(pid: int) -> str:
    """Return a process's state as /proc has it, such as R for running; empty where nobody can tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def describe_end(code: int, limits: Limits) -> tuple[Outcome, str]:
    """Return the outcome and the sentence for a worker that ended by itself.

    Examples
    --------
    >>> describe_end(-11, Limits())[1]
    'the process was ended by SIGSEGV: it accessed memory that it does not own'
    >>> describe_end(3, Limits())[1]
    'the code ended its own process with exit code 3'
    """
    if code == OUT_OF_MEMORY_EXIT:
        return Outcome.OUT_OF_MEMORY, memory_sentence(limits)
    if code >= 0:
        return Outcome.CRASHED, f"the code ended its own process with exit code {code}"
    name = _signal_name(-code)
    if name == "SIGXCPU":
        return Outcome.TIMED_OUT, cpu_sentence(limits.submission_cpu_seconds)
    reasons = {
        "SIGSEGV": "it accessed memory that it does not own",
        "SIGBUS": "it accessed memory that does not exist",
        "SIGABRT": "a library aborted",
        "SIGFPE": "an integer was divided by zero in compiled code",
        "SIGILL": "it reached bytes that are not an instruction",
        "SIGKILL": "the operating system ran out of memory, or the code closed its pipes",
        "SIGSYS": "it used a system call of another processor",
        "SIGXFSZ": f"it wrote a file larger than {limits.file_mb} MiB",
    }
    reason = f": {reasons[name]}" if name in reasons else ""
    return Outcome.CRASHED, f"the process was ended by {name}{reason}"


def memory_sentence(limits: Limits) -> str:
    """Say what the memory limit is."""
    return f"needed more than the {limits.memory_mb} MiB of memory that are allowed"


def cpu_sentence(seconds: float) -> str:
    """Say what the processor limit is."""
    return f"used more than the {seconds:g} s of processor time that are allowed"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def worker_settings(limits: Limits, bpf: bytes = b"") -> str:
    """Return the argument of a worker that confines itself: limits and the filter over system calls."""
    return json.dumps({"limits": resource_limits(limits), "filter": base64.b64encode(bpf).decode()})


def resource_limits(limits: Limits) -> dict[str, int]:
    """Return the limits that the worker sets for itself, in bytes and whole seconds."""
    return {
        "memory": limits.memory_mb << 20,
        "file": limits.file_mb << 20,
        # A backstop only: the trusted side's clock is finer and comes first.
        "cpu": int(limits.submission_cpu_seconds) + 2,
    }


def close_all(fds: tuple[int, ...]) -> None:
    """Close file descriptors that have been handed over."""
    for fd in fds:
        os.close(fd)
