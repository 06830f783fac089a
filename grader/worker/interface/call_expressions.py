"""Read and make the calls that a recipe spells out: ``output, cache = conv_forward(x, weight, bias)``.

Untrusted side (Python >= 3.9). The trusted side reads calls too, to check an assignment's settings, but makes
none. Only calls, names, attributes, items and literals are allowed, so that a setting cannot be a program.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import types
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import numpy as np

from grader.worker.serialize import Unusable

_ALLOWED = (
    *(ast.Assign, ast.Expr, ast.Call, ast.keyword, ast.Name, ast.Attribute, ast.Subscript, ast.Constant),
    *(ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.USub, ast.Load, ast.Store),
)
_MANY = 8
_FITTING: dict[Any, Any] = {}
"""Functions that a call fits, so that no call is looked at twice: that takes longer than most calls."""
_MOST_FITTING = 256


class Unfit(Unusable):
    """The student's code has not got what a call names; nothing was called."""


class Misreturned(Unusable):
    """Something else was returned than the arrays that a call is for; `value` is what."""

    def __init__(self, status: str, message: str, value: Any) -> None:
        super().__init__(status, message)
        self.value = value


class LeftOut(NamedTuple):
    """An argument that a case leaves out: not passed by keyword, passed as `value` by position."""

    value: Any


class Step(NamedTuple):
    """One statement: the names that it gives values to, and the expression."""

    targets: tuple[str, ...]
    value: ast.expr


Call = tuple[Step, ...]


def read(text: str) -> Call:
    """Read statements that are separated by ``;``.

    Raises
    ------
    ValueError
        The text is not Python, or more than calls.

    Examples
    --------
    >>> [step.targets for step in read("out, cache = f(x); output = out.T")]
    [('out', 'cache'), ('output',)]
    """
    try:
        body = ast.parse(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{text!r} is not a Python statement: {getattr(error, 'msg', error)}") from None
    for node in (node for statement in body for node in ast.walk(statement)):
        starred = (isinstance(node, ast.keyword) and node.arg is None) or (
            isinstance(node, ast.Dict) and None in node.keys
        )
        if not isinstance(node, _ALLOWED) or starred:
            raise ValueError(
                f"{text!r}: only calls, names, attributes, items, tuples, dicts and constants are allowed"
            )
    return tuple(_step(statement, text) for statement in body)


def _step(statement: ast.stmt, text: str) -> Step:
    if isinstance(statement, ast.Expr):
        return Step((), statement.value)
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        if all(isinstance(name, ast.Name) for name in names):
            return Step(tuple(name.id for name in names if isinstance(name, ast.Name)), statement.value)
    raise ValueError(f"{text!r}: on the left of = there must be names, such as grad_x, grad_weight")


def names_in(call: Call, known: Collection[str] = ()) -> tuple[set[str], set[str]]:
    """Return the names of the student's that a call needs, and those that it reads.

    What is called and is not in `known` is the student's.
    """
    called, seen = set(), {*known}
    reads: set[str] = set()
    for step in call:
        roots = [_root(node.func) for node in ast.walk(step.value) if isinstance(node, ast.Call)]
        called |= {root.id for root in roots if root is not None and root.id not in seen}
        others = (node for node in ast.walk(step.value) if isinstance(node, ast.Name) and node not in roots)
        reads |= {node.id for node in others} - (seen - {*known})
        seen |= {*step.targets}
    return called, reads


def _root(node: ast.expr) -> ast.Name | None:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node if isinstance(node, ast.Name) else None


def perform(
    alternatives: Iterable[Call], names: dict[str, Any], student: Any, parts: Collection[str]
) -> None:
    """Make the first of several calls that fits the student's code; add what it returns to `names`.

    Parameters
    ----------
    alternatives : iterable of Call
    names : dict
        Values by name, such as ``x`` and ``stride``.
    student : module
        Where every other name is looked up.
    parts : collection of str
        Names that are arrays of the answer, so that nothing else may stand there.

    Raises
    ------
    Unusable
        Nothing fits, or what was returned is not what the call expects.
    """
    reason: Unfit | None = None
    for call in alternatives:
        try:
            for step in call:
                names.update(_unpacked(evaluate(step.value, names, student), step, parts))
        except Unfit as error:
            reason = reason or error
        else:
            return
    if reason is not None:
        raise reason


def evaluate(node: ast.expr, names: dict[str, Any], student: Any) -> Any:
    """Return the value of an expression."""
    if isinstance(node, ast.Call):
        return _called(node, names, student)
    if isinstance(node, ast.Name):
        value = names[node.id] if node.id in names else _defined(student, node.id)
        return value.value if isinstance(value, LeftOut) else value
    if isinstance(node, ast.Attribute):
        return _attribute(node, names, student)
    if isinstance(node, ast.Subscript):
        return evaluate(node.value, names, student)[evaluate(node.slice, names, student)]
    if isinstance(node, (ast.Tuple, ast.List)):
        items = [evaluate(item, names, student) for item in node.elts]
        return tuple(items) if isinstance(node, ast.Tuple) else items
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values)  # noqa: B905 - Python 3.9
        return {evaluate(k, names, student): evaluate(v, names, student) for k, v in pairs if k is not None}
    if isinstance(node, ast.UnaryOp):
        return -evaluate(node.operand, names, student)
    return ast.literal_eval(node)


