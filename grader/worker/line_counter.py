"""Count what a student's code does in Python, line by line: no clock, so the same on every machine.

Untrusted side. A student could switch the tracing off, so the trusted side compares the counts with the
growth of processor time (`grader.speed.python_loops`).
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

OURS = ("<interface>", "<grader.")
TOOL = 3
HIDDEN = -1


class Counter:
    """Counts lines begun, jumps back and functions entered, by the student's line that caused them.

    What other Python code does on behalf of a student's line (`np.apply_along_axis`, text given to
    ``exec``) is counted at that line. Code under a file name outside the submission counts for file -1.

    Parameters
    ----------
    files : collection of str
        The student's files, in the order in which their numbers are given back.
    """

    def __init__(self, files: Collection[str]) -> None:
        self._numbers = {name: number for number, name in enumerate(files)}
        self._counts: dict[tuple[int, int, int], int] = {}

    def record(self, phase: int, call: Callable[[], Any]) -> Any:
        """Return what `call` returns; its operations are counted as `phase`'s."""
        # The garbage collector could run a finaliser of an earlier call, whose lines would be counted here.
        collecting = gc.isenabled()
        gc.disable()
        watch = _monitored if hasattr(sys, "monitoring") else _traced
        try:
            return watch(call, lambda frame: self._note(phase, frame))
        finally:
            if collecting:
                gc.enable()

    def table(self) -> np.ndarray[Any, Any]:
        """Return int64 rows of phase, file, line, count."""
        rows = [(*place, count) for place, count in sorted(self._counts.items())]
        return np.array(rows, dtype=np.int64).reshape(-1, 4)

    def _note(self, phase: int, frame: Any) -> None:
        inner = frame
        # Charge library code to the student's line that called it: a loop inside `np.vectorize` is theirs.
        while frame is not None and frame.f_code.co_filename not in self._numbers:
            frame = frame.f_back
        if frame is not None:
            place = (phase, self._numbers[frame.f_code.co_filename], frame.f_lineno or 0)
        elif inner.f_code.co_filename.startswith(OURS):
            # The adapter's own lines, between the student's calls.
            return
        else:
            place = (phase, HIDDEN, 0)
        self._counts[place] = self._counts.get(place, 0) + 1


def _traced(call: Callable[[], Any], note: Callable[[Any], None]) -> Any:
    def trace(frame: Any, event: str, _: Any) -> Any:
        if event in ("call", "line"):
            note(frame)
        return trace

    # Older Pythons have no sys.monitoring; tracing gives the same counts, only slower.
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return call()
    finally:
        sys.settrace(before)


def _monitored(call: Callable[[], Any], note: Callable[[Any], None]) -> Any:
    # Together these give settrace's "call" and "line" events. JUMP is needed because a jump back to the line
    # of a one-line loop does not give a new LINE event.
    monitoring = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
    events = [getattr(monitoring.events, name) for name in ("PY_START", "PY_RESUME", "LINE", "JUMP")]
    monitoring.use_tool_id(TOOL, "counting")
    try:
        for event in events:
            monitoring.register_callback(TOOL, event, lambda *_: note(sys._getframe(1)))
        monitoring.set_events(TOOL, sum(events))
        return call()
    finally:
        monitoring.set_events(TOOL, 0)
        monitoring.free_tool_id(TOOL)
