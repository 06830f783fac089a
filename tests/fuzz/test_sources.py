"""Whatever a student's files hold, reading them ends soon in a program or a sentence, and nothing is raised.

The inputs are built to be hostile: deep, long, needing each other, in odd encodings, or real sources that
were damaged. `FUZZ_TIMES` multiplies their number.
"""

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.feedback.source_hints import find_hints
from grader.intake.source import read_program
from grader.intake.submissions import SourceFile, Submission
from grader.moodle.online_text import html_to_text
from grader.visible_text import visible
from tests.fuzz.limits import TIMES, within_limits

ROOT = Path(__file__).parents[2]
NAMES = ("Conv2d", "ReLU", "conv_forward_naive")
REAL = [
    path.read_text(encoding="utf-8")
    for folder in ("data/sample_submissions", "tests/fixtures/apis", "tests/fixtures/neighbours")
    for path in sorted((ROOT / folder).glob("*.py"))
]
BOOK = (ROOT / "data/sample_submissions/notebook.ipynb").read_text(encoding="utf-8")

COUNTS = st.sampled_from([1, 2, 3, 8, 40, 90, 300, 1_000, 3_000]) | st.integers(0, 400)
PAIRS = st.sampled_from(
    [
        *(
            ("(", ")"),
            ("[", "]"),
            ("{", "}"),
            ("f(", ")"),
            ("x[", ":-x]"),
            ("-", ""),
            ("not ", ""),
            ("a.", "b"),
        ),
        *(
            ("lambda: ", ""),
            ("lambda a=", ": 0"),
            ("[a for a in ", "]"),
            ("f'{", "}'"),
            ("(a := ", ")"),
            ("*", ""),
        ),
        *(
            ("a if b else ", ""),
            ("await ", ""),
            ("a + ", "b"),
            ("a < ", "b"),
            ("a ** ", "2"),
            ("'a' ", "'b'"),
        ),
    ]
)
UNITS = st.sampled_from(
    [
        *(
            "a\n",
            "a;",
            "a,",
            "0x1f,",
            "1e999,",
            "9" * 40,
            "import a.b, c\n",
            "from . import a\n",
            "from a import *\n",
        ),
        *(
            "def f(): return f\n",
            "class A(A): a = A\n",
            "@a\n",
            "global a\n",
            "a = b = ",
            "a: a = a\n",
            "del a\n",
        ),
        *(
            "if a: pass\n",
            "elif a: pass\n",
            "else: pass\n",
            "try: a\n",
            "except a: pass\n",
            "with a: pass\n",
            "\t",
        ),
        *(
            "assert a % b == c\n",
            "np.zeros(a / b)\n",
            "y = x[p:-p]\n",
            "np.pad(x, p)\n",
            "print 'a'\n",
            "exec 'a'\n",
        ),
        *(
            "%cd a\n",
            "!ls\n",
            "%%time\n",
            "a?\n",
            "\\\n",
            "#",
            "'''",
            '"',
            "\N{NO-BREAK SPACE}",
            "\u0301",
            "é",
            "\0",
        ),
        *(
            "\ud800",
            "\u202e",
            "\x1b",
            "\x0c",
            "\r",
            "\u2028",
            "def ",
            "class ",
            "Conv2d",
            " = ",
            "(",
            ")",
            "{",
            "  ",
        ),
        *(
            "match a:\n case b: 0\n",
            "if __name__ == '__main__': a\n",
            "a.b = open\n",
            "a = np.load(a)\n",
            "type A = a\n",
        ),
    ]
)
FORMS = st.sampled_from(
    [
        *(
            "def f{0}(): return f{1}\n",
            "f{0} = [f{1}]\n",
            "class f{0}(f{1}): pass\n",
            "from m{1} import f{1} as f{0}\n",
        ),
        *("if f{0}:\n def f{1}(): f{0}\n", "f{0} = f{1} = 0\n", "import m{0}\n", "def f{0}(a=f{1}): 0\n"),
    ]
)


def nested(pair: tuple[str, str], count: int) -> str:
    return f"x = {pair[0] * count}a{pair[1] * count}\n"


def indented(count: int, line: str) -> str:
    return "".join(f"{' ' * n}if a:\n" for n in range(count % 110)) + " " * (count % 110) + line + "\n"


def inside(count: int, body: str) -> str:
    return "def f(a, b):\n" + "".join(f" {line}\n" for line in (body * min(count, 300)).split("\n") if line)


def damaged(text: str, cuts: list[tuple[int, int, str]]) -> str:
    for place, length, new in cuts:
        start = place % (len(text) + 1)
        text = text[:start] + new + text[start + length :]
    return text


CUTS = st.lists(st.tuples(st.integers(0, 9_999), st.integers(0, 40), UNITS | st.text(max_size=5)), max_size=4)
PIECES = st.one_of(
    st.builds(nested, PAIRS, COUNTS),
    st.builds(lambda unit, count: unit * count, UNITS, COUNTS),
    st.builds(lambda form, n: "".join(form.format(k, k + 1) for k in range(n)), FORMS, COUNTS),
    st.builds(indented, COUNTS, UNITS),
    st.builds(inside, COUNTS, UNITS),
    st.lists(UNITS, max_size=30).map("".join),
    st.builds(damaged, st.sampled_from(REAL), CUTS),
    st.text(max_size=40),
)
SOURCES = st.lists(PIECES, min_size=1, max_size=3).map("".join)
CODECS = st.sampled_from(
    ["utf-8"] * 6 + ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "gbk", "shift_jis"]
)
COOKIES = st.sampled_from(
    [""] * 6
    + ["# coding: gbk\n", "# coding: punycode-\n", "# coding: hz\n", "# -*- coding=" + "x" * 90 + " -*-\n"]
)


