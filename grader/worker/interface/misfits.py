"""Say in a sentence why a student's code does not fit a call, and what it has instead.

Untrusted side (Python >= 3.9).
"""

from __future__ import annotations

import ast
import difflib
import types
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from grader.worker.serialize import Unusable

_MOST_LISTED = 24


class Unfit(Unusable):
    """The student's code has not got what a call names; nothing was called."""


def called_name(node: ast.expr) -> str:
    """Return how people call what a call calls: ``backward`` for ``layer.backward(x)``."""
    if isinstance(node, ast.Call):
        return node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    return ast.unparse(node)


def listed(names: Sequence[str]) -> str:
    """Join names by commas, and say how many more there are than a message can hold.

    Examples
    --------
    >>> listed(["dW", "db"])
    'dW, db'
    """
    more = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def undefined(student: Any, name: str, candidates: Sequence[str] = ()) -> str:
    """Say that a module does not define a name, and which others may be meant or are there."""
    own = [
        other
        for other, value in vars(student).items()
        if callable(value) and getattr(value, "__module__", None) == getattr(student, "__name__", "")
    ]
    close = candidates or difflib.get_close_matches(name, own, n=1) or own
    return f"{name} is not defined" + (f"; there is {listed(close)}" if close else "")


def missing(owner: Any, name: str, candidates: Collection[str] = (), *, called: bool = False) -> str:
    """Say that an object has no such method or attribute, which it has, and which of them may be meant."""
    kind = type(owner)
    if isinstance(owner, types.ModuleType):
        return f"{name} is not defined"
    if called:
        has = [own for own in dir(kind) if not own.startswith("_") and callable(getattr(kind, own, None))]
        sentence = f"{kind.__name__} has no method {name}"
    else:
        has = [own for own in getattr(owner, "__dict__", {}) if not own.startswith("_")]
        sentence = f"`{kind.__name__}.{name}` is not set"
    # What may be meant is never cut off.
    has = [*candidates, *(own for own in has if own not in candidates)] if len(has) > _MOST_LISTED else has
    meant = " or ".join(f"`{candidate}`" for candidate in candidates)
    question = f". Is it {meant}?" if meant else ""
    return sentence + (f"; it has {listed(has)}" if has else "") + question


def without_self(name: str, parameters: Sequence[str]) -> str:
    """Say that a method does not take the object that it is called on."""
    takes, right = ", ".join(parameters), ", ".join(("self", *parameters))
    return f"`self` is missing in `def {name}({takes})`: write `def {name}({right})`"


def described(value: Any) -> str:
    """Say in a few words what came back."""
    if value is None:
        return "nothing (None)"
    if isinstance(value, np.ndarray):
        return "one array"
    if isinstance(value, dict):
        return f"a dict with the keys {listed([str(key) for key in value])}"
    if isinstance(value, (tuple, list)):
        arrays = all(isinstance(item, np.ndarray) for item in value)
        kind = "array" if arrays else "value"
        start = "a list of " if isinstance(value, list) else ""
        return f"{start}{len(value)} {kind}{'' if len(value) == 1 else 's'}"
    return f"a {type(value).__name__}"
