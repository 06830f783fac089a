"""Every shipped check under one name each, for a student's own test file to import.

Trusted side, on the student's own machine.
"""

from importlib import import_module
from pathlib import Path

__all__ = []
for _file in sorted(Path(__file__).parent.glob("test_*.py")):
    _layer = _file.stem.removeprefix("test_")
    for _name, _check in vars(import_module(f"grader.checks.{_file.stem}")).items():
        if _name.startswith("test_"):
            globals()[f"test_{_layer}_{_name.removeprefix('test_')}"] = _check
            __all__.append(f"test_{_layer}_{_name.removeprefix('test_')}")
