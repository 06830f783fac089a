"""Which calls at top level may run when a file is loaded: those that only make a small value.

Trusted side; pure. A call counts as cheap by what is called, never by running it; whatever slips through
runs in the sandbox, under its limits.
"""

import ast
import math
import re
from collections.abc import Iterator, Mapping

from grader.intake.source.bindings import is_table

# Most numbers that a table made at load time may have.
_LARGEST = 4_000_000
_BUILTINS = {
    "abs", "bool", "bytes", "callable", "complex", "dict", "divmod", "enumerate", "filter", "float",
    "frozenset", "getattr", "hasattr", "int", "isinstance", "len", "list", "map", "max", "min",
    "object", "pow", "property", "range", "reversed", "round", "set", "slice", "sorted", "staticmethod",
    "str", "sum", "super", "tuple", "type", "zip",
}  # fmt: skip
_MODULES = {
    "abc", "collections", "contextlib", "copy", "dataclasses", "decimal", "enum", "fractions",
    "functools", "itertools", "logging", "math", "numpy", "operator", "os.path", "pathlib", "random",
    "re", "string", "time", "types", "typing", "typing_extensions", "warnings",
}  # fmt: skip
_PLAIN = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.Starred),
    *(ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop, ast.expr_context),
)
# What reads, trains, shows or asks, as a whole word of the name called.
_COSTLY = re.compile(
    r"(?:^|_)(?:load|loads|read|open|input|train|training|fit|plot|show|imread|imshow|download|save|savez|write|"
    r"evaluate|predict|main|run|exec|eval|exit|system|sleep|fetch|urlopen|glob|listdir|walk|subplots|figure|test|"
    r"fromfile|memmap|genfromtxt|loadtxt|savetxt|rglob|iterdir|basicConfig|FileHandler)(?:$|_|[0-9A-Z])|"
    r"(?:load|read|train)(?:er|ing)?(?:Data|$)"
)


def is_cheap(expression: ast.expr, known: Mapping[str, str]) -> bool:
    """Tell whether every call in an expression is cheap.

    Parameters
    ----------
    expression : ast.expr
        The right-hand side of an assignment, say.
    known : mapping of str to str
        What each imported name stands for, such as ``{"np": "numpy", "sqrt": "math.sqrt"}``; ``""`` for a
        name that the file itself has defined.

    Examples
    --------
    >>> tree = ast.parse("np.random.default_rng(0)", mode="eval").body
    >>> is_cheap(tree, {"np": "numpy"})
    True
    """
    return all(_is_cheap_call(call, known) for call in _calls(expression))


def is_plain(expression: ast.expr, known: Mapping[str, str]) -> bool:
    """Tell whether a value can be made without a call and without the risk of an exception.

    ``sys.argv[1]`` and ``correct / total`` call nothing, but after a training loop that was not run they
    would fail, and with them everything else in the file.

    Examples
    --------
    >>> [is_plain(ast.parse(text, mode="eval").body, {"sys": "sys"}) for text in ("[1, 2 * n]", "a / b")]
    [True, False]
    """
    waiting: list[ast.AST] = [expression]
    names = set()
    reckons = False
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Lambda) or is_table(one):
            continue
        if not isinstance(one, _PLAIN):
            return False
        if isinstance(one, ast.BinOp):
            divisor = one.right.value if isinstance(one.right, ast.Constant) else 0
            if not (isinstance(one.op, ast.Add | ast.Sub | ast.Mult) or divisor):
                return False
            reckons = True
        elif isinstance(one, ast.Name):
            names.add(one.id)
        waiting += ast.iter_child_nodes(one)
    return not reckons or all(_makes_numbers(known.get(name, "")) for name in names)


def name_of_call(call: ast.Call) -> str:
    """Return what is called, for people: ``plt.plot``, or ``….fit`` where it is a result's method."""
    parts: list[str] = []
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute) and len(parts) < 4:
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "…")
    return ".".join(reversed(parts))[:60]


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Lambda) or is_table(one):
            continue
        if isinstance(one, ast.Await | ast.Yield | ast.YieldFrom):
            yield ast.Call(ast.Name("await", ast.Load()), [], [])
        if isinstance(one, ast.Call):
            yield one
        waiting += ast.iter_child_nodes(one)


def _is_cheap_call(call: ast.Call, known: Mapping[str, str]) -> bool:
    name = name_of_call(call)
    root, _, rest = name.partition(".")
    if any(_COSTLY.search(part) for part in name.split(".")) or _numbers_made(call) > _LARGEST:
        return False
    if root == "…":
        return True  # a method of a value that is itself cheap
    if root not in known:
        return not rest and root in _BUILTINS
    return _makes_numbers(known[root] and known[root] + "." + rest)


def _makes_numbers(full: str) -> bool:
    """Tell whether a name, of a module or the file's own, is of the harmless kind."""
    return not full or any(full.startswith(module + ".") or full == module for module in _MODULES)


def _numbers_made(call: ast.Call) -> float:
    """Return a bound on the numbers that a call makes, from the literal sizes it is given."""
    product = 1.0
    for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
        for node in argument.elts if isinstance(argument, ast.Tuple | ast.List) else [argument]:
            if isinstance(node, ast.Constant) and type(node.value) in (int, float):
                value = abs(node.value)  # type: ignore[arg-type]
                # An integer may be too large to become a float, as which the product is kept.
                product *= min(value, 2 * _LARGEST) if 1 < value < math.inf else 1
        if isinstance(argument, ast.List) and len(argument.elts) > 8:
            product = 1.0  # a table of values, not a shape
    return product
