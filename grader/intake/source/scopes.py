"""Which global names a definition uses when it is called, by Python's own symbol tables.

Trusted side; pure. For each function inside a function, Python copies the names of all functions around it,
and `symtable` goes through a scope's inner scopes for each of its names, which takes quadratic time: those
pairs are counted first.
"""

import ast
import symtable
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from grader.intake.source.bindings import COMPREHENSIONS, Definition, bound, needed_now

_MOST_COPIES = 4_000_000
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, *COMPREHENSIONS)


def needed_later(text: str, tree: ast.Module) -> dict[tuple[str, int], set[str]]:
    """Return the global names that each top-level definition uses, by its name and line.

    Raises
    ------
    SyntaxError
        If the compiler refuses the text although it parses.
    ValueError
        If too many functions are inside functions with many names.
    """
    if copied_names(tree) > _MOST_COPIES:
        raise ValueError("it has too many functions inside functions with many names")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = symtable.symtable(text, "<submission>", "exec")
    return {(child.get_name(), child.get_lineno()): set(_globals(child)) for child in table.get_children()}


def needed_by(wanted: Collection[str], text: str, tree: ast.Module) -> set[str]:
    """Return every name that the wanted definitions use, directly or through others, and themselves.

    Where none of them is defined, every definition counts as wanted.

    Raises
    ------
    SyntaxError, ValueError
        The compiler refuses the text, or looking would take too long.
    """
    later = needed_later(text, tree)
    binders: dict[str, list[ast.stmt]] = {}
    needed: set[str] = set()
    seen: set[ast.stmt] = set()
    for statement in tree.body:
        for name in bound(statement):
            binders.setdefault(name, []).append(statement)
        if isinstance(statement, Definition):
            needed |= needed_now(statement)
    definitions = {name for name, _ in later}
    needed |= (set(wanted) & binders.keys()) or definitions
    waiting = list(needed)
    while waiting:
        # Each statement is looked at once, for the first of its names that is needed.
        for statement in binders.pop(waiting.pop(), ()):
            if statement not in seen:
                seen.add(statement)
                uses = _uses(statement, later) - needed
                waiting += uses
                needed |= uses
    return needed


def _uses(statement: ast.stmt, later: Mapping[tuple[str, int], set[str]]) -> set[str]:
    """Return the names that a top-level statement needs now, and those that its definitions need later."""
    uses = needed_now(statement)
    for inner in ast.walk(statement) if isinstance(statement, ast.If | ast.Try) else [statement]:
        if isinstance(inner, Definition):
            uses |= later.get((inner.name, inner.lineno), set())
    return uses


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    waiting = [table]
    while waiting:
        one = waiting.pop()
        yield from (symbol.get_name() for symbol in one.get_symbols() if symbol.is_global())
        waiting += one.get_children()


@dataclass(slots=True)
class _Scope:
    above: "_Scope | None"
    names: set[str] = field(default_factory=set)
    inner: int = 0
    reach: int = 0


def copied_names(tree: ast.Module) -> int:
    r"""Return how many pairs there are of an inner scope and a name of a scope around it.

    Examples
    --------
    >>> copied_names(ast.parse("def f(a, b):\n    return lambda: a, lambda: b"))
    4
    """
    top = _Scope(None)
    scopes = []
    waiting: list[tuple[ast.AST, _Scope]] = [(tree, top)]
    while waiting:
        node, scope = waiting.pop()
        scope.names.update(_named(node))
        if isinstance(node, _SCOPES):
            scope.inner += 1
            scope = _Scope(scope if scope is not top else None)
            scopes.append(scope)
        waiting += [(child, scope) for child in ast.iter_child_nodes(node)]
    copies = 0
    for scope in scopes:  # those around it come first
        scope.reach = len(scope.names) + (scope.above.reach if scope.above else 0)
        copies += scope.inner * scope.reach
    return copies


def _named(node: ast.AST) -> list[str]:
    """Return the names that a node itself adds to its scope."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, ast.Global | ast.Nonlocal):
        return node.names
    if isinstance(node, ast.alias):
        return [node.asname or node.name]
    if isinstance(node, Definition | ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return [node.name] if node.name else []
    return [node.rest] if isinstance(node, ast.MatchMapping) and node.rest else []
