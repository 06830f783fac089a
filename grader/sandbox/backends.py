"""Choose what confines the workers, by its name.

Trusted side.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from grader.errors import SandboxError
from grader.sandbox.native import NativeBackend
from grader.sandbox.plain import PlainBackend
from grader.sandbox.process import Backend


class OpenBackend(Backend, AbstractContextManager["OpenBackend"], Protocol):
    """A backend that closes itself at the end of a ``with`` block."""


_OPENERS: Mapping[str, Callable[[str | None], OpenBackend]] = {
    "native": NativeBackend,
    "none": PlainBackend,
}


def open_backend(name: str = "auto", python: str | None = None) -> OpenBackend:
    """Open the backend of that name.

    Parameters
    ----------
    name : str
        ``auto``, ``native``, ``bwrap``, ``container`` or ``none``.
    python : str, optional
        Interpreter of the workers, with NumPy; this process's own if left out.

    Raises
    ------
    SandboxError
        It is unknown, or cannot confine on this machine; the text says what is missing.
    """
    if name == "auto":
        name = "native"
    if name not in _OPENERS:
        raise SandboxError(f"no sandbox {name!r}: there are auto, {', '.join(_OPENERS)}")
    return _OPENERS[name](python)
