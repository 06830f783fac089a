"""Timing slots: one core for one measurement at a time, among all processes of this user on this machine.

Trusted side. A slot is a lock on a file. The system releases it however its holder ends. So a run with more
workers than cores gives the same scores. The files lie in a folder that nobody else can write: if another
user could create them first, nobody would ever get a slot.
"""

import contextlib
import os
import random
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

POLL_SECONDS = 0.02
LONGEST_HOLD = 300.0
"""No measurement lasts longer: whoever waits while no lock has changed hands for this long stops waiting."""
FOLDER = "conv-grader-timing"
RUNTIME = Path("/run/user")
"""Where each user has a folder of their own, if systemd runs. Not taken from the environment, which differs
between the processes of a user."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where something may be timed.

    Attributes
    ----------
    core : int or None
        The core's number; None where the system cannot tell its cores.
    problem : str
        Why something else may be timed on this core at the same time; empty where the core is held.
    """

    core: int | None
    problem: str = ""


@contextlib.contextmanager
def timing_slot(
    folder: Path | None = None,
    *,
    longest_hold: float = LONGEST_HOLD,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Slot]:
    """Wait for a core on which nothing else is timed, and hold it.

    Parameters
    ----------
    folder : Path, optional
        Where the lock files lie; a folder that only this user can write if left out.
    longest_hold : float
        Seconds for which one measurement may hold a core.
    clock, sleep : callable
        The time of day, as files carry it.

    Yields
    ------
    Slot
        Without a lock where there cannot be one, or where no core became free.
    """
    if fcntl is None or not hasattr(os, "sched_getaffinity"):
        yield Slot(None, "this system has no locks for its cores")
        return
    cores = sorted(os.sched_getaffinity(0))
    with contextlib.ExitStack() as held:
        try:
            place = _open(folder) if folder else _private_folder()
            held.callback(os.close, place)
            file, core = _wait(place, cores, longest_hold, clock, sleep)
            held.callback(os.close, file)
            slot = Slot(core)
        except OSError as error:
            # The timed programs still share a core, whichever it is.
            slot = Slot(random.choice(cores), error.strerror or str(error))
        yield slot


def _wait(
    folder: int,
    cores: list[int],
    longest_hold: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> tuple[int, int]:
    """Return a locked file and the core that it stands for, as soon as one is free.

    Raises
    ------
    OSError
        A file cannot be used, or all cores have been held for too long.
    """
    while True:
        newest = 0.0
        for core in cores:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            file = os.open(f"core-{core}", flags, 0o600, dir_fd=folder)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                newest = max(newest, os.fstat(file).st_mtime)
                os.close(file)
            else:
                # For those who wait: a lock that changes hands is not stuck.
                os.utime(file, (clock(), clock()))
                return file, core
        if clock() - newest > longest_hold:
            raise TimeoutError(f"every core has been held by another measurement for {longest_hold:g} s")
        sleep(POLL_SECONDS)


def _private_folder() -> int:
    """Open the folder of the lock files, which is the same one for all processes of this user.

    Raises
    ------
    OSError
        There is no folder that only this user can write.
    """
    user = os.getuid()
    with contextlib.suppress(OSError):
        os.close(_open(RUNTIME / str(user)))
        return _made(RUNTIME / str(user) / FOLDER)
    return _made(Path(tempfile.gettempdir()) / f"{FOLDER}-{user}")


def _made(folder: Path) -> int:
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    return _open(folder)


def _open(folder: Path) -> int:
    """Open a folder, and check that it, and no link to it, belongs to this user and only this user can write.

    Raises
    ------
    OSError
        It is something else, or somebody else's.
    """
    # Checked after opening and used through this descriptor, so that it cannot be exchanged in between.
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    info = os.fstat(opened)
    if info.st_uid == os.getuid() and not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return opened
    os.close(opened)
    raise PermissionError("the folder of the lock files does not belong to this user alone")
