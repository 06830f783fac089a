"""The untrusted side as text, and the few lines that start it in an empty interpreter.

Trusted side. Nothing of the grader is importable where a student's code runs: the modules that are
needed there are handed over, so that neither a path nor a mount of this package exists there.
"""

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

WORKER = (
    "grader",
    "grader.wire",
    "grader.untrusted",
    "grader.untrusted.confining",
    "grader.untrusted.limiting",
    "grader.untrusted.stand_ins",
    "grader.untrusted.loading",
    "grader.untrusted.strides",
    "grader.untrusted.verdicts",
    "grader.untrusted.driving",
    "grader.untrusted.counting",
    "grader.untrusted.adapting",
    "grader.untrusted.adapting.calls",
    "grader.untrusted.adapting.layouts",
    "grader.untrusted.adapting.settings",
    "grader.untrusted.adapting.layer",
    "grader.untrusted.adapting.compound",
    "grader.untrusted.adapting.recipes",
    "grader.untrusted.adapting.updating",
    "grader.untrusted.opening",
    "grader.worker",
)
PLACES = ("grader", "grader.untrusted", "grader.untrusted.places")
ZYGOTE = (*WORKER, "grader.untrusted.places", "grader.sandbox", "grader.sandbox.zygote")
_EMPTY = frozenset({"grader", "grader.untrusted", "grader.untrusted.adapting", "grader.sandbox"})

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

FLAGS = ("-I", "-B", "-X", "utf8", "-c", BOOT)


@cache
def bundle(names: tuple[str, ...]) -> bytes:
    """Return what `BOOT` reads from standard input: the modules' texts in the order of their imports."""
    root = Path(__file__).parent.parent.parent
    texts = [
        (name, "" if name in _EMPTY else (root / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8"))
        for name in names
    ]
    data = json.dumps(texts).encode()
    return len(data).to_bytes(8, "little") + data


def environment() -> Mapping[str, str]:
    """Return the few variables that an interpreter needs; BLAS keeps to one thread."""
    kept = ("LD_LIBRARY_PATH", "SYSTEMROOT", "PATH") if os.name == "nt" else ("LD_LIBRARY_PATH",)
    own = {name: os.environ[name] for name in kept if name in os.environ}
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    return {**own, **dict.fromkeys(threads, "1"), "LC_ALL": "C.UTF-8"}
