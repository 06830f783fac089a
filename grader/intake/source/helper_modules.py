"""Find the helper modules that the main file imports, among the submission's files.

Trusted side; pure. Paths decide: ``import layers.conv`` is looked for from the answer's folder upwards, as
Python would from the folder where a student started it, and at last anywhere under that name. An import costs
one look into a table, however many files there are and however deep: intake bounds the paths' lengths.
"""

import ast
import posixpath
from collections.abc import Callable, Collection, Iterator, Mapping
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
    """The submission's Python files, found by the end of their paths."""

    def __init__(self, paths: Collection[str]) -> None:
        self.paths = frozenset(path for path in paths if path.lower().endswith(".py"))
        self._above: dict[str, dict[str, None]] = {}
        for path in sorted(self.paths, key=lambda path: (path.count("/"), path)):
            base, ending = path, ""
            while base:
                base, _, name = base.rpartition("/")
                ending = f"{name}/{ending}" if ending else name
                self._above.setdefault(ending, {})[base] = None
        self.longest = max(map(len, self.paths), default=0)

    def above(self, ending: str) -> Mapping[str, None]:
        """Return the folders in which there is a file of this path, those nearest to the top first."""
        return self._above.get(ending, {})


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
        Path of import, from the top, to the path in the submission; without the main file itself.
    """
    home = posixpath.dirname(main.path)
    bases = _Bases(home)
    found: dict[str, Found] = {}
    sources = {main.path}
    waiting = [main]
    while waiting:
        document = waiting.pop()
        for one in _imported(document, bases, files):
            if one.source not in sources:
                sources.add(one.source)
                found.setdefault(one.path, one)
                waiting.append(read(one.source))
    above = [one.root for one in found.values() if _is_above(one.root, home)]
    root = min([home, *above], key=len)
    return root, {one.path: one.source for one in found.values()}


def exported(document: Document, files: Files) -> Iterator[tuple[str, str, str]]:
    """Yield ``(name here, name there, file)`` for what a document imports from other files of the submission.

    A star import yields ``("*", "*", file)``.
    """
    home = posixpath.dirname(document.path)
    bases = _Bases(home)
    for statement in document.tree.body:
        if isinstance(statement, ast.ImportFrom):
            target = _locate(statement.module or "", statement.level, home, bases, files)
            if target:
                for alias in statement.names:
                    yield alias.asname or alias.name, alias.name, target[-1].source


def imported_names(document: Document) -> set[str]:
    """Return the names, up to the first dot, of the modules that a document may import."""
    return {name.partition(".")[0] for name, _, _ in _named(document, 0)}


def _imported(document: Document, bases: "_Bases", files: Files) -> Iterator[Found]:
    here = posixpath.dirname(document.path)
    for name, level, anywhere in dict.fromkeys(_named(document, files.longest)):
        yield from _locate(name, level, here, bases, files, anywhere=anywhere)


def _named(document: Document, longest: int) -> Iterator[tuple[str, int, bool]]:
    """Yield the modules that a document may import: name, level, and whether it may be anywhere."""
    for node in statements(document.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0, True) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield module, node.level, True
            if len(module) <= longest:
                for alias in node.names:  # what is imported may itself be a module
                    yield f"{module}.{alias.name}" if module else alias.name, node.level, False


class _Bases:
    """The folders from which an import is looked for, in order; the same for all imports of a file."""

    def __init__(self, home: str) -> None:
        self.home = home
        self._known: dict[str, tuple[str, ...]] = {}

    def of(self, level: int, here: str) -> tuple[str, ...]:
        """Return the folders for a file in the folder ``here``; a relative import has just one."""
        if level:
            for _ in range(min(level - 1, here.count("/") + 1)):
                here = posixpath.dirname(here)
            return (here,)
        if here not in self._known:
            self._known[here] = tuple(dict.fromkeys([*_with_parents(here), *_with_parents(self.home)]))
        return self._known[here]


def _locate(
    name: str, level: int, here: str, bases: _Bases, files: Files, *, anywhere: bool = True
) -> list[Found]:
    """Return a module with the packages above it, innermost last; empty if it is not among the files."""
    if not name or len(name) > files.longest or name == "numpy" or name.startswith("numpy."):
        return []
    stem = name.replace(".", "/")
    module, package = files.above(stem + ".py"), files.above(stem + "/__init__.py")
    if not (module or package):
        return []
    for base in bases.of(level, here):
        if base in module or base in package:
            return _with_packages(base, stem + (".py" if base in module else "/__init__.py"), files)
    if anywhere and not level:
        return [
            Found(posixpath.join(base, stem + ".py"), posixpath.join(bases.home, stem + ".py"), bases.home)
            for base in [*module][:1]
        ]
    return []


def _with_parents(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _with_packages(base: str, path: str, files: Files) -> list[Found]:
    folders = [folder for folder in _with_parents(posixpath.dirname(path)) if folder]
    packages = [posixpath.join(base, folder, "__init__.py") for folder in reversed(folders)]
    whole = posixpath.join(base, path)
    inner = [one for one in packages if one in files.paths and one != whole]
    return [Found(one, one, base) for one in (*inner, whole)]


def _is_above(folder: str, path: str) -> bool:
    return not folder or path == folder or path.startswith(folder + "/")


def relative(path: str, root: str) -> str:
    """Return a path as seen from a folder above it."""
    return path[len(root) + 1 :] if root and path.startswith(root + "/") else path
