"""Start a worker as a plain subprocess, on any platform: the backend ``none``.

Trusted side. Limits, deadlines and the wire hold here as well; confinement does not. Other backends
start the same process behind a command of theirs.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from grader.assignment.limits import Limits
from grader.errors import SandboxError
from grader.sandbox.pipes import Channel
from grader.sandbox.process import WorkerProcess, worker_settings
from grader.sandbox.worker_source import FLAGS, bundle, environment


class PlainBackend:
    """Starts each worker as a process of its own, unconfined.

    Parameters
    ----------
    python : str, optional
        The workers' interpreter; this process's own if left out.
    packages : sequence of str
        Not needed: everything can be read.
    """

    name = "none"

    def __init__(self, python: str | None = None, packages: Sequence[str] = ()) -> None:  # noqa: ARG002
        self._python = python or sys.executable

    def spawn(self, limits: Limits) -> WorkerProcess:
        """Start a worker."""
        return start([self._python, *FLAGS, worker_settings(limits)], limits)

    def close(self) -> None:
        """Nothing is held between workers."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(command: Sequence[str], limits: Limits, keep_fds: Sequence[int] = ()) -> WorkerProcess:
    """Start a command that runs a worker on its standard streams.

    Raises
    ------
    SandboxError
        The command cannot be started.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            cwd=Path(os.sep).resolve(),
            pass_fds=tuple(keep_fds),
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"{command[0]}: cannot be started ({error.strerror})") from None
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    # The channel owns the descriptors from here on.
    streams = (process.stdin, process.stdout, process.stderr)
    requests, replies, output = (os.dup(stream.fileno()) for stream in streams)
    channel = Channel(requests, replies, output, limits)
    for stream in streams:
        stream.close()
    channel.send(bundle("main"))
    return WorkerProcess(process.pid, channel, lambda grace: _finish(process, grace))


def _finish(process: "subprocess.Popen[bytes]", grace: float) -> int:
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(grace) if grace else process.wait(0)
    if os.name == "posix":
        # The session's other processes too: nothing else stops them here.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    return process.wait()
