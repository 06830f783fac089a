"""Make the calls of a recipe: find what they call among the student's names, and take what comes back.

Untrusted side (Python >= 3.9). What a student plainly calls otherwise than the template is found by
`grader.worker.interface.synonyms`.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np

from grader.worker.interface.call_expressions import Call, Step
from grader.worker.interface.misfits import Unfit, called_name, described, missing, undefined
from grader.worker.interface.signatures import Passed, needless, own_keywords, received, suits
from grader.worker.interface.synonyms import LOSS_METHODS, METHODS, classes_for, synonyms_of
from grader.worker.serialize import Unusable, from_list


class Misreturned(Unusable):
    """Something else was returned than the arrays that a call is for; `value` is what."""

    def __init__(self, status: str, message: str, value: Any) -> None:
        super().__init__(status, message)
        self.value = value

    def numbers(self, part: str) -> Any:
        """Return a list of numbers as the array of a part, anything else as the error that it is."""
        array = from_list(part, self.value)
        return array if isinstance(array, np.ndarray) else self


class LeftOut(NamedTuple):
    """An argument that a case leaves out: not passed by keyword, passed as `value` by position."""

    value: Any


class Scope(NamedTuple):
    """Where the names of a call are looked up.

    Attributes
    ----------
    kind : str
        The layer's kind.
    names : dict
        Values by name, such as ``x`` and ``stride``.
    student : module
        Where every other name is looked up.
    other_names : dict
        What the student calls otherwise than the template, filled in: the template's name -> the student's.
    neutral : frozenset of str
        Names whose value is what a layer without them does, such as a padding of 0.
    """

    kind: str
    names: dict[str, Any]
    student: Any
    other_names: dict[str, str]
    neutral: frozenset[str] = frozenset()


def perform(alternatives: Sequence[Call], scope: Scope, parts: Collection[str]) -> Call:
    """Make the first of several calls that fits the student's code; add what it returns to the scope's names.

    Of calls of the same function the one is tried first that passes most of what the function takes.

    Parameters
    ----------
    alternatives : sequence of Call
    scope : Scope
    parts : collection of str
        Names that are arrays of the answer, so that nothing else may stand there.

    Returns
    -------
    Call
        The one that was made; an empty one if there is none to make.

    Raises
    ------
    Unusable
        Nothing fits, or what was returned is not what the call expects.
    """
    reason: Unfit | None = None
    for call in alternatives if len(alternatives) < 2 else _by_fit(alternatives, scope):
        try:
            for step in call:
                scope.names.update(_unpacked(evaluate(step.value, scope), step, parts))
        except Unfit as error:
            reason = reason or error
        else:
            return call
    if reason is not None:
        raise reason
    return ()


def _by_fit(alternatives: Sequence[Call], scope: Scope) -> list[Call]:
    """Return calls in the order in which they are tried."""
    found = [(call, _function(call, scope)) for call in alternatives]
    fits = {
        index: fit
        for index, (call, function) in enumerate(found)
        if function is not None and (fit := suits(function, _outermost(call))) is not None
    }
    if not fits:
        return list(alternatives)
    named = called_name(_outermost(alternatives[min(fits)]))
    same = [index for index in fits if called_name(_outermost(alternatives[index])) == named]
    best = max(same, key=lambda index: (*fits[index], -index))
    return [alternatives[best], *(call for index, call in enumerate(alternatives) if index != best)]


def _outermost(call: Call) -> Any:
    return call[0].value


def _function(call: Call, scope: Scope) -> Any:
    """Return what a call's first statement calls, if it is there; nothing is called to find it."""
    node = _outermost(call)
    if not isinstance(node, ast.Call) or any(isinstance(one, ast.Call) for one in ast.walk(node.func)):
        return None
    try:
        return evaluate(node.func, scope)
    except (Unfit, LookupError):
        return None


def evaluate(node: ast.expr, scope: Scope) -> Any:
    """Return the value of an expression."""
    if isinstance(node, ast.Call):
        return _called(node, scope)
    if isinstance(node, ast.Name):
        value = scope.names[node.id] if node.id in scope.names else _defined(node.id, scope)
        return value.value if isinstance(value, LeftOut) else value
    if isinstance(node, ast.Attribute):
        return _attribute(node, scope)
    if isinstance(node, ast.Subscript):
        return evaluate(node.value, scope)[evaluate(node.slice, scope)]
    if isinstance(node, (ast.Tuple, ast.List)):
        items = [evaluate(item, scope) for item in node.elts]
        return tuple(items) if isinstance(node, ast.Tuple) else items
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values)  # noqa: B905 - Python 3.9
        return {evaluate(k, scope): evaluate(v, scope) for k, v in pairs if k is not None}
    if isinstance(node, ast.UnaryOp):
        return -evaluate(node.operand, scope)
    return ast.literal_eval(node)


