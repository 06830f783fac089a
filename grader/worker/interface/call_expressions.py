"""Read the calls that a recipe spells out: ``output, cache = conv_forward(x, weight, bias)``.

Both sides: the trusted one to check an assignment's settings, the untrusted one to make the calls
(`grader.worker.interface.make_calls`). Python >= 3.9. Only calls, names, attributes, items and literals are
allowed, so that a setting cannot be a program.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import NamedTuple

_ALLOWED = (
    *(ast.Assign, ast.Expr, ast.Call, ast.keyword, ast.Name, ast.Attribute, ast.Subscript, ast.Constant),
    *(ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.USub, ast.Load, ast.Store),
)


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
