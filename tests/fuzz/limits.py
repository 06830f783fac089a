"""What reading one hostile input may take, and how many inputs are tried."""

import contextlib
import os
import resource
import time
from collections.abc import Iterator

TIMES = int(os.environ.get("FUZZ_TIMES", "1"))
"""`make fuzz` tries this many times as many inputs."""

# Twice what is promised, since other programs share the processor's caches.
MOST_SECONDS = 4.0
MOST_MIB = 600


@contextlib.contextmanager
def within_limits() -> Iterator[None]:
    """Fail if what is done inside takes too much processor time, or makes the process grow too much."""
    start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
    assert time.process_time() - start < MOST_SECONDS
    assert grown < MOST_MIB
