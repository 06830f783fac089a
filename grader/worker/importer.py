"""Import a student's modules from memory, with an allow-list for what they import.

Untrusted side. The allow-list exists so that messages name the forbidden module; the kernel decides
which files can be read, for any code in this process.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import importlib
import importlib.abc
import importlib.util
import linecache
import posixpath
import sys
import types
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from grader.worker.import_stubs import StandIn


class Failed(NamedTuple):
    """A top-level statement that raised: its file, its first line, the statement and what it raised."""

    path: str
    line: int
    statement: ast.stmt
    error: Exception


class _Space:
    """What one main file and its helpers import by name, hidden from main files with other helpers."""

    def __init__(self, main: str, modules: Collection[str], mains: Collection[str], load: Any) -> None:
        self.paths = _names(main, modules)
        for other in mains:
            # The main files find each other, wherever they are.
            name = posixpath.splitext(posixpath.basename(other))[0]
            if name.isidentifier() and name != "numpy" and other not in self.paths.values():
                self.paths.setdefault(name, other)
        self.main = next(name for name, path in self.paths.items() if path == main)
        self.own = frozenset(name.partition(".")[0] for name in self.paths)
        self.loaded: dict[str, types.ModuleType] = {}
        self.builtins = {**vars(builtins), "__import__": functools.partial(load, self)}


class InMemoryProgram(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """A student's modules by path, importable by name until the process ends.

    Parameters
    ----------
    mains : mapping of str to sequence of str
        Paths of the main files, and the names that are taken from each; other names come from the first file
        that has them.
    modules : mapping of str to str
        Source text by path, the main files among them.
    imports : collection of str
        Top-level modules that may be imported besides the student's own.
    absent : collection of str
        Top-level modules that must be the student's own, but were not handed in.

    Attributes
    ----------
    stand_ins : dict of str to str
        Modules that are not there, and why.
    failed : list of Failed
        The statements that raised; what follows them was executed all the same.
    """

    def __init__(
        self,
        mains: Mapping[str, Sequence[str]],
        modules: Mapping[str, str],
        imports: Collection[str],
        absent: Collection[str] = (),
    ) -> None:
        self.modules = modules
        self.allowed = frozenset(imports)
        self.stand_ins: dict[str, str] = {}
        self.failed: list[Failed] = []
        self._absent = frozenset(absent)
        self._mains = mains
        self._spaces = [_Space(main, modules, mains, self._import) for main in mains]
        self._space: _Space | None = None
        self._loaded: dict[str, types.ModuleType] = {}

    def load(self) -> types.ModuleType:
        """Execute the main files and return what they define; raises what ends the student's process."""
        for path, text in self.modules.items():
            linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        sys.meta_path.insert(0, self)
        sys.argv[:] = [self._spaces[0].main]
        StandIn.loading = True
        try:
            for space in self._spaces:
                self._show(space)
                importlib.import_module(space.main)
            return self._together()
        finally:
            self._show(self._spaces[0])
            StandIn.loading = False

    def defines_anything(self) -> bool:
        """Tell whether any main file has a class or a function of its own."""
        mains = [self._loaded[path] for path in self._mains if path in self._loaded]
        return any(
            isinstance(value, (type, types.FunctionType)) and value.__module__ == main.__name__
            for main in mains
            for value in list(vars(main).values())
        )

    def find_spec(self, fullname: str, *_: Any) -> Any:
        """Find one of the student's modules, or a folder that holds some."""
        paths = self._space.paths if self._space else {}
        is_folder = any(name.startswith(fullname + ".") for name in paths)
        if fullname not in paths and not is_folder:
            return None
        is_package = is_folder or paths[fullname].endswith("/__init__.py")
        return importlib.util.spec_from_loader(fullname, self, is_package=is_package)

    def create_module(self, spec: Any) -> types.ModuleType | None:
        """Return the module if another name or main file has imported it before."""
        paths = self._space.paths if self._space else {}
        return self._loaded.get(paths.get(spec.name, ""))

    def exec_module(self, module: types.ModuleType) -> None:
        """Run a module's text, once, with the guarded import among its builtins."""
        space = self._space
        path = space.paths.get(getattr(module.__spec__, "name", "")) if space else None
        if space is None or path is None or path in self._loaded:
            return
        module.__dict__.update(__file__=path, __builtins__=space.builtins)
        code = compile(self.modules[path], path, "exec", dont_inherit=True)
        self._loaded[path] = module
        try:
            exec(code, module.__dict__)
        except MemoryError:
            raise
        except Exception as error:
            self._go_on(path, module, error)

    def _go_on(self, path: str, module: types.ModuleType, error: Exception) -> None:
        """Execute what follows a statement that failed, each statement by itself."""
        line = _line_in(module, error)
        statements = ast.parse(self.modules[path]).body
        here = [one for one in statements if _first_line(one) <= line <= (one.end_lineno or 0)]
        if not here:
            raise error
        first = statements.index(here[0])
        parts = _one_by_one(here[0])
        if len(here) == len(parts) == 1:
            self.failed.append(Failed(path, _first_line(here[0]), here[0], error))
            parts = []
        for statement in (*parts, *statements[first + 1 :]):
            problem = self._execute(path, statement)
            if problem is not None:
                self.failed.append(Failed(path, _first_line(statement), statement, problem))

    def _execute(self, path: str, statement: ast.stmt) -> Exception | None:
        module = self._loaded[path]
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            return None  # by itself it would become the docstring
        features = (value for value in vars(module).values() if isinstance(value, type(annotations)))
        flags = functools.reduce(lambda set_before, one: set_before | one.compiler_flag, features, 0)
        try:
            code = compile(ast.Module([statement], []), path, "exec", flags, dont_inherit=True)
            exec(code, module.__dict__)
        except MemoryError:
            raise
        except Exception as error:
            return error
        return None

    def _together(self) -> types.ModuleType:
        """Return the only main module, or a new one with the names of all of them."""
        mains = [self._loaded[path] for path in self._mains]
        if len(mains) == 1:
            return mains[0]
        while True:
            together = self._union(mains)
            for main in mains:
                for name, value in vars(together).items():
                    if not hasattr(builtins, name):
                        vars(main).setdefault(name, value)
            # A class may wait for its base class in another file, and that one for a third.
            waiting = [one for one in self.failed if isinstance(one.error, NameError)]
            done = [one for one in waiting if not self._execute(one.path, one.statement)]
            if not done:
                return together
            self.failed = [one for one in self.failed if one not in done]

    def _union(self, mains: Sequence[types.ModuleType]) -> types.ModuleType:
        together = types.ModuleType("submission")
        for main, names in zip(mains, self._mains.values()):  # noqa: B905 - Python 3.9
            vars(together).update({name: vars(main)[name] for name in names if name in vars(main)})
        for main in mains:
            for name, value in vars(main).items():
                vars(together).setdefault(name, value)
        return together

    def _show(self, space: _Space) -> None:
        """Let a main file's own modules be what is found by name."""
        if space is self._space:
            return
        if self._space is not None:
            own = self._space.own
            self._space.loaded = {name: sys.modules[name] for name in _among(own)}
        for name in _among((self._space or space).own | space.own):
            # As with a script's own folder: a student's random.py goes before the library's.
            del sys.modules[name]
        sys.modules.update(space.loaded)
        self._space = space

    @contextlib.contextmanager
    def _seen_by(self, space: _Space) -> Iterator[None]:
        before = self._space or space
        self._show(space)
        try:
            yield
        finally:
            self._show(before)

    def _import(
        self,
        space: _Space,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - the names that the language fixes
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        top = name.partition(".")[0]
        with self._seen_by(space):
            if level and not (globals or {}).get("__package__"):
                # `from .layers import ...` in a file that was submitted without its package.
                if not name:
                    names = fromlist or ()
                    return types.SimpleNamespace(**{one: importlib.import_module(one) for one in names})
                level = 0
            if level or top in space.own:
                return builtins.__import__(name, globals, locals, fromlist or (), level)
        if top in self._absent:
            return self._stand_in(name, fromlist, "is not in the upload")
        if top not in self.allowed:
            return self._stand_in(name, fromlist, "may not be used in this assignment")
        try:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        except ImportError as error:
            if (error.name or "").partition(".")[0] != top or top in sys.modules:
                raise
            return self._stand_in(name, fromlist, "is not installed here")

    def _stand_in(self, name: str, fromlist: Sequence[str] | None, why: str) -> StandIn:
        top = name.partition(".")[0]
        self.stand_ins[top] = why
        return StandIn(name if fromlist else top, why)


def _among(tops: Collection[str]) -> list[str]:
    """Return the modules that are there below some top-level names."""
    return [name for name in sys.modules if name.partition(".")[0] in tops]


def _one_by_one(statement: ast.stmt) -> list[ast.stmt]:
    """Return an import of several names as an import of each, since one of them may be missing."""
    if not isinstance(statement, ast.ImportFrom):
        return [statement]
    module, level = statement.module, statement.level
    singles = (ast.ImportFrom(module, [alias], level) for alias in statement.names)
    return [ast.copy_location(single, statement) for single in singles]


def _first_line(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", [])
    lines: list[int] = [statement.lineno, *(decorator.lineno for decorator in decorators)]
    return min(lines)


def _line_in(module: types.ModuleType, error: BaseException) -> int:
    """Return the line of a module's own text from which an error came; 0 if there is none."""
    step = error.__traceback__
    while step is not None:
        frame = step.tb_frame
        if frame.f_globals is module.__dict__ and frame.f_code.co_name == "<module>":
            return step.tb_lineno
        step = step.tb_next
    return 0


def _names(main: str, modules: Collection[str]) -> dict[str, str]:
    """Return paths by module name, as seen from the main file's folder, then from each one above it."""
    names: dict[str, str] = {}
    folders = posixpath.dirname(main).split("/")
    for depth in range(len(folders), -1, -1):
        root = "/".join(folders[:depth])
        for path in modules:
            inside = posixpath.relpath(path, root or ".")
            stem = posixpath.splitext(inside)[0]
            parts = [part for part in stem.split("/") if part != "__init__"]
            if ".." not in parts and parts and all(part.isidentifier() for part in parts):
                names.setdefault(".".join(parts), path)
    for taken in [name for name in names if name.partition(".")[0] == "numpy"]:
        del names[taken]
    if main not in names.values():
        names["submission"] = main
    return names
