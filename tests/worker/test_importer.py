"""Modules come from memory, by the names that students use, and nothing else is taken for theirs."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from grader.worker.importer import InMemoryProgram


@contextmanager
def loaded(
    modules: dict[str, str],
    main: str = "cnn.py",
    imports: tuple[str, ...] = ("math", "numpy"),
    others: Mapping[str, Sequence[str]] | None = None,
    absent: Sequence[str] = (),
) -> Iterator:
    """Load a program and put the interpreter back as it was."""
    known, path, argv = dict(sys.modules), list(sys.meta_path), list(sys.argv)
    program = InMemoryProgram({main: (), **(others or {})}, modules, imports, absent)
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


def failures(program):
    return [(one.path, one.line, f"{type(one.error).__name__}: {one.error}") for one in program.failed]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("dx, dw, db = backward(out, cache)", "NameError: name 'backward' is not defined"),
        ("rate = {}['rate']", "KeyError: 'rate'"),
        ("class Broken:\n    size = 1 / 0", "ZeroDivisionError: division by zero"),
        ("@5\ndef decorated():\n    pass", "TypeError: 'int' object is not callable"),
        ("import broken", "SyntaxError: invalid syntax (broken.py, line 1)"),
    ],
)
def test_load_statement_that_fails_is_noted_and_what_follows_is_run(statement, why):
    source = f"'''text'''\nA = 1\n\n{statement}\nB = 2\n'''more'''\n\nclass C:\n    b = B\n"
    with loaded({"cnn.py": source, "broken.py": "1 +"}) as (program, main):
        assert failures(program) == [("cnn.py", 4, why)]
        assert (main.A, main.B, main.C.b, main.__doc__) == (1, 2, 2, "text")


def test_load_several_statements_that_fail_are_noted_each():
    source = "from __future__ import annotations\na = x\ndef f(v: Nowhere): pass\nb = 1; c = a; d = 4\n"
    with loaded({"cnn.py": source}, imports=("__future__",)) as (program, main):
        assert [line for _, line, _ in failures(program)] == [2, 4]
        assert (main.b, main.d, main.f.__annotations__) == (1, 4, {"v": "Nowhere"})


def test_load_import_of_a_name_that_failed_in_a_helper_brings_the_others():
    modules = {"cnn.py": "from parts import A, B, C\nD = A + C", "parts.py": "A = 1\nB = {}[0]\nC = 3"}
    with loaded(modules) as (program, main):
        assert main.D == 4
        assert [(path, line) for path, line, _ in failures(program)] == [("parts.py", 2), ("cnn.py", 1)]


def test_load_exit_ends_the_loading():
    with pytest.raises(SystemExit), loaded({"cnn.py": "exit(1)"}):
        pass


MAINS = {
    "a.zip/conv.py": (
        "from utils import N\nclass Conv(Layer):\n    n = N\n    def f(self): return scale(N)\nX = 1"
    ),
    "a.zip/utils.py": "N = 'a'",
    "b.zip/layers.py": "class Layer: pass\ndef scale(n):\n    from utils import N\n    return N + n\nX = 2",
    "b.zip/utils.py": "N = 'b'",
}


def test_load_several_main_files_share_names_but_not_helpers_or_globals():
    with loaded(MAINS, "a.zip/conv.py", others={"b.zip/layers.py": ["X"]}) as (program, main):
        assert failures(program) == []
        assert main.Conv.__mro__[1] is main.Layer
        assert (main.Conv.n, main.Conv().f(), main.X) == ("a", "ba", 2)
        assert main.Conv.f.__globals__["X"] == 1


def test_load_main_files_that_import_each_other_are_executed_once():
    modules = {"a.py": "import b\nA = [1]", "b.py": "B = [2]\nimport a"}
    with loaded(modules, "a.py", others={"b.py": []}) as (program, main):
        assert main.A is main.b.a.A
        assert main.b.B is main.B
        assert failures(program) == []


def test_load_file_that_was_left_behind_is_named_where_it_is_called():
    with loaded({"cnn.py": "from conv_utils import pad"}, absent=("conv_utils",)) as (program, main):
        assert program.stand_ins == {"conv_utils": "is not in the upload"}
        with pytest.raises(
            ImportError, match=r"conv_utils\.pad was called, but conv_utils is not in the upload"
        ):
            main.pad()


def test_load_missing_helper_of_a_helper_stands_in():
    with loaded({"cnn.py": "import parts", "parts.py": "import plotting"}) as (program, _):
        assert "plotting" in program.stand_ins
