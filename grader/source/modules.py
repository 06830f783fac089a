"""The helper modules that an answer imports, found among the files handed in.

Trusted side; pure. Paths decide: ``import layers.conv`` is looked for from the answer's folder upwards, as
Python would from the folder where a student started it, and at last anywhere under that name.
"""

import ast
import posixpath
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from grader.source.documents import Document
from grader.source.names import statements


@dataclass(frozen=True, slots=True)
class Found:
    """A module that was found: the path handed in, the path it is imported by, and where that begins."""

    source: str
    path: str
    root: str


def find_modules(
    main: Document, files: Collection[str], read: Callable[[str], Document]
) -> tuple[str, dict[str, str]]:
    """Return where imports begin and the helper modules by the path that they are imported by.

    Parameters
    ----------
    main : Document
        The answer.
    files : collection of str
        Paths of all files handed in.
    read : callable
        Gives the document of such a path.

    Returns
    -------
    root : str
        The folder above all that is imported; ``""`` where that is the top.
    modules : dict of str to str
        Path of import to path handed in, without the answer itself.
    """
    python = {path for path in files if path.lower().endswith(".py")}
    home = posixpath.dirname(main.path)
    found: dict[str, Found] = {}
    waiting = [main]
    while waiting:
        document = waiting.pop()
        for one in _imported(document, home, python):
            if one.source != main.path and one.source not in {known.source for known in found.values()}:
                found.setdefault(one.path, one)
                waiting.append(read(one.source))
    above = [one.root for one in found.values() if _is_above(one.root, home)]
    return min([home, *above], key=len), {one.path: one.source for one in found.values()}


def exported(document: Document, files: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Yield ``(name here, name there, file)`` for what a document imports from others handed in.

    A star import yields ``("*", "*", file)``.
    """
    python = {path for path in files if path.lower().endswith(".py")}
    home = posixpath.dirname(document.path)
    for statement in document.tree.body:
        if isinstance(statement, ast.ImportFrom):
            parts = (statement.module or "").split(".") if statement.module else []
            target = _locate(parts, statement.level, home, home, python)
            if target:
                for alias in statement.names:
                    yield alias.asname or alias.name, alias.name, target[-1].source


def _imported(document: Document, home: str, python: Collection[str]) -> Iterator[Found]:
    here = posixpath.dirname(document.path)
    for node in statements(document.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _locate(alias.name.split("."), 0, here, home, python)
        elif isinstance(node, ast.ImportFrom):
            parts = node.module.split(".") if node.module else []
            if parts:
                yield from _locate(parts, node.level, here, home, python)
            for alias in node.names:  # what is imported may itself be a module
                yield from _locate([*parts, alias.name], node.level, here, home, python, anywhere=False)


def _locate(
    parts: list[str], level: int, here: str, home: str, python: Collection[str], *, anywhere: bool = True
) -> list[Found]:
    """Return a module with the packages above it, innermost last; empty if it is not among the files."""
    if not parts or parts[0] == "numpy":
        return []
    for base in _bases(level, here, home):
        found = _at(base, parts, python)
        if found:
            return found
    if level or not anywhere:
        return []
    ending = "/".join(parts) + ".py"
    elsewhere = sorted(
        (path for path in python if path.endswith("/" + ending)), key=lambda p: (p.count("/"), p)
    )
    return [Found(elsewhere[0], posixpath.join(home, ending), home)] if elsewhere else []


def _bases(level: int, here: str, home: str) -> Iterator[str]:
    if level:
        for _ in range(level - 1):
            here = posixpath.dirname(here)
        yield here
        return
    for base in (here, home):
        while True:
            yield base
            if not base:
                break
            base = posixpath.dirname(base)


def _at(base: str, parts: list[str], python: Collection[str]) -> list[Found]:
    path = posixpath.join(base, *parts)
    target = next((one for one in (path + ".py", path + "/__init__.py") if one in python), None)
    if target is None:
        return []
    packages = [posixpath.join(base, *parts[:n], "__init__.py") for n in range(1, len(parts))]
    return [Found(one, one, base) for one in (*packages, target) if one in python]


def _is_above(folder: str, path: str) -> bool:
    return not folder or path == folder or path.startswith(folder + "/")


def relative(path: str, root: str) -> str:
    """Return a path as seen from a folder above it."""
    return path[len(root) + 1 :] if root and path.startswith(root + "/") else path


def relative_all(modules: Mapping[str, str], root: str) -> dict[str, str]:
    """Return paths of import as seen from the root, each with the path handed in."""
    return {relative(path, root): source for path, source in modules.items()}
