"""Choose what confines the workers, by its name.

Trusted side.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from grader.errors import SandboxError
from grader.sandbox.backends.unconfined import PlainBackend
from grader.sandbox.probe import Report, probe
from grader.sandbox.process import Backend

_log = logging.getLogger(__name__)


class OpenBackend(Backend, AbstractContextManager["OpenBackend"], Protocol):
    """A backend that closes itself at the end of a ``with`` block."""


# Each backend is imported only where it is opened: all but `none` need packages that exist on Linux alone.


def _native(python: str | None, packages: Sequence[str]) -> OpenBackend:
    from grader.sandbox.backends.native import NativeBackend

    return NativeBackend(python, packages)


def _bwrap(python: str | None, packages: Sequence[str]) -> OpenBackend:
    from grader.sandbox.backends.bwrap import BwrapBackend

    return BwrapBackend(python, packages)


def _container(python: str | None, packages: Sequence[str]) -> OpenBackend:
    from grader.sandbox.backends.container import ContainerBackend

    return ContainerBackend(python, packages)


_OPENERS: Mapping[str, Callable[[str | None, Sequence[str]], OpenBackend]] = {
    "native": _native,
    "bwrap": _bwrap,
    "container": _container,
    "none": PlainBackend,
}


def _open(name: str, python: str | None, packages: Sequence[str]) -> OpenBackend:
    try:
        return _OPENERS[name](python, packages)
    except ImportError as error:
        raise SandboxError(f"the Python package {error.name} is not installed") from None


CONFINING = ("native", "bwrap", "container")
"""What confines, strongest first: ``auto`` takes the first that holds."""


def open_backend(name: str = "auto", python: str | None = None, packages: Sequence[str] = ()) -> OpenBackend:
    """Open the backend of that name, once it has proved that it confines.

    Parameters
    ----------
    name : str
        ``auto``, ``native``, ``bwrap``, ``container`` or ``none``.
    python : str, optional
        Interpreter of the workers, with NumPy (for ``container``: the image); this process's own if left out.
    packages : sequence of str
        What workers may import besides NumPy and the standard library: the assignment's ``imports``.

    Raises
    ------
    SandboxError
        It is unknown, or does not confine on this machine; the text says what is missing.
    """
    if name == "none":
        return PlainBackend(python, packages)
    if name not in ("auto", *CONFINING):
        raise SandboxError(f"unknown sandbox {name!r}; known are auto, {', '.join(_OPENERS)}")
    problems = []
    for candidate in CONFINING if name == "auto" else (name,):
        try:
            backend = _proved(candidate, python, packages)
        except SandboxError as error:
            _log.debug("sandbox %s cannot be used: %s", candidate, error)
            problems.append(f"{candidate}: {error}")
        else:
            _log.debug("sandbox %s holds", candidate)
            return backend
    raise SandboxError("no sandbox on this machine confines untrusted code\n" + "\n".join(problems))


def _proved(name: str, python: str | None, packages: Sequence[str]) -> OpenBackend:
    backend = _open(name, python, packages)
    report = probe(backend)
    if report.holds:
        return backend
    backend.close()
    raise SandboxError(report.problem)


def examine(python: str | None = None) -> tuple[Report, ...]:
    """Return what each confining backend proves on this machine, strongest first."""
    reports = []
    for name in CONFINING:
        try:
            with _open(name, python if name != "container" else None, ()) as backend:
                reports.append(probe(backend))
        except SandboxError as error:
            reports.append(Report(name, problem=str(error)))
    return tuple(reports)
