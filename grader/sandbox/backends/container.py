"""Workers inside a container engine: Docker or Podman.

Trusted side. The image needs Python and NumPy and nothing else: the worker's program comes through
its standard input, so no folder of this machine is mounted.
"""

import contextlib
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from grader.assignment.limits import Limits
from grader.errors import SandboxError
from grader.sandbox.backends import syscalls
from grader.sandbox.backends.unconfined import start
from grader.sandbox.process import WorkerProcess, worker_settings
from grader.sandbox.worker_source import FLAGS, environment

ENGINES = ("podman", "docker")
IMAGE = "conv-grader-worker"
ENGINE_SECONDS = 60.0
OVERHEAD_MB = 256


class ContainerBackend:
    """Starts each worker in a container without network, rights or writable files.

    Parameters
    ----------
    python : str, optional
        The image to run, with ``python3`` and NumPy; `IMAGE` if left out.
    packages : sequence of str
        Not needed: what the image has can be read.
    """

    name = "container"

    def __init__(self, python: str | None = None, packages: Sequence[str] = ()) -> None:  # noqa: ARG002
        found = [path for path in map(shutil.which, ENGINES) if path]
        if not found:
            raise SandboxError(f"no container engine is installed ({' or '.join(ENGINES)})")
        self._engine, self._image = found[0], python or IMAGE
        self._bpf = syscalls.seccomp_filter()
        _run(
            [self._engine, "image", "inspect", self._image],
            f"{Path(self._engine).name} has no image {self._image!r}",
        )
        self.facts = {"engine": Path(self._engine).name, "image": self._image}

    def spawn(self, limits: Limits) -> WorkerProcess:
        """Start a worker in a container of its own."""
        name = f"grader-{secrets.token_hex(8)}"
        # The filter refuses threads and processes; where some are allowed, the engine's own must do.
        settings = worker_settings(limits, b"" if limits.processes else self._bpf)
        worker = start(container_command(self._engine, self._image, name, limits, settings), limits)
        worker.before_end(lambda: self._kill(name))
        return worker

    def _kill(self, name: str) -> None:
        with contextlib.suppress(SandboxError):
            _run([self._engine, "kill", name], "already gone")

    def close(self) -> None:
        """Containers are removed as they end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def container_command(engine: str, image: str, name: str, limits: Limits, settings: str) -> list[str]:
    """Return the engine's command line for one worker."""
    memory = f"{limits.memory_mb + OVERHEAD_MB}m"
    variables = [f"--env={key}={value}" for key, value in environment().items() if key != "LD_LIBRARY_PATH"]
    return [
        engine,
        "run",
        "--rm",
        "--interactive",
        f"--name={name}",
        "--pull=never",
        "--network=none",
        "--ipc=none",
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--user=65534:65534",
        "--workdir=/",
        "--log-driver=none",
        "--stop-timeout=0",
        "--entrypoint=python3",
        f"--pids-limit={limits.processes + 1}",
        f"--memory={memory}",
        f"--memory-swap={memory}",
        "--cpus=1",
        "--ulimit=core=0",
        f"--ulimit=fsize={limits.file_mb << 20}",
        *variables,
        image,
        *FLAGS,
        settings,
    ]


def _run(arguments: Sequence[str], problem: str) -> None:
    try:
        done = subprocess.run(arguments, capture_output=True, timeout=ENGINE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"{arguments[0]}: {error}") from None
    if done.returncode:
        complaint = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise SandboxError(f"{problem}: {' '.join(complaint)}")
