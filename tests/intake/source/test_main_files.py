"""A submission in several files is taken together; of different answers one is taken by the rule."""

import io
import json
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.intake.source import read_program
from grader.intake.submissions import SourceFile, Submission, collect
from grader.worker.importer import InMemoryProgram

NAMES = ("Conv2d", "ReLU", "Linear")
IMPORT = "import numpy as np\n"
PIECES: Mapping[str, str] = {
    "SCALE": "SCALE = 2.0\n",
    "Layer": "class Layer:\n    factor = SCALE\n    def __call__(self, x):\n        return self.forward(x)\n",
    "rectify": "def rectify(x, low=0.0):\n    return np.maximum(x, low)\n",
    "unfold": "def unfold(x):\n    return rectify(x) * SCALE\n",
    "Conv2d": "class Conv2d(Layer):\n    def forward(self, x):\n        return unfold(x)\n",
    "ReLU": "class ReLU(Layer):\n    def forward(self, x):\n        return rectify(x)\n",
    "Linear": "class Linear(Layer):\n    relu = ReLU()\n    def forward(self, x): return self.relu(x)\n",
}
"""A program whose definitions use each other, in an order in which it runs."""


def notebook_of(text: str) -> str:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": text}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def submission_of(files: Mapping[str, str]) -> Submission:
    sources = (
        SourceFile(path, (notebook_of(text) if path.endswith(".ipynb") else text).encode())
        for path, text in files.items()
    )
    return Submission("one", "One", None, tuple(sources))


def loaded(submission: Submission, names: Sequence[str] = NAMES):
    """Read a submission and execute its program here; return both, and what failed."""
    program = read_program(submission, names)
    assert program.error == ""
    mains = {program.main: program.graded, **program.others}
    known, path, argv = dict(sys.modules), list(sys.meta_path), list(sys.argv)
    memory = InMemoryProgram(mains, program.modules, ("numpy",), program.left_behind)
    try:
        return program, memory.load(), memory.failed
    finally:
        sys.meta_path[:], sys.argv[:] = path, argv
        for name in set(sys.modules) - set(known):
            del sys.modules[name]
        sys.modules.update(known)


PATHS = st.sampled_from(
    ["conv.py", "layers.py", "part1.ipynb", "part2.ipynb", "a.zip/conv.py", "b.zip/conv.py",
     "b.zip/hw/act.py", "src/layers.py", "x/y/cnn.py", "x/y/random.py",
     "1805001_net(2).py", "test_nets.py", "class.ipynb"]
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(PATHS, min_size=1, max_size=4, unique=True), st.data())
def test_read_program_definitions_dealt_over_files_load_completely(paths, data):
    dealt = dict.fromkeys(paths, IMPORT)
    for piece, text in PIECES.items():
        path = data.draw(st.sampled_from(paths), label=piece)
        dealt[path] += text
    program, module, failed = loaded(submission_of(dealt))
    assert failed == []
    assert [getattr(module, name)()(-3.0) for name in NAMES] == [0.0, 0.0, 0.0]
    assert module.Conv2d()(3.0) == 6.0
    assert not [warning for warning in program.warnings if "without importing it" not in warning]


@settings(max_examples=40)
@given(st.lists(PATHS, min_size=2, max_size=4, unique=True), st.data())
def test_read_program_different_definitions_of_a_name_name_the_file_that_is_used(paths, data):
    dealt = dict.fromkeys(paths, "")
    for name in NAMES:
        for path in data.draw(st.sets(st.sampled_from(paths), min_size=1), label=name):
            dealt[path] += f"class {name}:\n    home = {path!r}\n"
    program, module, _ = loaded(submission_of(dealt))
    for name in NAMES:
        used = getattr(module, name).home
        for path in (path for path in paths if path != used and f"class {name}:" in dealt[path]):
            [said] = [one for one in program.warnings if one.startswith(f"{used} and {path} define ")]
            assert name in said.partition(" differently; ")[0]
            assert f"; the grader uses {used}: " in said


ONE = "class Conv2d:\n    a = 1\nclass ReLU:\n    pass\nclass Linear:\n    pass\n"
OTHER = ONE.replace("a = 1", "a = 2")


@pytest.mark.parametrize(
    ("used", "other", "rule"),
    [
        ("cnn.ipynb", "cnn-Copy1.ipynb", "a file whose name marks it as a copy or as old comes last"),
        ("cnn_final(2).py", "cnn_old.py", "a file whose name marks it as a copy or as old comes last"),
        ("zcnn.py", "a/old/cnn.py", "a file whose name marks it as a copy or as old comes last"),
        ("scaffold.py", "cnn_test.py", "a file whose name marks it as a test comes last"),
        ("cnn.py", "a (1).py", "a file with a number in brackets in its name comes after one without"),
        ("cnn.py", "a/cnn.py", "the file nearest to the top folder comes first"),
        ("cnn.py", "a.ipynb", "a .py file comes before a notebook"),
        ("cnn1.ipynb", "cnn2.ipynb", "the first name in the alphabet comes first"),
    ],
)
def test_read_program_of_two_answers_takes_one_by_the_rule_and_names_both(used, other, rule):
    for files in ({used: ONE, other: OTHER}, {other: OTHER, used: ONE}):
        program = read_program(submission_of(files), NAMES)
        assert program.files == (used,)
        assert program.warnings == (
            f"{used} and {other} define Conv2d differently; the grader uses {used}: {rule}",
        )


def test_read_program_file_with_more_graded_names_goes_before_another():
    part = "class Conv2d:\n    a = 3\n"
    program = read_program(submission_of({"a.py": part, "b.py": ONE}), NAMES)
    assert program.warnings == (
        "b.py and a.py define Conv2d differently; the grader uses b.py: "
        "the file with most of the graded names comes first",
    )


