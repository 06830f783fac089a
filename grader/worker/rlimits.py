"""Bound what this process may use, by resource limits, before the student's code is there.

Untrusted side. Limits that the operating system does not know are left to the trusted side's clock.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

OPEN_FILES = 64


def apply(limits: dict[str, Any]) -> None:
    """Set the resource limits; memory counts from what the process has now.

    Parameters
    ----------
    limits : dict
        ``memory`` and ``file`` in bytes, ``cpu`` in seconds.
    """
    if resource is None:
        return
    own = _address_space()
    bounds = {
        "RLIMIT_AS": own + limits["memory"] if own else None,
        "RLIMIT_CPU": limits["cpu"],
        "RLIMIT_FSIZE": limits["file"],
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
    }
    for name, bound in bounds.items():
        if bound is not None and hasattr(resource, name):
            kind = getattr(resource, name)
            _, hard = resource.getrlimit(kind)
            # One second between the signal that can be caught and the one that cannot.
            upper = bound + 1 if name == "RLIMIT_CPU" else bound
            keep = hard != resource.RLIM_INFINITY
            resource.setrlimit(
                kind, (min(bound, hard) if keep else bound, min(upper, hard) if keep else upper)
            )


def _address_space() -> int:
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        return pages * resource.getpagesize()
    return 0
