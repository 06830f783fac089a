"""Every line that a message names is the line that the student sees in their editor."""

import ast
import traceback
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import v4

from grader.intake.source import Program, listing, read_program
from grader.intake.source.listing import Listing, function_at
from grader.intake.submissions import SourceFile, Submission
from grader.results import Place


def program_of(files: dict[str, str | bytes]) -> Program:
    sources = [
        SourceFile(path, text if isinstance(text, bytes) else text.encode()) for path, text in files.items()
    ]
    return read_program(Submission("one", "One", None, tuple(sources)), ("fails",))


def notebook_of(*cells: tuple[str, str]) -> str:
    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell}
    book = v4.new_notebook(cells=[make[kind](source) for kind, source in cells])
    return str(nbformat.writes(book))


def raised_at(program: Program, function: str = "fails") -> Place | None:
    """Run a program of the test's own and return the place of the innermost frame."""
    names: dict[str, Any] = {}
    exec(compile(program.modules[program.main], program.main, "exec"), names)
    with pytest.raises(ValueError, match="here") as caught:
        names[function]()
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert frame.lineno is not None
    return program.place(program.main, frame.lineno)


FAILS = "def fails():\n    x = 1\n    raise ValueError('here')\n"
TEXT = "raise ValueError('here')"
FILES = {
    "plain": (FAILS, 3),
    "script before": ("import sys\nprint('training')\nfor i in range(3):\n    print(i)\n\n" + FAILS, 8),
    "calls that share a line": ("print(\n  1); y = 2; print(3)\n" + FAILS, 5),
    "byte-order mark and Windows line ends": (b"\xef\xbb\xbf" + FAILS.replace("\n", "\r\n").encode(), 3),
    "old Macintosh line ends": (FAILS.replace("\n", "\r"), 3),
    "tabs mixed with spaces": ("def fails():\n        x = 1\n\traise ValueError('here')\n", 3),
    "form feed and line separator": ("a = '\u2028'\n\x0c\n" + FAILS, 5),
    "multi-line string": ('note = """\nline\n\nline\n"""\n' + FAILS, 8),
}


@pytest.mark.parametrize(("text", "line"), FILES.values(), ids=FILES)
def test_place_in_a_file_is_its_own_line(text: str | bytes, line: int):
    assert raised_at(program_of({"hw/cnn.py": text})) == Place("hw/cnn.py", None, line, TEXT, "fails")


def test_place_in_a_notebook_counts_from_the_cell_on():
    cells = [
        ("markdown", "# My network\n\nfirst"),
        ("code", "%matplotlib inline\nimport numpy as np\n!pip install torch"),
        ("code", ""),
        ("markdown", "then"),
        ("code", "%%time\nepochs = 3\nfor epoch in range(epochs):\n    print(epoch)\n\n" + FAILS),
        ("code", "fails()"),
    ]
    place = raised_at(program_of({"hw.ipynb": notebook_of(*cells)}))
    assert place == Place("hw.ipynb", 3, 8, TEXT, "fails")
    assert str(place) == "hw.ipynb, code cell 3, line 8"


def test_place_of_a_line_that_was_repaired_quotes_what_the_student_wrote():
    program = program_of({"hw.ipynb": notebook_of(("code", "t = %timeit -o f()\n" + FAILS))})
    assert program.modules["hw.ipynb"].split("\n")[1] == "pass"
    assert program.place("hw.ipynb", 2) == Place("hw.ipynb", 1, 1, "t = %timeit -o f()")


@pytest.mark.parametrize("line", [-1, 0, 1, 5, 10**400])
def test_place_of_no_line_and_of_a_cells_marker_is_none(line: int):
    assert Listing("hw.ipynb", "# cell 1\nx = 1\n\ny = 2", (1,)).place(line) is None


def test_place_of_a_long_line_is_shortened():
    place = Listing("cnn.py", "x = [" + "1, " * 100 + "]").place(1)
    assert place is not None
    assert len(place.text) == 120
    assert place.text.endswith("1, …")


def test_place_in_a_helper_names_the_file_of_the_helper():
    files = {"hw/cnn.py": "from lib.pad import pad\ndef fails(): pad()\n"}
    program = program_of(files | {"hw/lib/pad.py": FAILS.replace("fails", "pad")})
    assert program.main == "cnn.py"
    assert program.place("lib/pad.py", 3) == Place("hw/lib/pad.py", None, 3, TEXT, "pad")


def test_place_in_a_program_without_listings_is_the_module():
    program = Program("cnn.py", {"cnn.py": FAILS})
    assert program.place("cnn.py", 2) == Place("cnn.py", None, 2, "x = 1", "fails")


def test_read_program_error_found_late_names_cell_and_line():
    program = program_of({"hw.ipynb": notebook_of(("code", "x = 1"), ("code", "\ndef f(a, a): pass"))})
    assert program.error == (
        "hw.ipynb, code cell 2, line 2: SyntaxError: duplicate argument 'a' in function definition"
    )


