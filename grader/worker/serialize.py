"""Turn what a student's code returned or raised into something that may cross the wire.

Untrusted side. Only base arrays of plain numbers are sent; anything else becomes a status with a sentence.
Statuses are the grader's outcome words; the trusted side still checks them.
"""

from __future__ import annotations

import re
import types
from collections.abc import Collection
from itertools import groupby
from typing import Any

import numpy as np

from grader.worker import remarks, wire
from grader.worker.checked_strides import OutOfBoundsView

MAX_MESSAGE = 4000
MAX_FRAMES = 8
MAX_NAMES = 50
MAX_NAME = 80
MAX_REASON = 400
_LONG = {"f": "f8", "c": "c16"}
"""What more precise numbers become, since no other machine reads them."""


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
    if isinstance(value, Exception):
        raise value
    if value is None:
        raise Unusable("not_implemented", f"{part} is None: is a `return` or an assignment missing?")
    if type(value) in (float, int, bool):
        value = np.array(value, dtype=np.float64)
    if isinstance(value, np.generic):
        value = np.asarray(value)
    value = from_list(part, value)
    if type(value) is not np.ndarray:
        kind = type(value)
        name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
        length = f" of {len(value)}" if type(value) in (list, tuple, dict) else ""
        raise Unusable("wrong_dtype", f"{part} is a {name}{length}; a plain NumPy array is expected")
    if value.dtype.kind in _LONG and value.dtype.itemsize > np.dtype(_LONG[value.dtype.kind]).itemsize:
        value = np.asarray(value, _LONG[value.dtype.kind])
    if value.dtype.newbyteorder("<").str not in wire.DTYPES:
        raise Unusable("wrong_dtype", f"{part} has dtype {value.dtype}; an array of floats is expected")
    if value.ndim > wire.MAX_NDIM or value.nbytes > max_bytes:
        raise Unusable("wrong_shape", too_large(part, value))
    return np.asarray(value)


def from_list(part: str, value: Any) -> Any:
    """Return a list of numbers as an array, with a remark; anything else as it is."""
    if type(value) is not list:
        return value
    try:
        array = np.array(value)
    except ValueError:
        return value
    if array.dtype.kind not in "biufc":
        return value
    remarks.note(part, remarks.LIST)
    # Python's numbers have no dtype of their own.
    return array.astype(np.float64) if array.dtype.kind in "biu" else array


def too_large(part: str, array: np.ndarray[Any, Any]) -> str:
    """Say that an array is larger than any answer that could be expected."""
    shape = array.shape if array.ndim <= wire.MAX_NDIM else f"of {array.ndim} axes"
    return f"{part} has shape {shape}, {array.nbytes} bytes: too large to be right"


def failure(error: BaseException, files: Collection[str]) -> dict[str, Any]:
    """Return status, message and frames of what a student's code raised.

    Parameters
    ----------
    error : BaseException
    files : collection of str
        The student's files, in the order in which their numbers are given back.

    Returns
    -------
    dict
        ``frames`` has ``[file, line]`` for the student's own calls, the innermost `MAX_FRAMES` of them,
        where it raised first.
    """
    message = _sentence(error)[:MAX_MESSAGE]
    return {"status": _status(error), "message": message, "frames": _frames(error, list(files))}


def _frames(error: BaseException, files: list[str]) -> list[list[int]]:
    places = [*error.places] if isinstance(error, OutOfBoundsView) else []
    step = None if places else error.__traceback__
    while step is not None:
        places.append((step.tb_frame.f_code.co_filename, step.tb_lineno))
        step = step.tb_next
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno or 0))
    frames = [[files.index(name), line] for name, line in places if name in files and type(line) is int]
    # A function that calls itself says no more when it is named a thousand times.
    once = [frame for frame, _ in groupby(frames)]
    return once[: -MAX_FRAMES - 1 : -1]


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
        # The text of a SyntaxError ends in a line of our own count; `frames` has the place.
        text = str((isinstance(error, SyntaxError) and error.msg) or error)
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
    elif isinstance(error, TypeError) and _lacks_self(error, text):
        hint = "`self` is missing among the method's parameters"
    elif isinstance(error, RuntimeError) and "start new thread" in text:
        hint = "graded code may not start threads or processes"
    return f"{name}: {text} ({hint})" if hint else f"{name}: {text}"


def _lacks_self(error: BaseException, text: str) -> bool:
    """Say whether a method was given one argument too many, since it does not take its own object."""
    found = re.fullmatch(
        r"(?:.*\.)?(\w+)\(\) takes (\d+) positional arguments? but (\d+) (?:was|were) given", text
    )
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    if found is None or step is None or int(found[3]) != int(found[2]) + 1:
        return False
    bodies = [vars(base).get(found[1]) for base in _classes(step.tb_frame)]
    codes = [body.__code__ for body in bodies if isinstance(body, types.FunctionType)]
    return bool(codes) and all(code.co_varnames[: code.co_argcount][:1] != ("self",) for code in codes)


def _classes(frame: types.FrameType) -> list[type]:
    """Return the classes of what a frame's names stand for, and those that they are made of."""
    kinds = {type(value) for value in frame.f_locals.values()}
    return [base for kind in kinds for base in kind.__mro__]
