"""Test whether a sandbox confines: a worker attempts everything that must be refused.

Trusted side. Only a refusal proves that a feature works, not its presence. `grader doctor` prints the report.
"""

import os
import platform
import secrets
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from grader.assignment.limits import Limits
from grader.errors import SandboxError
from grader.intake.source import Program
from grader.sandbox.client import Client
from grader.sandbox.process import Backend
from grader.worker import escape_attempts

_INTERFACE = """
NEEDS = {}
class Probe:
    def __init__(self, student, params):
        self.student, self.params = student, params
    def forward(self, x):
        return self.student.run(self.params)
    def backward(self):
        return iter(())
def probe(student, params, arrays, settings):
    return Probe(student, params)
"""
_LIMITS = Limits(call_seconds=20.0, call_cpu_seconds=20.0, load_seconds=20.0)
_IMPORTS = ("errno", "os", "platform", "socket", "threading", "resource", "ctypes", "pathlib")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that was tried: what, whether it was refused, and with which error."""

    name: str
    refused: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a backend proved.

    Attributes
    ----------
    backend : str
    attempts : tuple of Attempt
        Empty where it could not even start a worker.
    problem : str
        Why it cannot be used; empty where it can.
    facts : Mapping of str to str
        Versions of kernel, Landlock, Python and NumPy, as far as known.
    """

    backend: str
    attempts: tuple[Attempt, ...] = ()
    problem: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether everything that was tried was refused."""
        return not self.problem and all(attempt.refused for attempt in self.attempts)


def probe(backend: Backend) -> Report:
    """Try everything from inside one of the backend's workers."""
    source = Path(escape_attempts.__file__).read_text(encoding="utf-8")
    program = Program("probe.py", {"probe.py": source})
    facts = {"kernel": platform.release(), **getattr(backend, "facts", {})}
    try:
        with _bait() as bait, Client(program, _INTERFACE, {}, _IMPORTS, _LIMITS, backend) as client:
            reply = client.run("probe", bait, {"x": np.zeros(1)}, parts=("output",))
            printed = client.printed.strip().splitlines()[-1:]
    except SandboxError as error:
        return Report(backend.name, problem=str(error), facts=facts)
    answer = reply.answers["output"]
    if answer.array is None or answer.array.shape != (len(escape_attempts.ATTEMPT_NAMES),):
        why = "; ".join([answer.message, *printed])
        return Report(backend.name, problem=f"the probe did not answer: {why}", facts=facts)
    tried = tuple(
        Attempt(name.replace("_", " "), bool(code), os.strerror(int(code)) if code else "")
        for name, code in zip(escape_attempts.ATTEMPT_NAMES, answer.array.tolist(), strict=True)
    )
    through = [attempt.name for attempt in tried if not attempt.refused]
    problem = f"a worker could {', '.join(through)}" if through else ""
    return Report(backend.name, tried, problem, facts)


@contextmanager
def _bait() -> Iterator[dict[str, Any]]:
    """Lay out what an unconfined worker could reach: files, sockets and this process."""
    abstract = f"probe-{secrets.token_hex(8)}"
    with tempfile.TemporaryDirectory() as folder, socket.socket() as tcp:
        secret = Path(folder, "secret.txt")
        secret.write_text("not for workers", encoding="utf-8")
        secret.chmod(0o644)
        Path(folder).chmod(0o777)
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as unix:
            unix.bind(b"\0" + abstract.encode())
            unix.listen()
            yield {
                "file": str(secret),
                "folder": folder,
                "new_file": str(Path(folder, "made")),
                "port": tcp.getsockname()[1],
                "abstract": abstract,
                "pid": os.getpid(),
            }