def test_in_cells_translates_tracebacks_and_warnings_and_nothing_else():
    program = program_of({"hw.ipynb": notebook_of(("code", "x = 1"), ("code", FAILS))})
    printed = (
        'File "hw.ipynb", line 6, in fails\nhw.ipynb:5: RuntimeWarning: overflow\n'
        'File "other.py", line 6\nmy_hw.ipynb:5: no\nhw.ipynb:99: no such line\nline 6\n'
    )
    assert program.in_cells(printed) == (
        'File "hw.ipynb", code cell 2, line 3, in fails\n'
        "hw.ipynb, code cell 2, line 2: RuntimeWarning: overflow\n"
        'File "other.py", line 6\nmy_hw.ipynb:5: no\nhw.ipynb:99: no such line\nline 6\n'
    )


def test_in_cells_of_a_plain_file_changes_nothing():
    program = program_of({"cnn.py": FAILS})
    assert program.in_cells('File "cnn.py", line 2') == 'File "cnn.py", line 2'


@pytest.mark.parametrize(("line", "name"), [(1, ""), (3, "outer"), (5, "inner"), (7, "outer"), (99, "")])
def test_function_at_names_the_innermost_function(line: int, name: str):
    source = "import x\ndef outer():\n    a = 1\n    def inner():\n        return 2\n\n    return inner\n"
    assert function_at(source, line) == name


def test_function_at_source_that_cannot_be_parsed_is_nameless():
    assert function_at("def (", 1) == ""


def _definition(number: int) -> st.SearchStrategy[str]:
    """Draw a function that fails in one line, in one of the shapes that students write."""
    lines = st.lists(st.sampled_from(["    x = 1", "", "    # note", "    y = [1,\n        2]"]), max_size=3)
    return st.builds(
        lambda before, after: "\n".join(
            [f"def f{number}():", *before, f"    raise ValueError('here {number}')", *after]
        ),
        lines,
        lines,
    )


SCRIPT = st.sampled_from(
    [
        "",
        "\n",
        "import math",
        "%matplotlib inline",
        "!pip install numpy",
        "x = 1; print(x); y = 2",
        "for i in range(2):\n    print(i)",
        "print(\n    1,\n)",
        "history = train(\n    10)  # slow",
        "'''note\n\nover lines'''",
        "z = 3",
        "if __name__ == '__main__':\n    print('main')",
        "\tbroken = (",
    ]
)


@st.composite
def notebooks(draw: st.DrawFn) -> list[tuple[str, str]]:
    cells = []
    for number in range(draw(st.integers(1, 5))):
        if draw(st.booleans()):
            cells.append(("markdown", draw(st.sampled_from(["# title", "a\n\nb", ""]))))
        before, after = draw(st.lists(SCRIPT, max_size=3)), draw(st.lists(SCRIPT, max_size=2))
        middle = [draw(_definition(number))] if draw(st.booleans()) else []
        cells.append(("code", "\n".join([*before, *middle, *after])))
    return cells


@given(cells=notebooks())
@settings(max_examples=60, deadline=None)
def test_place_of_any_failing_line_in_any_notebook_is_exactly_that_line(cells: list[tuple[str, str]]):
    """The cell and the line that are shown hold the text of the line that raised."""
    book = notebook_of(*cells)
    program = program_of({"hw.ipynb": book})
    sources = [source.split("\n") for kind, source in cells if kind == "code"]
    names: dict[str, Any] = {}
    if not program.error:
        exec(compile(program.modules["hw.ipynb"], "hw.ipynb", "exec"), names)
    for name in [name for name in names if name.startswith("f")]:
        place = raised_at(program, name)
        assert place is not None
        assert place.cell is not None
        assert sources[place.cell - 1][place.line - 1].strip() == place.text
        assert place.text == f"raise ValueError('here {name[1:]}')"
        assert place.function == name


@st.composite
def nested_functions(draw: st.DrawFn) -> str:
    lines, depth = [], 0
    for number in range(draw(st.integers(0, 12))):
        depth = draw(st.integers(0, depth))
        lines.append(
            "    " * depth + draw(st.sampled_from([f"def f{number}():", "if x:", "y = 1", "async def g():"]))
        )
        if lines[-1].endswith(":"):
            depth += 1
            lines.append("    " * depth + "pass")
    return "\n".join(lines)


@given(nested_functions())
def test_function_at_is_the_innermost_one_around_each_line(source: str):
    nodes = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for line in range(source.count("\n") + 3):
        around = [node for node in nodes if node.lineno <= line <= (node.end_lineno or 0)]
        assert function_at(source, line) == (max(around, key=lambda node: node.lineno).name if around else "")


def test_place_in_many_files_parses_each_of_them_once(monkeypatch):
    parsed = []
    monkeypatch.setattr(listing, "tree_of", lambda text: (parsed.append(text), ast.Module([], []))[1])
    program = Program("m0.py", {f"m{n}.py": f"def f():\n    return {n} + 1_000\n" for n in range(300)})
    for _ in range(3):
        assert all(program.place(path, 2) for path in program.modules)
    assert len(parsed) == 300
