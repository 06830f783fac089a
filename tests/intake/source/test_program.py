import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake.source import read_program
from grader.intake.submissions import SourceFile, Submission

NAMES = ("Conv2d", "ReLU")
BOTH = "class Conv2d:\n    pass\nclass ReLU:\n    pass\n"


def test_read_program_definitions_decide_not_the_name(handed_in):
    program = read_program(handed_in({"main.py": "x = 1\n", "zz_final.py": BOTH}), NAMES)
    assert program.main == "zz_final.py"
    assert program.files == ("zz_final.py",)
    assert program.warnings == ()


def test_read_program_file_that_defines_more_wins(handed_in):
    assert read_program(handed_in({"a.py": "class ReLU: pass\n", "b.py": BOTH}), NAMES).main == "b.py"


def test_read_program_tie_is_a_warning_with_the_list(handed_in):
    other = BOTH.replace("pass", "x = 1", 1)
    program = read_program(handed_in({"Main.py": BOTH, "main.py": other}), NAMES)
    assert program.main == "Main.py"
    assert program.warnings == (
        "Main.py and main.py define Conv2d differently; the grader uses Main.py: "
        "the first name in the alphabet comes first",
    )


@pytest.mark.parametrize(
    "other", ["test_cnn.py", "1805001_test.py", "cnn_copy.py", "old/cnn (1).py", "cnn.py.txt"]
)
def test_read_program_tests_copies_and_texts_give_way_without_a_word_if_equal(handed_in, other):
    program = read_program(handed_in({other: BOTH + "x = 1\n", "zcnn.py": BOTH}), NAMES)
    assert program.main == "zcnn.py"


def test_read_program_test_file_alone_is_the_answer(handed_in):
    assert read_program(handed_in({"1805001_test.py": BOTH}), NAMES).main == "1805001_test.py"


def test_read_program_nothing_defined_is_a_warning_with_what_there_is(handed_in):
    program = read_program(handed_in({"a.py": "class Convolution: pass\n", "b.py": "x = 1\n"}), NAMES)
    assert program.warnings == (
        "none of Conv2d, ReLU is defined among 2 files; the grader uses a.py; found instead: Convolution",
    )


def test_read_program_imported_names_count_where_no_file_has_all(handed_in):
    files = {
        "hw/main.py": "from conv import Conv2d\nfrom act import *\ntrain()\n",
        "hw/conv.py": "class Conv2d: pass\n",
        "hw/act.py": "class ReLU: pass\n",
    }
    program = read_program(handed_in(files), NAMES)
    assert program.main == "main.py"
    assert set(program.modules) == {"main.py", "conv.py", "act.py"}
    assert program.files == ("hw/main.py", "hw/conv.py", "hw/act.py")


def test_read_program_sixty_files_that_import_one_another_end(handed_in):
    stars = "".join(f"from m{n} import *\n" for n in range(60))
    files = {f"m{n}.py": stars for n in range(60)} | {"m59.py": BOTH}
    assert read_program(handed_in(files), NAMES).main == "m59.py"


def test_read_program_imports_in_a_circle_end(handed_in):
    files = {
        "a.py": "from b import Conv2d\nclass ReLU: pass\n",
        "b.py": "from a import *\nclass Conv2d: pass\n",
    }
    assert read_program(handed_in(files), NAMES).main == "a.py"


@pytest.mark.parametrize(
    ("files", "main", "modules"),
    [
        ({"p/cnn.py": BOTH + "import utils", "p/utils.py": ""}, "cnn.py", {"utils.py"}),
        ({"p/cnn.py": BOTH + "import lib.pad", "p/lib/pad.py": ""}, "cnn.py", {"lib/pad.py"}),
        (
            {"p/cnn.py": BOTH + "from lib import pad", "p/lib/__init__.py": "", "p/lib/pad.py": ""},
            "cnn.py",
            {"lib/__init__.py", "lib/pad.py"},
        ),
        ({"p/src/cnn.py": BOTH + "from src.pad import f", "p/src/pad.py": ""}, "src/cnn.py", {"src/pad.py"}),
        ({"p/src/cnn.py": BOTH + "import pad", "p/lib/pad.py": ""}, "cnn.py", {"pad.py"}),
        ({"src/cnn.py": BOTH + "from .pad import f", "src/pad.py": ""}, "cnn.py", {"pad.py"}),
        ({"a/b/cnn.py": BOTH + "from ..pad import f", "a/pad.py": ""}, "b/cnn.py", {"pad.py"}),
        (
            {"cnn.py": BOTH + "def f():\n    import late", "late.py": "import deeper", "deeper.py": ""},
            "cnn.py",
            {"late.py", "deeper.py"},
        ),
        ({"cnn.py": BOTH + "import numpy as np", "numpy.py": ""}, "cnn.py", set()),
        ({"cnn.py": BOTH, "unused.py": ""}, "cnn.py", set()),
    ],
)
def test_read_program_helper_modules_come_along(handed_in, files, main, modules):
    program = read_program(handed_in(files), NAMES)
    assert program.main == main
    assert set(program.modules) == {main} | modules


def test_read_program_broken_helper_is_told_and_sent_as_it_is(handed_in):
    program = read_program(handed_in({"cnn.py": BOTH + "import pad\n", "pad.py": "def f(:\n"}), NAMES)
    assert program.error == ""
    assert program.modules["pad.py"] == "def f(:\n"
    assert program.warnings[0].startswith("pad.py, line 1: SyntaxError")


