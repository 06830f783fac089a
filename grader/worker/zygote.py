"""The process that forks a confined worker in milliseconds: NumPy loaded, no answers in its memory.

Part of the worker, but trusted: it never executes student code itself, only its forked children do. Python
>= 3.9 with NumPy alone; the Landlock rules and the seccomp filter come ready-made from the trusted side.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import importlib.abc
import importlib.util
import json
import os
import signal
import socket
import sys
import sysconfig
import time
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from grader.worker import confine, python_paths, rlimits
from grader.worker.main import serve, streams

MAX_CONTROL_MESSAGE = 1 << 16


class Allowed(importlib.abc.MetaPathFinder):
    """Finds the packages that the assignment allows, since their folder cannot be listed by a worker."""

    def __init__(self, specs: Mapping[str, ModuleSpec]) -> None:
        self._specs = specs

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        """Return the spec that was found before the fork."""
        return self._specs.get(fullname)


def main(control_fd: str, *packages: str) -> None:
    """Serve the trusted process until it closes its end."""
    control = socket.socket(fileno=int(control_fd))
    extra = python_paths.specs(packages)
    sys.meta_path.append(Allowed(extra))
    _send(control, python_paths.places(extra.values()))
    policy, (ruleset,) = _receive(control)
    bpf = base64.b64decode(policy["filter"])
    # The library's folder is listed now: its files may be read later, its list may not.
    importlib.util.find_spec("no_module_of_this_name")
    # Frozen objects are not visited by the collector, so forked workers keep sharing their memory pages.
    gc.collect()
    gc.freeze()
    while True:
        message, fds = _receive(control)
        if message["op"] == "spawn":
            _send(control, spawn(message, fds, ruleset, bpf, control))
        else:
            _send(control, {"status": end(message["pid"], message["grace"])})


def spawn(message: dict[str, Any], fds: list[int], ruleset: int, bpf: bytes, control: socket.socket) -> Any:
    """Fork a worker on the given pipes; return its pid once it has confined itself."""
    ready, confined = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            control.detach()
            request_fd, reply_fd = become(fds, confined, ruleset, bpf, message["limits"])
        except BaseException as error:
            os.write(3, f"{type(error).__name__}: {error}".encode()[:500])
            os._exit(1)
        serve(request_fd, reply_fd)
    for fd in (*fds, confined):
        os.close(fd)
    word = os.read(ready, 1000)
    os.close(ready)
    if word != b"+":
        end(pid, 0.0)
        return {"error": word.decode(errors="replace") or "the child ended before it was confined"}
    return {"pid": pid}


def become(
    fds: list[int], confined: int, ruleset: int, bpf: bytes, limits: dict[str, Any]
) -> tuple[int, int]:
    """Turn the forked child into a confined worker with five open files; return requests and replies."""
    zygote = os.getppid()
    confine.die_with_parent(signal.SIGKILL)
    # If the zygote died before the line above, no signal will come.
    if os.getppid() != zygote:
        os._exit(1)
    _keep(fds, confined, ruleset)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    streams()
    _forget()
    # The order matters: the seccomp filter comes last, since it refuses the calls that the steps before need.
    rlimits.apply(limits)
    confine.give_up_privileges()
    confine.restrict_files(6)
    os.close(6)
    confine.restrict_calls(bpf)
    # The zygote waits for this byte, so that a worker that is not confined never gets a request.
    os.write(3, b"+")
    os.close(3)
    return 4, 5


def _keep(fds: list[int], confined: int, ruleset: int) -> None:
    """Move the files that stay to 0..6 and close all others."""
    request_fd, reply_fd, output_fd = fds
    nothing, other = os.pipe()
    os.close(other)
    wanted = [nothing, output_fd, output_fd, confined, request_fd, reply_fd, ruleset]
    # Above every target first, so that no move overwrites a file that is still to be moved.
    high = [os.dup2(fd, 100 + place) for place, fd in enumerate(wanted)]
    for place, fd in enumerate(high):
        os.dup2(fd, place)
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if number >= len(wanted):
            with contextlib.suppress(OSError):
                os.close(number)


def _forget() -> None:
    """Leave nothing that tells where the interpreter's owner keeps things."""
    os.environ.clear()
    os.umask(0o077)
    library = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    sys.path[:] = [path for path in sys.path if path.startswith(library) and "-packages" not in path]
    for path in set(sys.path_importer_cache) - set(sys.path):
        del sys.path_importer_cache[path]
    sys.argv[:] = [""]


def end(pid: int, grace: float) -> int:
    """Wait `grace` seconds for a worker's end, then kill it; return its exit code, -signal if killed."""
    deadline = time.monotonic() + grace
    with contextlib.suppress(ChildProcessError):
        while True:
            # Only a child that has not been reaped is signalled, so that no stranger gets its number.
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                return _code(status)
            if time.monotonic() >= deadline:
                break
            time.sleep(0.002)
        os.kill(pid, signal.SIGKILL)
        return _code(os.waitpid(pid, 0)[1])
    return -signal.SIGKILL


def _code(status: int) -> int:
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _send(control: socket.socket, message: dict[str, Any]) -> None:
    control.send(json.dumps(message).encode())


def _receive(control: socket.socket) -> tuple[dict[str, Any], list[int]]:
    data, fds, _, _ = socket.recv_fds(control, MAX_CONTROL_MESSAGE, 4)
    if not data:
        os._exit(0)
    return json.loads(data), fds
