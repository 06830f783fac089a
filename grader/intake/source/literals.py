"""How much of a program is data: a file with stored answers instead of a layer consists of little else.

Trusted side; pure, and linear in the size of the text.
"""

import ast

MOST_BYTES = 64 << 10
"""What the data of an honest program stays far below."""


def data_bytes(tree: ast.AST, text: str) -> int:
    """Return how many bytes of a program can hold data: literals, comments and the names it uses.

    Docstrings and comments count, since a program can read its own source, and each name counts once.

    Examples
    --------
    >>> source = "x = [1.25, 3]; y = 'abc' + f'{x}d'; z = b'ef'"
    >>> data_bytes(ast.parse(source), source)
    14
    """
    names: set[str] = set()
    size = sum(_comment(line) for line in text.splitlines())
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            size += _literal(node)
        else:
            names.update(getattr(node, field, None) or "" for field in ("id", "attr", "arg", "name"))
    return size + sum(map(len, names))


def _comment(line: str) -> int:
    # A "#" inside a string begins none, but then what follows is data as well.
    start = line.find("#")
    return 0 if start < 0 else len(line) - start


def _literal(node: ast.Constant) -> int:
    match node.value:
        case str():
            return len(node.value.encode("utf-8", "surrogatepass"))
        case bytes():
            return len(node.value)
        case bool() | None:
            return 0
        case _:
            # A number is as long as it is written; it never spans lines.
            return (node.end_col_offset or node.col_offset) - node.col_offset


def much_data(path: str, tree: ast.AST, text: str) -> tuple[str, ...]:
    """Return a warning where a file has more data than `MOST_BYTES`."""
    size = data_bytes(tree, text)
    if size <= MOST_BYTES:
        return ()
    return (f"{path}: its literals and comments hold {size >> 10} KB, as in a file with stored answers",)