def test_read_program_skipped_code_is_told_with_file_and_lines(handed_in):
    program = read_program(handed_in({"cnn.py": BOTH + "for i in range(3):\n    print(i)\n"}), NAMES)
    assert program.modules["cnn.py"] == BOTH + "\n\n"
    assert program.listings["cnn.py"].text == BOTH + "for i in range(3):\n    print(i)\n"
    assert program.warnings == ("cnn.py: not run, lines 5-6: a for loop",)


def test_read_program_whole_file_keeps_everything(handed_in):
    text = BOTH + "print(1)\n"
    assert read_program(handed_in({"cnn.py": text}), NAMES, whole_file=True).modules == {"cnn.py": text}


def test_read_program_notebook_is_told_by_cell(handed_in, notebook):
    text = notebook("%matplotlib inline\nimport numpy as np", BOTH, "x = 1\nfor i in range(3):\n    train()")
    program = read_program(handed_in({"hw.ipynb": text}), NAMES)
    assert program.main == "hw.ipynb"
    assert program.warnings == ("hw.ipynb: not run, code cell 3, lines 2-3: a for loop",)
    assert "# cell 2\nclass Conv2d:" in program.modules["hw.ipynb"]


def test_read_program_script_goes_before_the_notebook_of_the_same(handed_in, notebook):
    files = {"cnn.ipynb": notebook(BOTH), "cnn.py": BOTH}
    assert read_program(handed_in(files), NAMES).main == "cnn.py"


def test_read_program_online_text_is_an_answer_if_it_defines_one(handed_in):
    page = "<p>class Conv2d:<br>&nbsp; pass</p>"
    assert read_program(handed_in({"onlinetext.html": page}), NAMES).modules["onlinetext.html"] == (
        "class Conv2d:\n  pass\n"
    )
    both = {"onlinetext.html": "<p>Dear sir, see the file.</p>", "cnn.py": BOTH}
    assert read_program(handed_in(both), NAMES).main == "cnn.py"


def test_read_program_text_file_with_the_code_is_an_answer(handed_in):
    assert read_program(handed_in({"cnn.txt": BOTH, "readme.txt": "hello there"}), NAMES).main == "cnn.txt"


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({}, "the submission is empty"),
        (
            {"report.txt": "Dear sir, see you"},
            "the submission has no Python source",
        ),
        ({"cnn.py": "class Conv2d:\n    def f(self:\n"}, "cnn.py, line 2: SyntaxError"),
        (
            {"cnn.py": "class Conv2d:\n  print 'x'\n", "b.py": "x = 1"},
            "cnn.py, line 2: it is written for Python 2",
        ),
        ({"cnn.py": b"\x00\x01\x02\x00"}, "cnn.py"),
        ({"cnn.ipynb": "no json"}, "cnn.ipynb: it is not a readable notebook"),
        ({"cnn.py": "x = " + "(1+" * 90 + "1" + ")" * 90 + "+1" * 9_000}, "nested too deeply"),
    ],
)
def test_read_program_what_cannot_be_run_is_a_sentence(handed_in, files, error):
    assert error in read_program(handed_in(files), NAMES).error


def test_read_program_windows_file_keeps_its_lines(handed_in):
    data = b"\xef\xbb\xbf" + BOTH.replace("\n", "\r\n").encode()
    assert read_program(handed_in({"cnn.py": data}), NAMES).modules["cnn.py"] == BOTH


def test_read_program_odd_escapes_are_no_warning_of_the_grader(handed_in):
    text = "x = '\\d'\n" + BOTH
    assert read_program(handed_in({"cnn.py": text}), NAMES).modules == {"cnn.py": text}


def test_read_program_texts_for_people_hold_no_sign_that_steers_or_reorders(handed_in):
    program = read_program(handed_in({"cnn.py": "\x1b[31m\u202e = (\n"}), NAMES)
    assert program.error.startswith("cnn.py, line 1: SyntaxError")
    assert program.error.endswith("\\x1b[31m\\u202e = (")
    program = read_program(handed_in({"cnn.py": BOTH + "# \u202e\x1b\tx\n"}), NAMES)
    place = program.place("cnn.py", 5)
    assert place is not None
    assert place.text == "# \\u202e\\x1b\tx"
    assert program.in_cells("\x1b[2J\n\tx") == "\\x1b[2J\n\tx"


paths = st.sampled_from(
    ["a.py", "b/c.py", "d.ipynb", "e.txt", "onlinetext.html", "b/__init__.py", "test_a.py"]
)
texts = st.one_of(
    st.binary(max_size=60),
    st.text(st.sampled_from("classdefimport ConvReLU2:=().,*\n\t'\"{}[]#\\\0"), max_size=80).map(str.encode),
    st.sampled_from([BOTH, "from b.c import *\n", "from a import ReLU\nimport b\n", "print(1)\n"]).map(
        str.encode
    ),
)


@given(st.dictionaries(paths, texts, max_size=5), st.booleans())
def test_read_program_any_files_give_a_program_or_a_sentence(files, whole_file):
    sources = tuple(SourceFile(path, data) for path, data in files.items())
    program = read_program(Submission("x", "x", None, sources), NAMES, whole_file=whole_file)
    assert program.error or program.main in program.modules
