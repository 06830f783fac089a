"""Find divisions by ``/`` whose result becomes a size: in Python 3 it is a float there, and an error.

Trusted side; pure. The result is followed through variables, arithmetic, tuples, attributes of `self` and
what the file's own functions return, up to a shape, a range, an index or an amount of padding. The source may
be hostile: no function calls itself for what is inside a node, and of an expression only as much is looked at
as an honest line can have.
"""

import ast
from collections.abc import Iterator, Mapping

from grader.intake.source.bindings import Function, is_table

_MOST_INSIDE = 300
_MOST_LINES = 8
# Which arguments must be whole numbers, by what is called: positions, then keywords. None: all of them.
_SIZES: Mapping[str, tuple[tuple[int, ...] | None, tuple[str, ...]]] = {
    **dict.fromkeys(("zeros", "ones", "empty", "full", "ndarray"), ((0,), ("shape",))),
    **dict.fromkeys(("range", "xrange", "randn", "rand"), (None, ())),
    **dict.fromkeys(("eye", "identity"), ((0,), ("N",))),
    **dict.fromkeys(
        ("tile", "repeat", "pad", "split", "broadcast_to", "resize"), ((1,), ("pad_width", "reps"))
    ),
    **dict.fromkeys(("as_strided", "sliding_window_view"), ((1,), ("shape", "window_shape"))),
    **dict.fromkeys(("normal", "uniform", "randint", "standard_normal"), ((), ("size",))),
    "linspace": ((2,), ("num",)),
}
# What gives a float where it is given one.
_PASSING = frozenset(
    {"max", "min", "abs", "float", "float32", "float64", "tuple", "list", "array", "arange", "sum"}
)
_MODULES = frozenset({"np", "numpy"})

_Lines = list[tuple[int, int]]
"""Lines of divisions, each with the number of the block in which its result was assigned."""


def float_sizes(tree: ast.Module) -> list[int]:
    r"""Return the lines of the divisions whose results become sizes, in ascending order.

    Examples
    --------
    >>> float_sizes(ast.parse("mean = a / b\nrows = 1 + (H - K) / s\nout = np.zeros((N, rows))"))
    [2]
    """
    flow = _Flow()
    owners = {
        method: node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for method in node.body
    }
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    for flow.looks in (False, True):
        flow.follow(tree, "")
        for function in functions:
            flow.follow(function, owners.get(function, ""))
    return sorted(flow.sizes)


