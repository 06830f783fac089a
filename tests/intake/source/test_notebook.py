import json

import pytest

from grader.intake.source import read_program
from grader.intake.source.document import place, read_document
from grader.intake.source.notebook import code_cells, without_magics
from grader.intake.source.parse import Unparsable
from grader.intake.submissions import SourceFile


def read(text):
    return read_document(SourceFile("a.ipynb", text.encode()))


def test_code_cells_come_in_order_and_without_text_cells(notebook):
    assert [(cell.number, cell.text) for cell in code_cells(notebook("x = 1", "y = 2\nz = 3"))] == [
        (1, "x = 1"),
        (2, "y = 2\nz = 3"),
    ]


def test_code_cells_of_an_old_notebook_are_found():
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {"metadata": {}, "cells": [
                {"cell_type": "code", "collapsed": False, "input": ["x = 1\n", "y = 2"], "language": "python",
                 "metadata": {}, "outputs": []},
            ]},
        ],
    }  # fmt: skip
    assert [cell.text for cell in code_cells(json.dumps(old))] == ["x = 1\ny = 2"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[]", "null", "3", "not json", '{"nbformat": 4}', "[" * 100_000),
        '{"nbformat": 99, "nbformat_minor": 0, "cells": []}',
        '{"nbformat": 4, "nbformat_minor": 5, "cells": 7}',
        '{"nbformat": 4, "nbformat_minor": 5, "cells": [3]}',
    ],
    ids=lambda text: text[:60],
)
def test_code_cells_damaged_notebook_is_named_as_such(text):
    with pytest.raises(Unparsable, match="notebook"):
        code_cells(text)


def test_code_cells_too_many_are_refused_with_their_number(notebook):
    with pytest.raises(Unparsable, match="it has 2001 code cells"):
        code_cells(notebook(*["x"] * 2001))


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install numpy\nx = 1", "pass\nx = 1"),
        ("if x:\n    !ls\ny = 2", "if x:\n    pass\ny = 2"),
        ("files = !ls\nx = 1", "pass\nx = 1"),
        ("np.dot?\nx = 1", "pass\nx = 1"),
        ("pip install tqdm\nx = 1", "pass\nx = 1"),
        ("%%bash\nls -l\necho", "\n\n"),
        ("%%time\nx = 1", "pass\nx = 1"),
        ("x = (7\n% 4)\n% matplotlib inline", "x = (7\n% 4)\npass"),
        ("!pip install a \\\n  b \\\n  c\nx = 1", "pass\n\n\nx = 1"),
        ("names = !{command}\n??np.pad\ntime = %timeit -o f()", "pass\npass\npass"),
        ("%%writefile conv.py\nx = 1", "pass\nx = 1"),
        ("%%writefile notes.md\nx = 1", "\n"),
    ],
)
def test_without_magics_leaves_the_python_and_every_line_in_place(cell, kept):
    assert without_magics(cell) == kept


def test_read_document_operator_at_the_start_of_a_line_is_no_magic(notebook):
    document = read(notebook("x = (7\n% 4)\n"))
    assert "% 4)" in document.text
    assert document.warnings == ()


def test_read_document_one_broken_cell_of_twenty_leaves_the_others(notebook):
    cells = [f"x{n} = {n}" for n in range(1, 21)]
    cells[6] = "x7 = 7\ndef f(:\n    pass"
    document = read(notebook(*cells))
    assert document.error == ""
    assert len(document.tree.body) == 19
    (warning,) = document.warnings
    assert warning.startswith("a.ipynb: code cell 7, line 2: SyntaxError")
    assert warning.endswith("this cell does not count, the others do")


def test_read_document_lines_are_told_by_cell(notebook):
    document = read(notebook("x = 1", "%%bash\nls", "y = 2\nz = 3"))
    last = document.tree.body[-1]
    assert document.place(last.lineno) == "code cell 3, line 2"


def test_read_document_nothing_that_can_be_run_is_an_error(notebook):
    document = read(notebook("print 'x'"))
    assert document.error.startswith(
        "a.ipynb: no code cell of it can be run; code cell 1, line 1: it is written"
    )


def test_place_range_of_lines_is_short():
    assert place(3, 9) == "lines 3-9"
    assert place(3, 3) == "line 3"


@pytest.mark.parametrize("line", [" " * 1_000_000 + "x", "a " * 500_000, "a" * 1_000_000 + "?" * 3])
def test_without_magics_of_a_very_long_line_ends(line):
    """It would take minutes where the pattern goes back over what it has read."""
    assert without_magics(f"%cd\n{line}") == f"pass\n{line}"


def test_read_program_of_a_thousand_broken_cells_names_some(handed_in, notebook):
    program = read_program(
        handed_in({"a.ipynb": notebook(*["x = ("] * 1_000, "class Conv2d: pass")}), ("Conv2d",)
    )
    assert len(program.warnings) == 101
    assert program.warnings[-1] == "… and 900 more warnings of this kind"


@pytest.mark.parametrize("blank", ["\n", "\r", " ", "\t", "#"])
def test_read_document_code_cells_without_end_are_refused(notebook, blank):
    document = read(notebook("x = 1", "if x:\n" + blank * 2_300_000 + "y\n  z"))
    assert document.error == "a.ipynb: it has more than 2200000 characters, which is too long for a program"


def test_read_document_script_with_lines_of_a_notebook_is_read_without_them():
    document = read_document(SourceFile("cnn.py", b"%matplotlib inline\n!pip install x\nx = 1\n"))
    assert (document.error, document.text) == ("", "pass\npass\nx = 1\n")
    assert document.warnings == ("cnn.py: lines that only a notebook understands were left out",)


def test_read_document_script_that_is_no_python_keeps_its_own_error():
    document = read_document(SourceFile("cnn.py", b"x = 1\n!ls\nprint 'a'\n"))
    assert document.error.startswith("cnn.py, line 2: SyntaxError")
