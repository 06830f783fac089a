"""Import a student's modules from memory, with an allow-list for what they import.

Untrusted side. The allow-list exists so that messages name the forbidden module; the kernel decides
which files can be read, for any code in this process.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.abc
import importlib.util
import linecache
import posixpath
import sys
import types
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from grader.worker.import_stubs import StandIn


class InMemoryProgram(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """A student's modules by path, importable by name until the process ends.

    Parameters
    ----------
    main : str
        Path of the module with the answers.
    modules : mapping of str to str
        Source text by path, `main` among them.
    imports : collection of str
        Top-level modules that may be imported besides the student's own.

    Attributes
    ----------
    stand_ins : dict of str to str
        Modules that are not there, and why.
    """

    def __init__(self, main: str, modules: Mapping[str, str], imports: Collection[str]) -> None:
        self.modules = modules
        self.allowed = frozenset(imports)
        self.stand_ins: dict[str, str] = {}
        self._paths = _names(main, modules)
        self._main = next(name for name, path in self._paths.items() if path == main)
        self._own = frozenset(name.partition(".")[0] for name in self._paths)
        self._builtins = {**vars(builtins), "__import__": self._import}

    def load(self) -> types.ModuleType:
        """Execute the main module and return it; raises what the student's code raises."""
        for path, text in self.modules.items():
            linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        for name in self._own:
            # As with a script's own folder: a student's random.py goes before the library's.
            sys.modules.pop(name, None)
        sys.meta_path.insert(0, self)
        sys.argv[:] = [self._main]
        StandIn.loading = True
        try:
            return importlib.import_module(self._main)
        finally:
            StandIn.loading = False

    def find_spec(self, fullname: str, *_: Any) -> Any:
        """Find one of the student's modules, or a folder that holds some."""
        is_folder = any(name.startswith(fullname + ".") for name in self._paths)
        if fullname not in self._paths and not is_folder:
            return None
        is_package = is_folder or self._paths[fullname].endswith("/__init__.py")
        return importlib.util.spec_from_loader(fullname, self, is_package=is_package)

    def exec_module(self, module: types.ModuleType) -> None:
        """Run a module's text with the guarded import among its builtins."""
        path = self._paths.get(module.__name__)
        if path is None:
            return
        module.__dict__.update(__file__=path, __builtins__=self._builtins)
        exec(compile(self.modules[path], path, "exec", dont_inherit=True), module.__dict__)

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - the names that the language fixes
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if level and not (globals or {}).get("__package__"):
            # `from .layers import ...` in a file that was submitted without its package.
            if not name:
                return types.SimpleNamespace(**{one: importlib.import_module(one) for one in fromlist or ()})
            level = 0
        top = name.partition(".")[0]
        if level or top in self._own:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
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


def _names(main: str, modules: Mapping[str, str]) -> dict[str, str]:
    """Return paths by module name, as seen from the main file's folder, then from the top."""
    names: dict[str, str] = {}
    for root in (posixpath.dirname(main), ""):
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