@pytest.mark.parametrize("other", ["cnn-Copy1.ipynb", "b.py", "old/cnn.py", "z.txt"])
def test_read_program_copies_that_define_the_same_are_no_warning(other):
    same = "# a copy\n" + ONE.replace("a = 1", "a = (1)  # one") + "\n\ntraining = 5\n"
    assert read_program(submission_of({"cnn.py": ONE, other: same}), NAMES).warnings == ()


def test_read_program_copies_whose_helpers_differ_are_named():
    helper = "def half(n):\n    return n // 2\n"
    one = helper + ONE.replace("a = 1", "def f(self): return half(3)")
    program = read_program(submission_of({"a.py": one, "b.py": one.replace("//", "/")}), NAMES)
    assert program.warnings[0].startswith("a.py and b.py define half differently; the grader uses a.py")


def test_read_program_what_is_not_graded_does_not_decide():
    files = {"activations.py": "class ReLU: pass\nclass Linear: pass\n", "conv.py": "class Conv2d: pass\n"}
    program = read_program(submission_of(files), ("Conv2d",))
    assert (program.main, program.others, program.warnings) == ("conv.py", {}, ())


def test_read_program_template_beside_the_own_file_is_used_for_the_rest_alone():
    raising = "    def forward(self, x):\n        '''Do.'''\n        raise NotImplementedError('later')\n"
    template = "".join(f"class {name}:\n{raising}" for name in NAMES)
    program, module, _ = loaded(
        submission_of({"cnn.py": template, "own/mine.py": "class ReLU:\n    n = 1\n"})
    )
    assert module.ReLU.n == 1
    assert (program.main, program.others) == ("own/mine.py", {"cnn.py": ("Conv2d", "Linear")})
    assert program.warnings == ()


def test_read_program_two_halves_of_one_template_are_put_together():
    raising = "    def forward(self, x):\n        raise NotImplementedError\n"
    halves = {
        "a.zip/cnn.py": f"class Conv2d:\n    n = 1\nclass ReLU:\n{raising}class Linear:\n{raising}",
        "b.zip/cnn.py": f"class Conv2d:\n{raising}class ReLU:\n    n = 2\nclass Linear:\n    n = 3\n",
    }
    program, module, _ = loaded(submission_of(halves))
    assert [getattr(module, name).n for name in NAMES] == [1, 2, 3]
    assert program.warnings == ()


def test_read_program_broken_file_leaves_what_others_define():
    program = read_program(
        submission_of({"conv.py": "class Conv2d:\n  def (\n", "act.py": "class ReLU: pass"}), NAMES
    )
    assert (program.error, program.main) == ("", "act.py")
    why = "conv.py, line 2: SyntaxError: invalid syntax: def ("
    assert program.warnings == (why,)
    assert program.absent == {"Conv2d": f"Conv2d is in a file that cannot be read: {why}"}


def test_read_program_names_that_are_not_set_say_where_and_why():
    text = "import numpy as np\n\nfor N in range(3):\n    print(N)\nclass A(Missing): pass\n" + ONE
    program = read_program(submission_of({"cnn.ipynb": text}), NAMES)
    assert program.absent == {
        "N": "N is set in cnn.ipynb, code cell 1, line 3, which was not run: "
        "the grader runs only imports, definitions and simple assignments",
        "A": "A is set in cnn.ipynb, code cell 1, line 5, which was not run: it needs Missing",
    }


def test_failed_statement_is_a_warning_with_what_it_was_to_set():
    text = IMPORT + "a, b = [\n    1]\n" + ONE
    program = read_program(submission_of({"cnn.py": text}), NAMES)
    assert program.failed("cnn.py", 2, "ValueError: no") == (
        "cnn.py: not run, lines 2-3: the assignment to a, b failed: ValueError: no",
        {name: f"{name} is set in cnn.py, line 2, which failed: ValueError: no" for name in "ab"},
    )
    assert program.failed("cnn.py", 3, "no") == ("", {})
    assert program.failed("other.py", 10**30, "no") == ("", {})


def test_read_program_imports_count_where_graded_code_uses_them():
    text = (
        "import os, csv\nimport pickle\nfrom conv_utils import pad\nfrom .near import step\nimport torch\n"
        "def save(): pickle.dump(1, 2)\n"
        "class Conv2d:\n    def forward(self, x): return pad(x), torch, step\n"
    )
    program = read_program(submission_of({"hw/cnn.py": text}), ("Conv2d",))
    found = {name: (one.file, one.is_file) for name, one in program.imports.items()}
    assert found == {
        "conv_utils": ("hw/cnn.py", True),
        "near": ("hw/cnn.py", True),
        "torch": ("hw/cnn.py", False),
    }
    assert program.left_behind == ["conv_utils", "near"]


def test_read_program_nested_zips_of_parts_load_together(tmp_path: Path):
    def zipped(name: str, data: str | bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, data)
        return buffer.getvalue()

    folder = tmp_path / "student"
    folder.mkdir()
    conv = (
        "from act import rectify\n" + PIECES["SCALE"] + PIECES["Layer"] + PIECES["unfold"] + PIECES["Conv2d"]
    )
    (folder / "a.zip").write_bytes(zipped("conv.py", conv))
    rest = IMPORT + "".join(PIECES[name] for name in ("rectify", "ReLU", "Linear"))
    (folder / "b.zip").write_bytes(zipped("inner.zip", zipped("work/act.py", rest)))
    [submission] = collect([tmp_path])
    _, module, failed = loaded(submission)
    assert failed == []
    assert module.Conv2d()(3.0) == 6.0
