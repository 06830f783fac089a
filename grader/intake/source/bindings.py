"""Which names a top-level statement binds, and which it needs when it runs.

Trusted side; pure functions over syntax trees, which are hostile: each visits a node once and none of them
calls itself, so that neither size nor depth costs more than its share.
"""

import ast
from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
AssignmentStatement = ast.Assign | ast.AnnAssign | ast.AugAssign
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bound(statement: ast.stmt) -> set[str]:
    """Return the names that a top-level statement gives a value, those in its blocks too."""
    names: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Definition):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name):
            if _is_stored(node):
                names.add(node.id)
        # A comprehension's names are its own.
        elif not (is_table(node) or isinstance(node, COMPREHENSIONS)):
            waiting += ast.iter_child_nodes(node)
    return names


class _Hide(NamedTuple):
    """From here on the names are the scope's own (``by`` is 1), or no longer (-1)."""

    names: Collection[str]
    by: int


def needed_now(node: ast.AST) -> set[str]:
    """Return the names that must exist when a statement is executed.

    A function needs its decorators, defaults and annotations then, but not what its body uses.
    """
    needed: set[str] = set()
    hidden: Counter[str] = Counter()
    waiting: list[ast.AST | _Hide] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, _Hide):
            for name in one.names:
                hidden[name] += one.by
        elif isinstance(one, ast.Name):
            if not (_is_stored(one) or hidden[one.id]):
                needed.add(one.id)
        elif isinstance(one, ast.ClassDef):
            waiting += _class_body(one)
            waiting += [*one.decorator_list, *one.bases, *(keyword.value for keyword in one.keywords)]
        elif isinstance(one, Function | ast.Lambda):
            waiting += _made_with(one)
        elif isinstance(one, COMPREHENSIONS):
            targets = [name for part in one.generators for name in _targets(part.target)]
            waiting += [_Hide(targets, -1), *ast.iter_child_nodes(one), _Hide(targets, 1)]
        elif not is_table(one):
            waiting += ast.iter_child_nodes(one)
    return needed


def _class_body(definition: ast.ClassDef) -> list[ast.AST | _Hide]:
    """Return a class's statements, last first; each hides the names it binds from those after it."""
    names = [bound(statement) for statement in definition.body]
    pairs = zip(reversed(definition.body), reversed(names), strict=True)
    steps = [step for statement, own in pairs for step in (_Hide(own, 1), statement)]
    return [*(_Hide(own, -1) for own in names), *steps]


def _made_with(function: Function | ast.Lambda) -> list[ast.AST]:
    """Return what is computed when a function is made: decorators, annotations and defaults."""
    arguments = function.args
    found: list[ast.AST | None] = [*arguments.defaults, *arguments.kw_defaults]
    if not isinstance(function, ast.Lambda):
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        parameters += [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
        annotations = (parameter.annotation for parameter in parameters)
        found += [*function.decorator_list, *annotations, function.returns]
    return [one for one in found if one is not None]


def _targets(target: ast.expr) -> Iterator[str]:
    waiting = [target]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.Starred):
            waiting.append(one.value)
        elif isinstance(one, ast.Tuple | ast.List):
            waiting += one.elts


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


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    for field in ("body", "orelse", "finalbody"):
        yield from getattr(node, field, [])
    for part in (*getattr(node, "handlers", []), *getattr(node, "cases", [])):
        yield from part.body


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store | ast.Del)
