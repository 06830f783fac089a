"""The untrusted side as text, and the few lines that start it in an empty interpreter.

Trusted side. Nothing of the grader can be imported where a student's code runs: the modules that are
needed there are sent as text, so that neither a path nor a mount of this package exists there.
"""

import ast
import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = "grader.worker"
_FOLDER = Path(__file__).parents[1] / "worker"

BOOT = """
import json, os, sys, types
def read(size):
    data = b""
    while len(data) < size:
        piece = os.read(0, size - len(data))
        if not piece:
            raise SystemExit("no program came")
        data += piece
    return data
for name, text in json.loads(read(int.from_bytes(read(8), "little"))):
    module = sys.modules[name] = types.ModuleType(name)
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
    exec(compile(text, "<" + name + ">", "exec"), module.__dict__)
module.main(*sys.argv[1:])
"""

BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""The variables that say how many threads a BLAS library may use."""

FLAGS = ("-I", "-B", "-X", "utf8", "-c", BOOT)


@cache
def bundle(entry: str) -> bytes:
    """Return what `BOOT` reads from standard input: an entry module and all that it needs.

    Parameters
    ----------
    entry : str
        A module of `grader.worker`, such as ``main``; its ``main()`` is called.
    """
    texts = [(name, _text(name)) for name in modules(f"{PACKAGE}.{entry}")]
    data = json.dumps(texts).encode()
    return len(data).to_bytes(8, "little") + data


def modules(entry: str) -> tuple[str, ...]:
    """Return the modules that must be sent for `entry`, each after those that it imports, `entry` last.

    Where an interface is opened, all of `grader.worker.interface` is needed: interfaces import from it.
    """
    needs: dict[str, set[str]] = {}
    todo = [entry]
    while todo:
        name = todo.pop()
        if name not in needs:
            needs[name] = {*_imported(name), *_parents(name)}
            todo += needs[name]
            if name == f"{PACKAGE}.load_interface":
                shared = {
                    f"{PACKAGE}.interface.{path.stem}" for path in (_FOLDER / "interface").glob("[!_]*.py")
                }
                needs[name] |= shared
                todo += shared
    return tuple(TopologicalSorter({name: sorted(before) for name, before in needs.items()}).static_order())


def _parents(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _imported(name: str) -> Iterator[str]:
    """Yield the modules of the worker that a module's text imports."""
    for node in ast.walk(ast.parse(_text(name))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found = {module for module in inside if _path(module).is_file()}
            yield from found
            if found != inside:
                yield str(node.module)


def _text(name: str) -> str:
    """Return a module's text, empty for a package: those hold a docstring alone."""
    path = _path(name)
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _path(name: str) -> Path:
    return _FOLDER.parents[1] / f"{name.replace('.', '/')}.py"


def environment() -> Mapping[str, str]:
    """Return the few variables that an interpreter needs; BLAS keeps to one thread."""
    kept = ("LD_LIBRARY_PATH", "SYSTEMROOT", "PATH") if os.name == "nt" else ("LD_LIBRARY_PATH",)
    own = {name: os.environ[name] for name in kept if name in os.environ}
    return {**own, **dict.fromkeys(BLAS_THREADS, "1"), "LC_ALL": "C.UTF-8"}
