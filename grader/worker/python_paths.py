"""Where this interpreter keeps what a worker must be able to read.

Untrusted side, run before any student's code is there.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import sysconfig
from collections.abc import Iterable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np


def specs(packages: Iterable[str]) -> dict[str, ModuleSpec]:
    """Return where packages other than NumPy are, if they are installed."""
    wanted = [name for name in packages if name.isidentifier() and name not in sys.modules]
    found = {name: importlib.util.find_spec(name) for name in wanted}
    return {name: spec for name, spec in found.items() if spec is not None and spec.has_location}


def places(extra: Iterable[ModuleSpec] = ()) -> dict[str, Any]:
    """Return versions, folders of the library, of packages and of shared libraries in use."""
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    mapped = {line.split(maxsplit=5)[5] for line in maps if ".so" in line}
    return {
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "library": sorted({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}),
        "packages": [str(Path(np.__file__).parent), *map(_place, extra)],
        "shared": sorted({str(Path(path).parent) for path in mapped}),
    }


def _place(spec: ModuleSpec) -> str:
    """Return a package's folder, or a single module's file."""
    folders = list(spec.submodule_search_locations or ())
    return str(folders[0] if folders else spec.origin)


def main(*packages: str) -> None:
    """Tell the trusted side."""
    print(json.dumps(places(specs(packages).values())))
