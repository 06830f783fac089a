"""Where submissions are graded: processes on this machine.

Trusted side. Anything that makes a `concurrent.futures.Executor` can stand in for it.
"""

import contextlib
import multiprocessing
import os
import platform
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor

import numpy as np

from grader.sandbox.worker_source import BLAS_THREADS

PRELOADED = ["grader.grading.in_child"]
"""Imported once for all workers, instead of a second for each."""
CLEAN_START = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
"""How this system starts a process that has nothing of the starting one's state in it."""


def usable_cores() -> int:
    """Return how many cores this process may run on, which a container can make fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine() -> dict[str, str]:
    """Return what describes this machine and its Python; nothing that identifies its owner."""
    return {
        "cores": str(usable_cores()),
        "processor": platform.processor() or platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def prepare() -> None:
    """Let the pool's first process import everything in the background, while this one reads its input."""
    if CLEAN_START == "forkserver":
        from multiprocessing import forkserver

        multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOADED)
        with _one_thread():
            forkserver.ensure_running()


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Let processes that start here keep BLAS to one thread: more would disturb what is timed."""
    before = dict(os.environ)
    os.environ.update({name: "1" for name in BLAS_THREADS if name not in before})
    try:
        yield
    finally:
        for name in BLAS_THREADS:
            if name not in before:
                del os.environ[name]


def local_executor(workers: int) -> Executor:
    """Return a pool of processes that have nothing of this one's state in them."""
    prepare()
    context = multiprocessing.get_context(CLEAN_START)
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_end_when_interrupted)


def _end_when_interrupted() -> None:
    """Let Ctrl-C, which reaches every process of a terminal, end this one at once and in silence."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
