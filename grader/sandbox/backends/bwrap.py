"""Workers inside bubblewrap: namespaces, a file tree of their own, and the same seccomp filter.

Trusted side. Needs user namespaces for ordinary users, which stock Ubuntu 24.04 refuses; the probe finds out.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.assignment.limits import Limits
from grader.errors import SandboxError
from grader.sandbox.backends import syscalls
from grader.sandbox.backends.unconfined import start
from grader.sandbox.process import WorkerProcess, worker_settings
from grader.sandbox.worker_source import FLAGS, bundle, environment

_START_SECONDS = 30.0


class BwrapBackend:
    """Starts each worker in namespaces of its own.

    Parameters
    ----------
    python : str, optional
        The workers' interpreter; this process's own if left out.
    packages : sequence of str
        Installed packages that workers may read besides NumPy and the standard library.
    """

    name = "bwrap"

    def __init__(self, python: str | None = None, packages: Sequence[str] = ()) -> None:
        program = shutil.which("bwrap")
        if program is None:
            raise SandboxError("bubblewrap (`bwrap`) is not installed")
        self._python = shutil.which(python or sys.executable) or str(python)
        self._bpf = syscalls.seccomp_filter()
        told = ask_places(self._python, packages)
        self.facts = {"Python": told["python"], "NumPy": told["numpy"]}
        paths = [*syscalls.readable(told), *_interpreter(self._python)]
        self._prefix = bwrap_command(program, paths, _links())

    def spawn(self, limits: Limits) -> WorkerProcess:
        """Start a worker."""
        if limits.processes:
            raise SandboxError(f"limits.processes = {limits.processes}: the bwrap sandbox allows only 0")
        ours, theirs = os.pipe()
        try:
            whole = [*self._prefix, "--info-fd", str(theirs), "--", self._python, *FLAGS]
            worker = start([*whole, worker_settings(limits, self._bpf)], limits, keep_fds=(theirs,))
        finally:
            os.close(theirs)
        with open(ours, "rb") as pipe:  # noqa: PTH123 - a descriptor, not a path
            told = pipe.read()
        if told:
            worker.watch(int(json.loads(told)["child-pid"]))
        return worker

    def close(self) -> None:
        """Nothing is held between workers."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def bwrap_command(program: str, paths: Iterable[str], links: Iterable[tuple[str, str]]) -> list[str]:
    """Return bubblewrap's arguments for a tree of these paths, read-only, and nothing else.

    Parameters
    ----------
    program : str
        Path of ``bwrap``.
    paths : iterable of str
        What is mounted at its own place.
    links : iterable of (str, str)
        Symbolic links to make: target, path.
    """
    arguments = [program, "--unshare-all", "--die-with-parent", "--new-session", "--as-pid-1"]
    arguments += ["--cap-drop", "ALL", "--clearenv", "--chdir", "/"]
    for name, value in environment().items():
        arguments += ["--setenv", name, value]
    for target, path in links:
        arguments += ["--symlink", target, path]
    for path in paths:
        arguments += ["--ro-bind", path, path]
    return [*arguments, "--remount-ro", "/"]


def ask_places(python: str, packages: Sequence[str] = ()) -> dict[str, Any]:
    """Ask an interpreter where it keeps what a worker reads.

    Raises
    ------
    SandboxError
        It cannot be started or has no NumPy.
    """
    try:
        done = subprocess.run(
            [python, *FLAGS, *packages],
            input=bundle("python_paths"),
            capture_output=True,
            env=environment(),
            timeout=_START_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"{python}: cannot be started ({error})") from None
    if done.returncode:
        complaint = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise SandboxError(f"{python}: {' '.join(complaint)}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _interpreter(python: str) -> Sequence[str]:
    """Return what starting the interpreter itself reads."""
    own = Path(python)
    config = own.parent.parent / "pyvenv.cfg"
    # /lib64 is made as the link that it is; the loader is mounted where it lies.
    loaders = [path.parent.resolve() / path.name for path in Path("/").glob("lib*/ld-*.so*")]
    found = [own, own.resolve(), *([config] if config.exists() else []), *loaders]
    return [str(path) for path in found]


def _links() -> list[tuple[str, str]]:
    """Return the links at the top of the tree, such as /lib -> usr/lib."""
    return [(os.readlink(path), str(path)) for path in Path("/").glob("lib*") if path.is_symlink()]  # noqa: PTH115