def encoded(cookie: str, text: str, codec: str, noise: bytes, place: int) -> bytes:
    data = (cookie + text).encode(codec, "replace" if codec != "utf-8" else "surrogatepass")
    return data[: place % (len(data) + 1)] + noise + data[place % (len(data) + 1) :]


NOISE = st.sampled_from([b""] * 5) | st.binary(max_size=6)
DATA = st.builds(encoded, COOKIES, SOURCES, CODECS, NOISE, st.integers(0, 9_999))
PATHS = st.sampled_from(
    [
        "cnn.py",
        "m1.py",
        "a/m2.py",
        "a/__init__.py",
        "m3/__init__.py",
        "test_a.py",
        "a.txt",
        "onlinetext.html",
        "b.PY",
    ]
) | st.builds(lambda n: "a/" * n + "m4.py", st.integers(1, 40))
SLOW = settings(suppress_health_check=list(HealthCheck), max_examples=120 * TIMES)


def check(files: dict[str, bytes], *, whole_file: bool = False) -> None:
    """Read files as a submission, and look at everything that is read of a program later."""
    sources = tuple(SourceFile(path, data) for path, data in files.items())
    with within_limits():
        program = read_program(Submission("x", "x", None, sources), NAMES, whole_file=whole_file)
        hints = [find_hints(text) for text in program.modules.values()]
        places = [program.place(path, line) for path in program.modules for line in (1, 2, 9, 10**30)]
        printed = program.in_cells('File "cnn.py", line 3\n' * 3)
    assert program.error or program.main in program.modules
    for text in (program.error, *program.warnings, printed, *(str(place) for place in places)):
        assert text == visible(text)
        assert len(text) < 3_000
    assert all(line > 0 for found in hints for line in found.values())
    for path, listing in program.listings.items():
        if not program.error:
            assert program.modules[path].count("\n") <= listing.text.count("\n") + 1


@SLOW
@given(files=st.dictionaries(PATHS, DATA, min_size=1, max_size=4), whole_file=st.booleans())
def test_any_sources_give_a_program_or_a_sentence(files, whole_file):
    check(files, whole_file=whole_file)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=8) | st.just("code"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["cells", "source"]), inner),
    max_leaves=8,
)
LINES = SOURCES | SOURCES.map(lambda text: text.splitlines(keepends=True)) | JSON
CELLS = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "code", "markdown"]) | JSON},
    optional={"source": LINES, "input": LINES, "code": LINES, "outputs": JSON, "metadata": JSON},
)
BOOKS = st.builds(
    lambda version, cells, count, sheets: json.dumps(
        {"nbformat": version, "nbformat_minor": 0, "metadata": {}, "cells": cells * count, **sheets}
    ),
    st.sampled_from([4, 4, 4, 3, 2, 1]) | JSON,
    st.lists(CELLS, max_size=4),
    st.sampled_from([1, 1, 1, 8]),
    st.fixed_dictionaries(
        {}, optional={"worksheets": st.lists(st.fixed_dictionaries({"cells": st.lists(CELLS)}))}
    ),
)
ODD = st.sampled_from(
    [
        *("[" * 100_000, '{"cells":' * 5_000, '{"nbformat":4,"cells":[' + "[]," * 200_000 + "[]]}"),
        *(
            '{"nbformat":' + "9" * 9_000 + "}",
            '{"nbformat":4,"cells":[' + "{}," * 350_000 + "{}]}",
            "NaN",
            "1e999",
        ),
    ]
)
NOTEBOOKS = st.builds(damaged, BOOKS | st.just(BOOK) | ODD, CUTS) | BOOKS


@settings(SLOW, max_examples=60 * TIMES)
@given(text=NOTEBOOKS)
def test_any_notebook_gives_a_program_or_a_sentence(text):
    check({"cnn.ipynb": text.encode("utf-8", "surrogatepass")})


TAGS = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<br>",
            "<",
            ">",
            "<a ",
            "<![",
            "<!--",
            "-->",
            "<!",
            "<?",
            "</",
            "<pre>",
            "</pre>",
            "<p x='",
        ),
        *(
            '"',
            "'",
            "&#",
            "&#1",
            "&nbsp;",
            "&lt",
            "&",
            "<script>",
            "</script>",
            "<style",
            "\n",
            "class Conv2d: pass",
        ),
    ]
)
PAGES = st.lists(st.builds(lambda tag, count: tag * count, TAGS | st.text(max_size=4), COUNTS), max_size=8)


@settings(SLOW, max_examples=70 * TIMES)
@given(parts=PAGES)
def test_any_online_text_gives_a_program_or_a_sentence(parts: list[Any]):
    text = "<p>" + "".join(parts)
    with within_limits():
        shown = html_to_text(text)
    assert len(shown) <= 2 * len(text) + 1
    check({"onlinetext.html": text.encode("utf-8", "surrogatepass")})