def _attribute(node: ast.Attribute, names: dict[str, Any], student: Any, *, called: bool = False) -> Any:
    owner = evaluate(node.value, names, student)
    if not hasattr(owner, node.attr):
        raise Unfit("not_implemented", missing(owner, node.attr, called=called))
    return getattr(owner, node.attr)


def _called(node: ast.Call, names: dict[str, Any], student: Any) -> Any:
    if isinstance(node.func, ast.Attribute):
        function = _attribute(node.func, names, student, called=True)
    else:
        function = evaluate(node.func, names, student)
    keywords = {
        keyword.arg: evaluate(keyword.value, names, student)
        for keyword in node.keywords
        if keyword.arg and not _is_left_out(keyword.value, names)
    }
    arguments = [evaluate(argument, names, student) for argument in node.args]
    _check_fit(function, arguments, keywords, node)
    return function(*arguments, **keywords)


def _is_left_out(node: ast.expr, names: dict[str, Any]) -> bool:
    return isinstance(node, ast.Name) and isinstance(names.get(node.id), LeftOut)


def _check_fit(function: Any, arguments: list[Any], keywords: dict[str, Any], node: ast.Call) -> None:
    """Say what is wrong with a signature before the call, so that no traceback has to."""
    plain = function.__func__ if type(function) is types.MethodType else function
    # By identity, since a student's class may have a hash of its own; held, so that no other gets its number.
    key = (id(plain), node, len(arguments), *keywords)
    if key in _FITTING:
        return
    if not callable(function):
        name = called_name(node)
        raise Unfit("not_implemented", f"{name} is not a function or class, but a {type(function).__name__}")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*arguments, **keywords)
        # A closure would keep what it was made for, such as a layer with all that it holds.
        lasting = isinstance(plain, (type, types.FunctionType)) and not getattr(plain, "__closure__", None)
        if lasting and len(_FITTING) < _MOST_FITTING:
            _FITTING[key] = plain
    except TypeError as error:
        name = called_name(node)
        takes = ", ".join(signature.parameters) or "nothing"
        extra = [keyword for keyword in keywords if keyword not in signature.parameters]
        if extra:
            raise Unfit("raised", f"{name}(...) does not take `{extra[0]}`; it takes {takes}") from None
        raise Unfit("raised", f"`{name}({takes})` is called as `{ast.unparse(node)}`: {error}") from None


def called_name(node: ast.expr) -> str:
    """Return how people call what a call calls: ``backward`` for ``layer.backward(x)``."""
    if isinstance(node, ast.Call):
        return node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    return ast.unparse(node)


def _defined(student: Any, name: str) -> Any:
    if hasattr(student, name):
        return getattr(student, name)
    own = [
        other
        for other, value in vars(student).items()
        if callable(value) and getattr(value, "__module__", None) == getattr(student, "__name__", "")
    ]
    close = difflib.get_close_matches(name, own, n=1) or own[:_MANY]
    there = f"; there is {', '.join(close)}" if close else ""
    raise Unfit("not_implemented", f"{name} is not defined{there}")


def missing(owner: Any, name: str, *, called: bool = False) -> str:
    """Say that an object has no such method or attribute, and which it has."""
    kind = type(owner)
    if isinstance(owner, types.ModuleType):
        return f"{name} is not defined"
    if called:
        has = [own for own in dir(kind) if not own.startswith("_") and callable(getattr(kind, own, None))]
        sentence = f"{kind.__name__} has no method {name}"
    else:
        has = [own for own in getattr(owner, "__dict__", {}) if not own.startswith("_")]
        sentence = f"`{kind.__name__}.{name}` is not set"
    return sentence + (f"; it has {', '.join(has[:_MANY])}" if has else "")


def _unpacked(value: Any, step: Step, parts: Collection[str]) -> dict[str, Any]:
    """Give the targets their values, or say what came back instead.

    Where all of them are arrays of the answer, each gets the sentence, since none is needed to go on.
    """
    count = len(step.targets)
    if count > 1 and isinstance(value, (tuple, list)) and len(value) == count:
        return dict(zip(step.targets, value))  # noqa: B905 - equal by the line above
    if count == 0:
        return {}
    if count == 1 and (
        step.targets[0] not in parts or not isinstance(value, (tuple, list, dict, type(None)))
    ):
        return {step.targets[0]: value}
    arrays = all(target in parts for target in step.targets)
    noun = "array" if arrays else "value"
    wanted = f"one {noun} is expected" if count == 1 else f"{count} {noun}s are expected"
    sentence = f"`{called_name(step.value)}` returned {_describe(value)}, {wanted}: {', '.join(step.targets)}"
    counted = isinstance(value, (tuple, np.ndarray)) or (count > 1 and isinstance(value, list))
    status = "wrong_shape" if counted else "wrong_dtype"
    if value is None:
        status, sentence = "not_implemented", f"{sentence}. Is a `return` missing?"
    error = Misreturned(status, sentence, value)
    if not arrays:
        raise error
    return dict.fromkeys(step.targets, error)


def _describe(value: Any) -> str:
    if value is None:
        return "nothing (None)"
    if isinstance(value, np.ndarray):
        return "one array"
    if isinstance(value, dict):
        return f"a dict with the keys {', '.join(map(str, list(value)[:_MANY]))}"
    if isinstance(value, (tuple, list)):
        arrays = all(isinstance(item, np.ndarray) for item in value)
        kind = "array" if arrays else "value"
        start = "a list of " if isinstance(value, list) else ""
        return f"{start}{len(value)} {kind}{'' if len(value) == 1 else 's'}"
    return f"a {type(value).__name__}"
