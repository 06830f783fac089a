"""Whether a call fits a student's function: as it is written, under the student's own names, or not at all.

Untrusted side (Python >= 3.9). Nothing is called here. What fits is remembered, because looking at a
signature takes longer than most calls.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from grader.worker.interface.misfits import Unfit, without_self
from grader.worker.interface.synonyms import PARAMETERS, contradicts, folded, synonyms_of

_REMEMBERED: dict[Any, tuple[Any, Any]] = {}
_MOST_REMEMBERED = 256
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Passed(NamedTuple):
    """What a call passes: positional values, and values by the call's own keywords."""

    arguments: Sequence[Any]
    keywords: Mapping[str, Any]


def own_keywords(function: Any, passed: Passed, node: ast.Call, name: str) -> Mapping[str, str]:
    """Return the student's name of each keyword that the student calls otherwise; `name` is the function's.

    Raises
    ------
    Unfit
        The function cannot be called so; the sentence says what it takes.
    """
    shape = (len(passed.arguments), *passed.keywords)
    own: Mapping[str, str] = _remembered(
        function, (node, *shape), lambda: _fitted(function, passed, node, name)
    )
    return own


def needless(function: Any, passed: Passed, node: ast.Call, neutral: frozenset[str]) -> frozenset[str]:
    """Return the keywords, of those whose value is neutral, that a function does not take by any name."""

    def find() -> frozenset[str]:
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):
            return frozenset()
        lacking = neutral.intersection(_lacking(signature, passed))
        return frozenset(name for name in lacking if not _meant(name, signature, passed))

    found: frozenset[str] = _remembered(function, (node, neutral, *passed.keywords), find)
    return found


def _remembered(function: Any, key: tuple[Any, ...], find: Callable[[], Any]) -> Any:
    """Return what was found of a function and a call before, or find it."""
    body = function.__func__ if type(function) is types.MethodType else function
    # By identity, since a student's class may have a hash of its own; held, so that no other gets its number.
    key = (id(body), *key)
    if key in _REMEMBERED:
        return _REMEMBERED[key][1]
    found = find()
    # A closure would keep what it was made for, such as a layer with all that it holds.
    lasting = isinstance(body, (type, types.FunctionType)) and not getattr(body, "__closure__", None)
    if lasting and len(_REMEMBERED) < _MOST_REMEMBERED:
        _REMEMBERED[key] = body, found
    return found


def _fitted(function: Any, passed: Passed, node: ast.Call, name: str) -> Mapping[str, str]:
    if not callable(function):
        raise Unfit("not_implemented", f"{name} is not a function or class, but a {type(function).__name__}")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        _check_self(function, passed, name)
        return {}
    own = _renamed(signature, passed)
    try:
        _bind(signature, passed, own)
    except TypeError as error:
        _check_self(function, passed, name)
        takes = ", ".join(signature.parameters) or "nothing"
        extra = _lacking(signature, passed)
        if extra:
            said = f"does not take `{extra[0]}`; it takes {takes}{_doubt(signature, passed)}"
            raise Unfit("raised", f"{name}(...) {said}") from None
        raise Unfit("raised", f"`{name}({takes})` is called as `{ast.unparse(node)}`: {error}") from None
    return own


def _check_self(function: Any, passed: Passed, name: str) -> None:
    """Say so if the call fits as soon as the object itself is not passed."""
    if type(function) is types.MethodType:
        body: Any = function.__func__
    else:
        body, name = vars(function).get("__init__") if isinstance(function, type) else None, "__init__"
    if not isinstance(body, types.FunctionType):
        return
    signature = inspect.signature(body)
    parameters = list(signature.parameters)
    if parameters[:1] == ["self"]:
        return
    with contextlib.suppress(TypeError):
        _bind(signature, passed, _renamed(signature, passed))
        raise Unfit("raised", without_self(name, parameters))


def _bind(signature: inspect.Signature, passed: Passed, own: Mapping[str, str]) -> None:
    signature.bind(*passed.arguments, **{own.get(key, key): value for key, value in passed.keywords.items()})


def _renamed(signature: inspect.Signature, passed: Passed) -> Mapping[str, str]:
    """Return the student's names of the keywords that a signature has not got; only if all are plain."""
    found = {keyword: _meant(keyword, signature, passed) for keyword in _lacking(signature, passed)}
    certain = all(len(names) == 1 for names in found.values())
    return {keyword: names[0] for keyword, names in found.items()} if certain else {}


def _lacking(signature: inspect.Signature, passed: Passed) -> list[str]:
    """Return the keywords that a signature has not got."""
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in signature.parameters.values()):
        return []
    return [keyword for keyword in passed.keywords if keyword not in signature.parameters]


def _meant(keyword: str, signature: inspect.Signature, passed: Passed) -> list[str]:
    """Return the parameters, of those that are not passed otherwise, which stand for a keyword."""
    named = [name for name, one in signature.parameters.items() if one.kind in _NAMED]
    free = [name for name in named[len(passed.arguments) :] if name not in passed.keywords]
    return synonyms_of(keyword, free, PARAMETERS)


def _doubt(signature: inspect.Signature, passed: Passed) -> str:
    """Say which parameters may be meant by a keyword, if there are several."""
    for keyword in _lacking(signature, passed):
        meant = _meant(keyword, signature, passed)
        if len(meant) > 1:
            return f". Which one is `{keyword}`: {' or '.join(f'`{name}`' for name in meant)}?"
    return ""


def suits(function: Any, node: ast.Call) -> tuple[int, int] | None:
    """Return how well a call suits a function, higher is better; None if it does not fit.

    First that few arguments go to parameters which are something else by their names or defaults, then that
    many are passed.
    """
    fit: tuple[int, int] | None = _remembered(function, (node,), lambda: _suits(function, node))
    return fit


def _suits(function: Any, node: ast.Call) -> tuple[int, int] | None:
    bound = _bound(function, node)
    if bound is None:
        return None
    given = {name: value.id for name, value in bound.arguments.items() if isinstance(value, ast.Name)}
    wrong = sum(_is_other(bound.signature.parameters[name], value) for name, value in given.items())
    return -wrong, len(node.args) + len(node.keywords)


def received(function: Any, node: ast.Call, value: str) -> list[str]:
    """Return the parameters that get a value by its name."""
    bound = _bound(function, node)
    arguments = bound.arguments.items() if bound is not None else ()
    return [name for name, given in arguments if isinstance(given, ast.Name) and given.id == value]


def _bound(function: Any, node: ast.Call) -> inspect.BoundArguments | None:
    """Return which parameter gets which expression of a call; None if they do not fit."""
    keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    try:
        return inspect.signature(function).bind(*node.args, **keywords)
    except (TypeError, ValueError):
        return None


def _is_other(parameter: inspect.Parameter, value: str) -> bool:
    """Say whether a parameter is not what is passed: by its name, or by a default that is no number."""
    if folded(parameter.name) in PARAMETERS.get(value, (folded(value),)):
        return False
    default = parameter.default
    odd = default is not parameter.empty and (isinstance(default, (str, bool)) or callable(default))
    return value in PARAMETERS and (odd or contradicts(value, parameter.name))
