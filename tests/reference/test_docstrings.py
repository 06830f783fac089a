"""Every example in a docstring runs, and only the programs import more than NumPy."""

import ast
import doctest
import importlib
import sys
from pathlib import Path

import pytest

import cnn_reference

FOLDER = Path(cnn_reference.__file__).parent
PROGRAMS = {"train", "bench", "figures"}
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in PROGRAMS | {"__init__"})


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name):
    module = importlib.import_module(f"cnn_reference.{name}")
    assert doctest.testmod(module, extraglobs={"np": importlib.import_module("numpy")}).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_layers_import_numpy_only(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    roots = {module.split(".")[0] for module in imported}
    assert roots <= {"numpy", "cnn_reference"} | sys.stdlib_module_names
