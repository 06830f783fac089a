"""Lines of a submission that show a known mistake: read, never executed.

Trusted side; pure. A hint alone is never reported: it only adds the line to a diagnosis. The source may be
hostile: no function calls itself for what is inside a node, and of a condition or an argument only as much is
looked at as an honest line can have.
"""

import ast
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest

from grader.feedback.float_sizes import float_sizes
from grader.intake.source.document import tree_of_source

_MOST_INSIDE = 300


def find_hints(source: str) -> dict[str, int]:
    """Return the first line that shows each mistake, by hint.

    Parameters
    ----------
    source : str
        Any text; what does not parse shows nothing.

    Returns
    -------
    dict of str to int
        Keys ``crop``, ``divisibility``, ``square``, ``true_division``, ``pad_without_axes`` and
        ``layer_order``; lines from 1.

    Examples
    --------
    >>> find_hints("cropped = padded[:, :, p:-p, p:-p]")
    {'crop': 1}
    """
    found: dict[str, int] = {}
    tree = tree_of_source(source)
    for line in float_sizes(tree)[:1]:
        found["true_division"] = line
    for node in ast.walk(tree):
        for hint, shows in _HINTS.items():
            line = getattr(node, "lineno", 0)
            if line and line < found.get(hint, line + 1) and shows(node):
                found[hint] = line
    return found


def _crops_from_the_end(node: ast.AST) -> bool:
    """Find ``p:-p``: a lower bound, and the same negated as the upper one."""
    if not isinstance(node, ast.Slice) or node.lower is None or not isinstance(node.upper, ast.UnaryOp):
        return False
    negated = isinstance(node.upper.op, ast.USub) and _are_same(node.upper.operand, node.lower)
    return negated and not isinstance(node.lower, ast.Constant)


def _are_same(one: ast.expr, other: ast.expr) -> bool:
    # Not `ast.dump`, which calls itself and fails where an integer has more than 4,300 digits.
    pairs = zip_longest(_inside(one), _inside(other))
    return all(left and right and _own(left) == _own(right) for left, right in pairs)


def _own(node: ast.AST) -> list[object]:
    """Return a node's kind and values, without the nodes below it."""
    values = (getattr(node, name, None) for name in node._fields)
    return [type(node), *(value for value in values if not isinstance(value, ast.AST | list))]


def _refuses_remainder(node: ast.AST) -> bool:
    return any(_has(test, ast.Mod) or _asks_for_whole(test) for test in _refusals(node))


def _refuses_other_than_square(node: ast.AST) -> bool:
    return any(
        isinstance(part, ast.Compare)
        and isinstance(part.ops[0], ast.Eq | ast.NotEq)
        and not isinstance(part.comparators[0], ast.Constant)
        and not _has(part, ast.Mod)
        for test in _refusals(node)
        for part in _inside(test)
    )


def _refusals(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the condition of an assertion, or of an ``if`` that raises or exits."""
    if isinstance(node, ast.Assert):
        yield node.test
    if isinstance(node, ast.If) and any(_stops(statement) for statement in node.body):
        yield node.test


def _stops(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Raise):
        return True
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and _name(call.func) in {"exit", "quit", "_exit"}


def _asks_for_whole(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Call) and _name(node.func) == "is_integer" for node in _inside(test))


def _inside(node: ast.AST, *closed: type[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes in a node, itself first, but none in what is closed, and not without end."""
    waiting: deque[ast.AST] = deque([node])
    for _ in range(_MOST_INSIDE):
        if not waiting:
            return
        one = waiting.popleft()
        yield one
        if not isinstance(one, closed):
            waiting.extend(ast.iter_child_nodes(one))


def _pads_every_axis(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or _name(node.func) != "pad" or len(node.args) < 2:
        return False
    return isinstance(node.args[1], ast.Name | ast.Attribute | ast.Constant)


def _goes_back_in_forward_order(node: ast.AST) -> bool:
    """Find a loop that calls ``backward`` of each layer in the order in which they are stored."""
    if not isinstance(node, ast.For) or not isinstance(node.iter, ast.Name | ast.Attribute):
        return False
    return isinstance(node.target, ast.Name) and any(
        isinstance(part, ast.Attribute)
        and part.attr == "backward"
        and isinstance(part.value, ast.Name)
        and part.value.id == node.target.id
        for statement in node.body
        for part in _inside(statement)
    )


def _has(node: ast.AST, operator: type[ast.operator]) -> bool:
    return any(isinstance(part, ast.BinOp) and isinstance(part.op, operator) for part in _inside(node))


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


_HINTS: Mapping[str, Callable[[ast.AST], bool]] = {
    "crop": _crops_from_the_end,
    "divisibility": _refuses_remainder,
    "square": _refuses_other_than_square,
    "pad_without_axes": _pads_every_axis,
    "layer_order": _goes_back_in_forward_order,
}

EXAMPLES: Mapping[str, str] = {
    "crop": "cropped = padded[:, :, p:-p, p:-p]",
    "divisibility": "assert (H + 2 * p - K) % s == 0",
    "square": "assert H == W",
    "true_division": "output = np.zeros((N, C, H / s, W / s))",
    "pad_without_axes": "padded = np.pad(x, p)",
    "layer_order": "for layer in self.layers: grad = layer.backward(grad)",
}
"""A line that shows each hint."""
