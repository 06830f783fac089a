"""Find the helper modules that the main file imports, among the submission's files.

Trusted side; pure. Paths decide: ``import layers.conv`` is looked for from the answer's folder upwards, as
Python would from the folder where a student started it, and at last anywhere under that name.
"""

import ast
import posixpath
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from grader.intake.source.bindings import statements
from grader.intake.source.document import Document


@dataclass(frozen=True, slots=True)
class Found:
    """A module that was found: its path in the submission, the path of its import, and where that begins."""

    source: str
    path: str
    root: str


class Files:
    """The submission's Python files, found by their paths or else by the end of their paths."""

    def __init__(self, paths: Collection[str]) -> None:
        self.paths = frozenset(path for path in paths if path.lower().endswith(".py"))
        self._by_name: dict[str, list[str]] = {}
        for path in sorted(self.paths, key=lambda path: (path.count("/"), path)):
            self._by_name.setdefault(posixpath.basename(path), []).append(path)

    def ending_in(self, ending: str) -> str | None:
        """Return the file nearest to the top whose path ends so."""
        same_name = self._by_name.get(posixpath.basename(ending), [])
        return next((path for path in same_name if path.endswith("/" + ending)), None)


def find_modules(main: Document, files: Files, read: Callable[[str], Document]) -> tuple[str, dict[str, str]]:
    """Return where imports begin and the helper modules by the path that they are imported by.

    Parameters
    ----------
    main : Document
        The answer.
    files : Files
        All Python files of the submission.
    read : callable
        Gives the document of such a path.

    Returns
    -------
    root : str
        The folder above all that is imported; ``""`` where that is the top.
    modules : dict of str to str
        Path of import, from the root, to the path in the submission; without the main file itself.
    """
    home = posixpath.dirname(main.path)
    found: dict[str, Found] = {}
    sources = {main.path}
    waiting = [main]
    while waiting:
        document = waiting.pop()
        for one in _imported(document, home, files):
            if one.source not in sources:
                sources.add(one.source)
                found.setdefault(one.path, one)
                waiting.append(read(one.source))
    above = [one.root for one in found.values() if _is_above(one.root, home)]
    root = min([home, *above], key=len)
    return root, {relative(one.path, root): one.source for one in found.values()}


def exported(document: Document, files: Files) -> Iterator[tuple[str, str, str]]:
    """Yield ``(name here, name there, file)`` for what a document imports from other files of the submission.

    A star import yields ``("*", "*", file)``.
    """
    home = posixpath.dirname(document.path)
    for statement in document.tree.body:
        if isinstance(statement, ast.ImportFrom):
            parts = statement.module.split(".") if statement.module else []
            target = _locate(parts, statement.level, home, home, files)
            if target:
                for alias in statement.names:
                    yield alias.asname or alias.name, alias.name, target[-1].source


def _imported(document: Document, home: str, files: Files) -> Iterator[Found]:
    here = posixpath.dirname(document.path)
    for node in statements(document.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _locate(alias.name.split("."), 0, here, home, files)
        elif isinstance(node, ast.ImportFrom):
            parts = node.module.split(".") if node.module else []
            yield from _locate(parts, node.level, here, home, files)
            for alias in node.names:  # what is imported may itself be a module
                yield from _locate([*parts, alias.name], node.level, here, home, files, anywhere=False)


def _locate(
    parts: list[str], level: int, here: str, home: str, files: Files, *, anywhere: bool = True
) -> list[Found]:
    """Return a module with the packages above it, innermost last; empty if it is not among the files."""
    if not parts or parts[0] == "numpy":
        return []
    for base in _bases(level, here, home):
        found = _at(base, parts, files)
        if found:
            return found
    ending = "/".join(parts) + ".py"
    elsewhere = files.ending_in(ending) if anywhere and not level else None
    return [Found(elsewhere, posixpath.join(home, ending), home)] if elsewhere else []


def _bases(level: int, here: str, home: str) -> list[str]:
    if level:
        for _ in range(level - 1):
            here = posixpath.dirname(here)
        return [here]
    return list(dict.fromkeys([*_with_parents(here), *_with_parents(home)]))


def _with_parents(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _at(base: str, parts: list[str], files: Files) -> list[Found]:
    path = posixpath.join(base, *parts)
    target = next((one for one in (path + ".py", path + "/__init__.py") if one in files.paths), None)
    if target is None:
        return []
    packages = [posixpath.join(base, *parts[:n], "__init__.py") for n in range(1, len(parts))]
    return [Found(one, one, base) for one in (*packages, target) if one in files.paths]


def _is_above(folder: str, path: str) -> bool:
    return not folder or path == folder or path.startswith(folder + "/")


def relative(path: str, root: str) -> str:
    """Return a path as seen from a folder above it."""
    return path[len(root) + 1 :] if root and path.startswith(root + "/") else path