class _Flow:
    """Where the results of divisions go.

    A file is gone through twice. What functions return and what methods set is known from the first time on,
    wherever it stands; uses are looked at the second time (``looks``).
    """

    def __init__(self) -> None:
        self.sizes: set[int] = set()
        self.looks = False
        self._shared: dict[str, _Lines] = {}
        self._values: dict[str, _Lines] = {}
        self._owner = ""
        self._block = self._top = self._last = 0

    def follow(self, scope: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef, owner: str) -> None:
        """Go through a scope's statements in order, without those of functions in it."""
        self._values, self._owner = {}, owner
        # A block gets its number when it begins, so that what follows it in time has a higher one.
        self._top = self._last + 1
        returned: _Lines = []
        waiting: list[tuple[ast.stmt | list[ast.stmt], int]] = [(scope.body, 0)]
        while waiting:
            statement, self._block = waiting.pop()
            if isinstance(statement, list):
                self._last += 1
                waiting += [(inner, self._last) for inner in reversed(statement)]
                continue
            self._uses(statement)
            self._assigns(statement)
            if isinstance(statement, ast.Return) and statement.value is not None:
                returned += self._lines(statement.value)
            if not isinstance(statement, Function):
                waiting += [(body, 0) for body in _bodies(statement)]
        if isinstance(scope, Function):
            self._shared[f"{scope.name}()"] = returned[:_MOST_LINES]

    def _uses(self, statement: ast.stmt) -> None:
        for node in _own_expressions(statement) if self.looks else ():
            for size in _sizes_in(node):
                self.sizes.update(line for _, line in self._lines(size))

    def _assigns(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                self._assign(target, statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self._assign(statement.target, statement.value)
        elif isinstance(statement, ast.AugAssign):
            together = ast.BinOp(statement.target, statement.op, statement.value)
            self._assign(statement.target, ast.copy_location(together, statement))
        elif isinstance(statement, ast.For):
            self._assign(statement.target, statement.iter)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        pairs = [(target, value)]
        for _ in range(_MOST_INSIDE):
            if not pairs:
                return
            target, value = pairs.pop()
            if isinstance(target, ast.Tuple | ast.List):
                same = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
                values = (
                    value.elts
                    if isinstance(value, ast.Tuple | ast.List) and same
                    else [value] * len(target.elts)
                )
                pairs += zip(target.elts, values, strict=True)
            elif (name := self._name(target)) is not None:
                values_of = self._shared if "." in name else self._values
                kept = (
                    []
                    if self._block == self._top
                    else [one for one in values_of.get(name, []) if one[0] < self._block]
                )
                new = [(self._block, line) for _, line in self._lines(value)]
                values_of[name] = (kept + new)[-_MOST_LINES:]

    def _name(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            return f"{self._owner}.{node.attr}"
        return None

    def _lines(self, expression: ast.expr) -> _Lines:
        """Return the divisions whose result an expression's value is, or is computed from."""
        found: _Lines = []
        waiting: list[ast.expr] = [expression]
        for _ in range(_MOST_INSIDE):
            if not waiting or len(found) >= _MOST_LINES:
                break
            node = waiting.pop()
            name = self._name(node)
            if name is not None:
                found += (self._shared if "." in name else self._values).get(name, [])
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                found.append((self._block, node.lineno))
            elif isinstance(node, ast.Call):
                called = _called(node)
                found += self._shared.get(f"{called}()", [])
                waiting += node.args if called in _PASSING else []
            else:
                waiting += _parts(node)
        return found[:_MOST_LINES]


def _parts(node: ast.expr) -> list[ast.expr]:
    """Return the parts of an expression that make it a float if they are floats."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            return [left, right]
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return elements
        case ast.UnaryOp(operand=inner) | ast.Starred(value=inner) | ast.NamedExpr(value=inner):
            return [inner]
        case ast.IfExp(body=body, orelse=orelse):
            return [body, orelse]
    return []


def _sizes_in(node: ast.AST) -> list[ast.expr]:
    """Return what must be a whole number in an expression, or a tuple of them."""
    if isinstance(node, ast.Subscript):
        return _bounds(node.slice)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        pairs = ((node.left, node.right), (node.right, node.left))
        return [count for repeated, count in pairs if isinstance(repeated, ast.List)]
    return _size_arguments(node) if isinstance(node, ast.Call) else []


def _bounds(index: ast.expr) -> list[ast.expr]:
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    found = []
    for part in parts:
        bounds = [part.lower, part.upper, part.step] if isinstance(part, ast.Slice) else [part]
        found += [bound for bound in bounds if bound is not None]
    return found


def _size_arguments(call: ast.Call) -> list[ast.expr]:
    name = _called(call)
    if name == "reshape":
        function = call.func
        is_numpy = isinstance(function, ast.Attribute) and getattr(function.value, "id", "") in _MODULES
        return call.args[1 if is_numpy else 0 :]
    positions, keywords = _SIZES.get(name, ((), ()))
    chosen = [one for place, one in enumerate(call.args) if positions is None or place in positions]
    return chosen + [keyword.value for keyword in call.keywords if keyword.arg in keywords]


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of statements in a statement, last first."""
    parts = [statement, *getattr(statement, "handlers", []), *getattr(statement, "cases", [])]
    for part in reversed(parts):
        for field in ("finalbody", "orelse", "body"):
            if getattr(part, field, None):
                yield getattr(part, field)


def _own_expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes of a statement's own expressions, without those of the statements in it."""
    waiting: list[ast.AST] = [statement]
    parts = (ast.expr, ast.keyword, ast.comprehension, ast.withitem, ast.arguments)
    while waiting:
        node = waiting.pop()
        if node is not statement:
            yield node
        if not is_table(node):
            waiting += (child for child in ast.iter_child_nodes(node) if isinstance(child, parts))