def _attribute(node: ast.Attribute, scope: Scope) -> Any:
    owner = evaluate(node.value, scope)
    if not hasattr(owner, node.attr):
        raise Unfit("not_implemented", missing(owner, node.attr))
    return getattr(owner, node.attr)


def _method(node: ast.Attribute, scope: Scope) -> Any:
    """Return what an object's method is; the one that is called otherwise if there is only one."""
    owner = evaluate(node.value, scope)
    for name in (node.attr, scope.other_names.get(node.attr, node.attr)):
        if hasattr(owner, name):
            return getattr(owner, name)
    table = LOSS_METHODS if scope.kind == "cross_entropy" else METHODS
    own = [name for name in dir(type(owner)) if callable(getattr(type(owner), name, None))]
    # `__call__` often only calls one of the others.
    found = synonyms_of(node.attr, [name for name in own if not name.startswith("_")], table)
    found = found or synonyms_of(node.attr, own, table)
    if len(found) != 1:
        raise Unfit("not_implemented", missing(owner, node.attr, found, called=True))
    scope.other_names[node.attr] = found[0]
    return getattr(owner, found[0])


def _called(node: ast.Call, scope: Scope) -> Any:
    if isinstance(node.func, ast.Attribute):
        function = _method(node.func, scope)
    else:
        function = evaluate(node.func, scope)
    keywords = {
        keyword.arg: evaluate(keyword.value, scope)
        for keyword in node.keywords
        if keyword.arg and not _is_left_out(keyword.value, scope.names)
    }
    arguments = [evaluate(argument, scope) for argument in node.args]
    neutral = frozenset(
        keyword.arg
        for keyword in node.keywords
        if keyword.arg in keywords
        and isinstance(keyword.value, ast.Name)
        and keyword.value.id in scope.neutral
    )
    if neutral:
        # A layer without padding can be asked for none.
        for name in needless(function, Passed(arguments, keywords), node, neutral):
            del keywords[name]
    own = own_keywords(function, Passed(arguments, keywords), node, _own_name(node, scope))
    if own:
        scope.other_names.update(own)
        keywords = {own.get(name, name): value for name, value in keywords.items()}
    return function(*arguments, **keywords)


def _own_name(node: ast.Call, scope: Scope) -> str:
    name = called_name(node)
    return scope.other_names.get(name, name)


def receivers(call: Call, value: str, scope: Scope) -> list[str]:
    """Return the student's parameters that get a value by its name; nothing is called to find them."""
    function = _function(call, scope)
    return [] if function is None else received(function, _outermost(call), value)


def _is_left_out(node: ast.expr, names: dict[str, Any]) -> bool:
    return isinstance(node, ast.Name) and isinstance(names.get(node.id), LeftOut)


def _defined(name: str, scope: Scope) -> Any:
    if hasattr(scope.student, name):
        return getattr(scope.student, name)
    found = other_classes(scope.student, name)
    if len(found) != 1:
        raise Unfit("not_implemented", undefined(scope.student, name, found))
    scope.other_names[name] = found[0]
    return getattr(scope.student, found[0])


def other_classes(student: Any, name: str) -> list[str]:
    """Return a student's classes that stand for one of the template's, each class once."""
    there = [own for own, value in vars(student).items() if isinstance(value, type) and own[0] != "_"]
    return list({id(getattr(student, own)): own for own in classes_for(name, there)}.values())


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
    sentence = f"`{called_name(step.value)}` returned {described(value)}, {wanted}: {', '.join(step.targets)}"
    counted = isinstance(value, (tuple, np.ndarray)) or (count > 1 and isinstance(value, list))
    status = "wrong_shape" if counted else "wrong_dtype"
    if value is None:
        status, sentence = "not_implemented", f"{sentence}. Is a `return` missing?"
    error = Misreturned(status, sentence, value)
    if not arrays:
        raise error
    return dict.fromkeys(step.targets, error)
