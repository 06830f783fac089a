"""Which names a top-level statement binds, needs when it runs, and needs when its function is called.

Trusted side; pure functions over syntax trees and Python's own symbol tables.
"""

import ast
import symtable
from collections.abc import Iterable, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
AssignmentStatement = ast.Assign | ast.AnnAssign | ast.AugAssign
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bound(statement: ast.stmt) -> set[str]:
    """Return the names that a top-level statement gives a value, those in its blocks too."""
    if isinstance(statement, Definition):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    names = {node.id for node in _here(statement) if isinstance(node, ast.Name) and _is_stored(node)}
    for inner in _statements(statement):
        names |= bound(inner)
    return names


def needed_now(node: ast.AST) -> set[str]:
    """Return the names that must exist when a statement is executed.

    A function needs its decorators, defaults and annotations then, but not what its body uses.
    """
    if isinstance(node, ast.ClassDef):
        inside: set[str] = set()
        own: set[str] = set()
        for statement in node.body:
            inside |= needed_now(statement) - own
            own |= bound(statement)
        outside = [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
        return inside | _union(outside)
    if isinstance(node, Function):
        arguments = node.args
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        parameters += [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
        annotations = [parameter.annotation for parameter in parameters] + [node.returns]
        defaults = [*arguments.defaults, *arguments.kw_defaults]
        return _union(one for one in (*node.decorator_list, *annotations, *defaults) if one is not None)
    if isinstance(node, ast.Lambda):
        return _union(one for one in (*node.args.defaults, *node.args.kw_defaults) if one is not None)
    if isinstance(node, _COMPREHENSIONS):
        targets = {name.id for one in node.generators for name in _names_in(one.target)}
        return _union(ast.iter_child_nodes(node)) - targets
    if isinstance(node, ast.Name):
        return set() if _is_stored(node) else {node.id}
    if is_table(node):
        return set()
    return _union(ast.iter_child_nodes(node))


def needed_later(text: str) -> dict[tuple[str, int], set[str]]:
    """Return the global names that each top-level definition uses, by its name and line.

    Raises
    ------
    SyntaxError
        If the compiler refuses the text although it parses.
    """
    table = symtable.symtable(text, "<submission>", "exec")
    return {(child.get_name(), child.get_lineno()): set(_globals(child)) for child in table.get_children()}


def is_table(node: ast.AST) -> bool:
    """Tell whether a node is a row of plain values, as trained weights are that were pasted in."""
    return isinstance(node, ast.List | ast.Tuple | ast.Set) and all(map(_is_plain, node.elts))


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every node of a tree, but none inside a table."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not is_table(node):
            waiting += ast.iter_child_nodes(node)


def statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """Yield every statement of a program, inside definitions too."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        inner = list(_statements(node))
        yield from inner
        waiting += inner


def _is_plain(node: ast.expr) -> bool:
    return type(node) is ast.Constant or (type(node) is ast.UnaryOp and type(node.operand) is ast.Constant)


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_global():
            yield symbol.get_name()
    for child in table.get_children():
        yield from _globals(child)


def _union(nodes: Iterable[ast.AST]) -> set[str]:
    return set[str]().union(*map(needed_now, nodes))


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    for field in ("body", "orelse", "finalbody"):
        yield from getattr(node, field, [])
    for part in (*getattr(node, "handlers", []), *getattr(node, "cases", [])):
        yield from part.body


def _here(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes of a statement itself, without the statements in its blocks."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        # A comprehension's names are its own.
        if not (is_table(node) or isinstance(node, _COMPREHENSIONS)):
            waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]


def _names_in(node: ast.AST) -> Iterator[ast.Name]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Name))


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store | ast.Del)
