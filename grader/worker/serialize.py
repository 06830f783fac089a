"""Turn what a student's code returned or raised into something that may cross the wire.

Untrusted side. Only base arrays of plain numbers are sent; anything else becomes a status with a sentence.
Statuses are the grader's outcome words; the trusted side doubts them all the same.
"""

from __future__ import annotations

import traceback
from collections.abc import Collection
from typing import Any

import numpy as np

from grader.worker import wire
from grader.worker.checked_strides import OutOfBoundsView

MAX_MESSAGE = 4000


class Unusable(Exception):  # noqa: N818 - a verdict, raised only to leave the call
    """A returned value that cannot be compared; `status` is an outcome word."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


def checked(part: str, value: Any, max_bytes: int) -> np.ndarray[Any, Any]:
    """Return a part's value as a base array that the wire carries.

    Raises
    ------
    Unusable
        With the status and the sentence for the student.
    """
    if isinstance(value, Unusable):
        raise value
    if value is None:
        raise Unusable("not_implemented", f"{part} is None: is a `return` or an assignment missing?")
    if type(value) in (float, int, bool):
        value = np.array(value, dtype=np.float64)
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if type(value) is not np.ndarray:
        kind = type(value)
        name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
        length = f" of {len(value)}" if type(value) in (list, tuple, dict) else ""
        raise Unusable("wrong_dtype", f"{part} is a {name}{length}; a plain NumPy array is wanted")
    if value.dtype.newbyteorder("<").str not in wire.DTYPES:
        raise Unusable("wrong_dtype", f"{part} has dtype {value.dtype}; an array of floats is wanted")
    if value.ndim > wire.MAX_NDIM or value.nbytes > max_bytes:
        shape = value.shape if value.ndim <= wire.MAX_NDIM else f"of {value.ndim} axes"
        raise Unusable(
            "wrong_shape", f"{part} has shape {shape}, {value.nbytes} bytes: too large to be right"
        )
    return value


def failure(error: BaseException, files: Collection[str]) -> dict[str, Any]:
    """Return status, message, line and function of what a student's code raised.

    Parameters
    ----------
    error : BaseException
    files : collection of str
        The student's files; the innermost frame in one of them is the place.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    place: dict[str, Any] = {"line": None, "function": "", "file": ""}
    if isinstance(error, SyntaxError) and error.filename in files:
        place = {"line": error.lineno, "function": "", "file": error.filename}
    elif frames:
        function = "" if frames[-1].name == "<module>" else frames[-1].name
        place = {"line": frames[-1].lineno, "function": function, "file": frames[-1].filename}
    return {"status": _status(error), "message": _sentence(error)[:MAX_MESSAGE], **place}


def _status(error: BaseException) -> str:
    if isinstance(error, Unusable):
        return error.status
    if isinstance(error, MemoryError):
        return "out_of_memory"
    if isinstance(error, OutOfBoundsView):
        return "out_of_bounds_view"
    return "not_implemented" if isinstance(error, NotImplementedError) else "raised"


def _sentence(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException:
        text = "(its text cannot be read)"
    if isinstance(error, (Unusable, OutOfBoundsView)):
        return text
    name = type(error).__name__
    if isinstance(error, NotImplementedError):
        return text or "raises NotImplementedError: not written yet"
    hint = ""
    if isinstance(error, SystemExit):
        text, hint = f"{text}", "the code called exit()"
    elif isinstance(error, EOFError):
        hint = "input() has nothing to read here"
    elif isinstance(error, PermissionError):
        hint = "graded code may not open files, use the network or start processes"
    elif isinstance(error, RuntimeError) and "start new thread" in text:
        hint = "graded code may not start threads or processes"
    return f"{name}: {text} ({hint})" if hint else f"{name}: {text}"
