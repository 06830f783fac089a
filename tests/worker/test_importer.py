"""Modules come from memory, by the names that students use, and nothing else is taken for theirs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from grader.worker.importer import InMemoryProgram


@contextmanager
def loaded(
    modules: dict[str, str], main: str = "cnn.py", imports: tuple[str, ...] = ("math", "numpy")
) -> Iterator:
    """Load a program and put the interpreter back as it was."""
    known, path, argv = dict(sys.modules), list(sys.meta_path), list(sys.argv)
    program = InMemoryProgram(main, modules, imports)
    try:
        yield program, program.load()
    finally:
        sys.meta_path[:], sys.argv[:] = path, argv
        for name in set(sys.modules) - set(known):
            del sys.modules[name]
        sys.modules.update(known)


@pytest.mark.parametrize(
    "modules",
    [
        {"cnn.py": "from parts import N", "parts.py": "N = 7"},
        {"cnn.py": "from parts.deep import N", "parts/deep.py": "N = 7"},
        {
            "cnn.py": "from parts import N",
            "parts/__init__.py": "from .deep import N",
            "parts/deep.py": "N = 7",
        },
        {"cnn.py": "from .parts import N", "parts.py": "N = 7"},
        {"cnn.py": "from . import parts\nN = parts.N", "parts.py": "N = 7"},
        {"cnn.py": "import parts.deep as d\nN = d.N", "parts/deep.py": "N = 7"},
        {"cnn.py": "from random import N", "random.py": "N = 7"},
        {"cnn.py": "import importlib\nN = importlib.import_module('parts').N", "parts.py": "N = 7"},
    ],
)
def test_load_helper_modules_are_found_as_students_import_them(modules):
    with loaded(modules, imports=("importlib",)) as (_, main):
        assert main.N == 7


def test_load_main_in_a_folder_sees_its_neighbours_and_the_top():
    modules = {
        "work/cnn.py": "from near import A\nfrom far import B",
        "work/near.py": "A = 1",
        "far.py": "B = 2",
    }
    with loaded(modules, "work/cnn.py") as (_, main):
        assert (main.A, main.B) == (1, 2)


@pytest.mark.parametrize("path", ["1805001 train.py", "übung-3.ipynb", "numpy.py", "class.py"])
def test_load_main_of_any_name_is_executed(path):
    with loaded({path: "import numpy\nN = numpy.zeros(3).size"}, path) as (_, main):
        assert main.N == 3


def test_load_future_features_of_the_grader_do_not_leak_in():
    with loaded({"cnn.py": "def f(x: 1 + 1): pass\nN = f.__annotations__['x']"}) as (_, main):
        assert main.N == 2


def test_load_refused_import_stands_in_and_is_reported():
    source = (
        "import torch\nfrom torch import nn\nimport os.path\n"
        "class Net(nn.Module):\n    @torch.no_grad()\n    def f(self): return torch.zeros(3)\n"
        "def g(x: torch.Tensor | None = None): pass\n"
    )
    with loaded({"cnn.py": source}) as (program, main):
        assert program.stand_ins == dict.fromkeys(("torch", "os"), "may not be used in this assignment")
        assert main.Net.__mro__ == (main.Net, object)
        with pytest.raises(ImportError, match="torch may not be used in this assignment"):
            main.torch.zeros(3)


def test_load_allowed_import_that_is_missing_says_not_installed():
    with loaded({"cnn.py": "import nowhere_to_be_found as n"}, imports=("nowhere_to_be_found",)) as (
        program,
        main,
    ):
        assert program.stand_ins == {"nowhere_to_be_found": "is not installed here"}
        with pytest.raises(ImportError, match="not installed"):
            main.n.f()


def test_load_error_inside_a_helper_is_raised():
    with pytest.raises(ZeroDivisionError), loaded({"cnn.py": "import parts", "parts.py": "1 / 0"}):
        pass


def test_load_missing_helper_of_a_helper_stands_in():
    with loaded({"cnn.py": "import parts", "parts.py": "import plotting"}) as (program, _):
        assert "plotting" in program.stand_ins
