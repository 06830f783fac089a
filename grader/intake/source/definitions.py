"""What two files define alike, and which definitions are still the template's.

Trusted side; pure functions over syntax trees, which are hostile: each visits a node once.
"""

import ast
from collections.abc import Mapping

from grader.intake.source.bindings import AssignmentStatement, Definition, Function, bound


def definitions(tree: ast.Module) -> dict[str, list[ast.stmt]]:
    """Return the statements that bind each name at top level, imports left out."""
    found: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            for name in bound(statement):
                found.setdefault(name, []).append(statement)
    return found


def values(tree: ast.Module) -> set[str]:
    """Return the names that definitions and assignments bind at top level, not those of loops and blocks."""
    kept = (one for one in tree.body if isinstance(one, Definition | AssignmentStatement))
    return {name for statement in kept for name in bound(statement)}


def meaning(statements: list[ast.stmt]) -> int:
    """Return a number that is the same for the same code, wherever it stands and however it is commented.

    Examples
    --------
    >>> one, other = ast.parse("x = (1)  # one"), ast.parse("x =  1")
    >>> meaning(one.body) == meaning(other.body)
    True
    """
    # Not `ast.dump`, which calls itself and fails where an integer has more than 4,300 digits.
    return hash(tuple(_own(node) for statement in statements for node in ast.walk(statement)))


def _own(node: ast.AST) -> tuple[object, ...]:
    """Return a node's kind and its values, with the number of nodes below it instead of them."""
    found: list[object] = [type(node)]
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [len(value), *(one for one in value if isinstance(one, str))]
        elif isinstance(value, ast.AST):
            found.append(True)
        else:
            found += [type(value), value]
    return tuple(found)


def unwritten(found: Mapping[str, list[ast.stmt]]) -> set[str]:
    """Return the names whose only definition raises NotImplementedError, as in a template."""
    return {name for name, several in found.items() if all(map(_is_unwritten, several))}


def _is_unwritten(statement: ast.stmt) -> bool:
    if isinstance(statement, Function):
        return any(map(_raises_not_implemented, statement.body)) and all(
            _raises_not_implemented(one) or _is_text(one) for one in statement.body
        )
    if isinstance(statement, ast.ClassDef):
        methods = [one for one in statement.body if isinstance(one, Function) and one.name != "__init__"]
        return bool(methods) and all(map(_is_unwritten, methods))
    return False


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _raises_not_implemented(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Raise):
        return False
    error = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    return isinstance(error, ast.Name) and error.id == "NotImplementedError"
