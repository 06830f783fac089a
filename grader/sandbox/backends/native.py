"""The default sandbox: a zygote that forks workers, confined by Landlock, seccomp and resource limits.

Trusted side. Works as an ordinary user and as root, without namespaces and inside containers, since a process
confines itself here and asks nobody for the right to.
"""

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from grader.assignment.limits import Limits
from grader.errors import SandboxError
from grader.sandbox.backends import syscalls
from grader.sandbox.pipes import Channel
from grader.sandbox.process import WorkerProcess, close_all, resource_limits
from grader.sandbox.worker_source import FLAGS, bundle, environment

_START_SECONDS = 30.0
ANSWER_SECONDS = 30.0


class NativeBackend:
    """Forks confined workers from one zygote.

    Parameters
    ----------
    python : str, optional
        The workers' interpreter, with NumPy; this process's own if left out.
    packages : sequence of str
        Installed packages that workers may read besides NumPy and the standard library.

    Attributes
    ----------
    places : dict
        What the zygote told of its interpreter: versions and folders.
    facts : dict
        Versions, for people.
    """

    name = "native"

    def __init__(self, python: str | None = None, packages: Sequence[str] = ()) -> None:
        if not sys.platform.startswith("linux"):
            raise SandboxError("the native sandbox needs Linux")
        self._python, self._packages = python or sys.executable, tuple(packages)
        self._bpf = syscalls.seccomp_filter()
        syscalls.ruleset(()).close()
        self._lock = threading.Lock()
        self._closed = False
        self._open()

    def _open(self) -> None:
        """Start a zygote and give it the rules for its children."""
        self._control, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            try:
                self._zygote = _start(self._python, other.fileno(), self._packages)
            except SandboxError:
                self._control.close()
                raise
        try:
            self._control.settimeout(_START_SECONDS)
            self.places = self._receive()
            self.facts = {
                "Landlock": f"ABI {syscalls.landlock_abi()}",
                "Python": self.places["python"],
                "NumPy": self.places["numpy"],
            }
            with syscalls.ruleset(syscalls.readable(self.places)) as rules:
                self._send({"filter": base64.b64encode(self._bpf).decode()}, rules.fileno())
            self._control.settimeout(ANSWER_SECONDS)
        except BaseException:
            self.close()
            raise

    def spawn(self, limits: Limits) -> WorkerProcess:
        """Fork a worker that has confined itself before it reads a byte of the student's."""
        if limits.processes:
            raise SandboxError(f"limits.processes = {limits.processes}: the native sandbox allows only 0")
        with self._lock:
            if self._zygote.poll() is not None and not self._closed:
                # Whatever ended it, such as a lack of memory, must not end the whole run.
                self._hang_up()
                self._open()
        theirs_in, ours_in = os.pipe()
        ours_reply, theirs_reply = os.pipe()
        ours_output, theirs_output = os.pipe()
        theirs, ours = (theirs_in, theirs_reply, theirs_output), (ours_in, ours_reply, ours_output)
        try:
            answer = self._ask({"op": "spawn", "limits": resource_limits(limits)}, *theirs)
        except BaseException:
            close_all(ours)
            raise
        finally:
            close_all(theirs)
        if "error" in answer:
            close_all(ours)
            raise SandboxError(f"a worker could not confine itself: {answer['error']}")
        pid = answer["pid"]
        return WorkerProcess(pid, Channel(*ours, limits), lambda grace: self._end(pid, grace))

    def _end(self, pid: int, grace: float) -> int:
        if self._zygote.poll() is not None:
            return -signal.SIGKILL
        return int(self._ask({"op": "end", "pid": pid, "grace": grace})["status"])

    def _ask(self, message: dict[str, Any], *fds: int) -> dict[str, Any]:
        with self._lock:
            self._send(message, *fds)
            return self._receive()

    def _send(self, message: dict[str, Any], *fds: int) -> None:
        try:
            socket.send_fds(self._control, [json.dumps(message).encode()], fds)
        except OSError as error:
            raise SandboxError(f"the zygote is gone: {error}") from None

    def _receive(self) -> dict[str, Any]:
        try:
            data = self._control.recv(1 << 16)
        except OSError as error:
            # Its next answer would belong to this question.
            self._zygote.kill()
            raise SandboxError(f"the zygote does not answer: {error}") from None
        if not data:
            raise SandboxError(f"the workers' interpreter did not start: {self._complaint()}")
        answer: dict[str, Any] = json.loads(data)
        return answer

    def _complaint(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._zygote.wait(5.0)
            assert self._zygote.stderr is not None
            lines = self._zygote.stderr.read().decode(errors="replace").strip().splitlines()
            return lines[-1] if lines else f"exit code {self._zygote.returncode}"
        return "it closed its pipe"

    def close(self) -> None:
        """End the zygote; workers end with it."""
        self._closed = True
        self._hang_up()

    def _hang_up(self) -> None:
        self._control.close()
        try:
            self._zygote.wait(5.0)
        except subprocess.TimeoutExpired:
            self._zygote.kill()
            self._zygote.wait()
        if self._zygote.stderr is not None:
            self._zygote.stderr.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _start(python: str, control_fd: int, packages: Sequence[str]) -> "subprocess.Popen[bytes]":
    try:
        process = subprocess.Popen(
            [python, *FLAGS, str(control_fd), *packages],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(),
            cwd="/",
            pass_fds=(control_fd,),
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"{python}: cannot be started ({error.strerror})") from None
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin:
        process.stdin.write(bundle("zygote"))
    return process
