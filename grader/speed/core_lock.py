"""Timing slots: one core for one measurement at a time, among all processes of this user on this machine.

Trusted side. A slot is a lock on a file. The system releases it however its holder ends. So a run with more
workers than cores gives the same scores.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

POLL_SECONDS = 0.02


@contextlib.contextmanager
def timing_slot(folder: Path | None = None) -> Iterator[int | None]:
    """Wait for a core on which nothing else is timed, and hold it.

    Parameters
    ----------
    folder : Path, optional
        Where the lock files lie; this user's own folder among the temporary files if left out.

    Yields
    ------
    int or None
        The core's number; None where the system has no such locks or cannot tell its cores.
    """
    if fcntl is None or not hasattr(os, "sched_getaffinity"):
        yield None
        return
    held, core = _wait(folder or _own_folder(), sorted(os.sched_getaffinity(0)))
    try:
        yield core
    finally:
        os.close(held)


def _wait(folder: Path, cores: list[int]) -> tuple[int, int]:
    """Return a locked file and the core that it stands for, as soon as one is free."""
    while True:
        for core in cores:
            file = os.open(
                folder / f"core-{core}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(file)
            else:
                return file, core
        time.sleep(POLL_SECONDS)


def _own_folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"conv-grader-timing-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
