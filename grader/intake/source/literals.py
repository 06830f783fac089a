"""How much of a program is data: a file with stored answers instead of a layer consists of little else.

Trusted side; pure, and linear in the size of the tree.
"""

import ast

MOST_BYTES = 64 << 10
"""What the literals of an honest program stay far below."""


def literal_bytes(tree: ast.AST) -> int:
    """Return how many bytes of a program are strings, bytes and numbers.

    Docstrings count too, since a program can read its own.

    Examples
    --------
    >>> literal_bytes(ast.parse("x = [1.25, 3]; y = 'abc' + f'{x}d'; z = b'ef'"))
    11
    """
    return sum(_size(node) for node in ast.walk(tree) if isinstance(node, ast.Constant))


def _size(node: ast.Constant) -> int:
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


def much_data(path: str, tree: ast.AST) -> tuple[str, ...]:
    """Return a warning where a file's literals are larger than `MOST_BYTES`."""
    size = literal_bytes(tree)
    if size <= MOST_BYTES:
        return ()
    return (f"{path}: its literals hold {size >> 10} KB of data, as a file with stored answers would",)
