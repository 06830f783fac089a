"""What a student's source costs the grader: processor time within a bound that leaves a wide margin.

Each text took tens of seconds, or much memory, where an algorithm was quadratic or a tree was built first.
"""

import ast
import io
import time
import tokenize
from collections.abc import Callable, Iterator, Mapping

import pytest

from grader.intake.source import Program, read_program, reading
from grader.intake.source.bounds import MOST_TOKENS, count_tokens, too_costly
from grader.intake.source.document import read_document
from grader.intake.source.helper_modules import Files, find_modules
from grader.intake.source.parse import tree_of
from grader.intake.submissions import SourceFile

NAMES = ("Conv2d", "ReLU")
SECONDS = 4.0
DEEP = "/".join("a" * 30)
MANY = range(10_000)


def chain(count: int, form: str) -> str:
    """Return definitions each of which needs the next one."""
    return "".join(form.format(n, n + 1) for n in range(count))


SOURCES: Mapping[str, str] = {
    "functions that need each other": chain(4_000, "def f{}(): return f{}\n"),
    "assignments that need each other": "def g(): return a0\n" + chain(4_000, "a{} = [a{}]\n"),
    "one statement that binds thousands of names": "def g(): return a0\n"
    + "".join(f"a{n} = " for n in MANY)
    + "0\n",
    "a block of definitions that need each other": "if 1:\n" + chain(5_000, " def f{}(): return f{}\n"),
    "a try of definitions": "try:\n" + chain(5_000, " def f{}(): return f{}\n") + "except: pass\n",
    "functions in a function with many names": "def f():\n"
    + "".join(f" a{n}=0\n" for n in range(15_000))
    + "".join(f" def g{n}():0\n" for n in range(7_000)),
    "lambdas in a function with many arguments": f"def f({','.join(f'a{n}' for n in MANY)}):\n"
    f" return [{'lambda:0,' * 9_000}]\n",
    "global names and functions in a function": "def f():\n"
    + "".join(f" global a{n}\n" for n in range(10_000))
    + " def g():0\n" * 9_000,
    "statements on one line": "a = 1; b(); " * 5_000 + "\n",
    "long names": "".join(f"{'n' * 1_000}{n} = open\n" for n in range(1_000)),
    "an f-string of expressions": 'x = f"' + "{a}" * 60_000 + '"\n',
    "an f-string over lines": 'x = f"""' + "{a}\n" * 60_000 + '"""\n',
    "a name of combining marks": "a" + "\u0301\u0316" * 100_000 + " = 1\n",
    "nested blocks": "".join(f"{' ' * n}if a:\n{' ' * n} b{n} = 1\n" for n in range(95)) * 40,
    "names in many blocks": "a = 1\n"
    + "".join(f"{' ' * n}if a:\n" for n in range(95))
    + " " * 95
    + "".join(f"b{n}=1;" for n in range(20_000))
    + "call()\n",
    "a definition with a long name": f"class {'A' * 1_000_000}(B): pass\ndef f(a, {'b' * 900_000}): pass\n",
    "chains of operators": ("x = " + "a + " * 85 + "a\n") * 500,
    "a chain of elifs": "if a:0\n" + "elif a:0\n" * 1_400,
    "a chain of a thousand terms": "x = " + "a + " * 900 + "a\n",
    "imports of long dotted names": f"from {'a.' * 70_000}b import {','.join(f'c{n}' for n in MANY)}\n",
    "imports of other names": "".join(f"import a{n}.b{n}\n" for n in MANY),
    "an import from far above": "from " + "." * 200_000 + "a import b\n",
    "numbers with a million digits": f"x = {'1' * 1_000_000}\n",
    "a large hexadecimal number": f"x = call(0x{'f' * 1_000_000})\n",
    "digits of a float": f"x = {'1' * 900_000}.{'1' * 900_000}e-900000\n",
    "a long line that is wrong": "a," * 40_000 + "a b\n",
    "a long line in Python 2": "print " + "raise a   , " * 9_000 + "except " * 9_000 + "\n",
    "brackets of every kind": "x = " + "([{" * 60_000,
    "indentation by tabs": "if a:\n" + "\t" * 400_000 + "x\n  y\n",
    "names without end": "a\n" * 900_000,
    "numbers without end": "x = [" + "-1.5e-3," * 200_000 + "]\n",
    "lists without end": "x = [" + "[]," * 600_000 + "]\n",
    "slices without end": "x[" + ":," * 900_000 + ":]\n",
    "strings that do not end": "x = '''" + "\\'''" * 400_000,
    "quotes": '"' * 1_900_000,
}


def read(handed_in: Callable[..., object], files: Mapping[str, str]) -> tuple[Program, float]:
    start = time.process_time()
    found = read_program(handed_in(files), NAMES)  # type: ignore[arg-type]
    return found, time.process_time() - start


@pytest.mark.parametrize("name", SOURCES)
def test_read_program_of_hostile_source_ends_in_bounded_time(handed_in, name):
    text = SOURCES[name] + "class Conv2d: pass\n"
    found, seconds = read(handed_in, {"cnn.py": text})
    assert found.error or found.main == "cnn.py"
    assert seconds < SECONDS
    assert sum(map(len, found.warnings)) + len(found.error) < 20_000


def spread(count: int, text: str) -> dict[str, str]:
    return {f"{DEEP}/m{n}.py": text for n in range(count)}


FILES: Mapping[str, Mapping[str, str]] = {
    "a deep folder and many imports": {
        f"{'a/' * 39}cnn.py": "class Conv2d: pass\n" + "".join(f"import a.c{n}.x\n" for n in range(15_000)),
        "x.py": "",
    },
    "many files of one name": {
        **{f"{n}/{DEEP}/x.py": "" for n in range(1_500)},
        "cnn.py": "class Conv2d: pass\n" + "".join(f"import a{n}.x\n" for n in range(15_000)),
    },
    "stars from files with many names": {
        **{f"s{n}.py": "from big import *\n" * 40 + "Conv2d = 1\n" for n in range(150)},
        "big.py": "".join(f"a{n}=0\n" for n in range(10_000)),
    },
    "files that import each other by other names": {
        f"m{n}.py": "".join(f"from m{k} import x{n} as x{k}, Conv2d as x{k}\n" for k in range(60))
        for n in range(100)
    },
    "files that mention a name at their end": {
        f"m{n}.py": "# Conv Con conv2 conv2d_forwar\n" * 40_000 for n in range(30)
    },
    "helpers that are all too long": {
        "cnn.py": "class Conv2d: pass\n" + "".join(f"import m{n}\n" for n in range(8)),
        **{f"m{n}.py": "a\n" * 140_000 for n in range(8)},
    },
}


@pytest.mark.parametrize("name", FILES)
def test_read_program_of_hostile_files_ends_in_bounded_time(handed_in, name):
    _, seconds = read(handed_in, FILES[name])
    assert seconds < 2 * SECONDS


def test_read_program_parses_no_more_than_its_tokens_however_many_files(handed_in, monkeypatch):
    parsed: list[int] = []
    parse = ast.parse
    monkeypatch.setattr(ast, "parse", lambda text: (parsed.append(count_tokens(text)), parse(text))[1])
    monkeypatch.setattr(reading, "_MOST_TOKENS", 1_000)
    files = {f"m{n}.py": "class Conv2d: pass\n" * 50 for n in range(9)}
    read(handed_in, files)
    assert 800 <= sum(parsed) <= 1_000


def test_read_program_counts_blank_lines_against_its_tokens(handed_in, monkeypatch):
    parsed: list[str] = []
    parse = ast.parse
    monkeypatch.setattr(ast, "parse", lambda text, *more: (parsed.append(text), parse(text, *more))[1])
    monkeypatch.setattr(reading, "_MOST_TOKENS", 1_000)
    read(handed_in, {f"m{n}.py": "class Conv2d: pass\n" + "\n" * 2_500 for n in range(9)})
    assert len(parsed) == 4


def test_read_program_of_a_file_that_is_too_long_names_it(handed_in):
    found, _ = read(handed_in, {"cnn.py": "a\n" * (MOST_TOKENS + 1)})
    assert (
        found.error
        == "cnn.py: it has more than 250000 words, numbers and signs, which is too long for a program"
    )


@pytest.mark.parametrize(
    "text", ["a,", "-1,", "0.5e-3,", "'a' ", "f'{a}'\n", "()", "é", "\u0301a", "...,", "1if 1else 1\n"]
)
def test_count_tokens_is_no_less_than_half_of_what_python_counts(text):
    many = text * 40
    found = [one for one in tokenize.generate_tokens(io.StringIO(many).readline) if one.string.strip()]
    assert 2 * count_tokens(many) >= len(found)


def test_too_costly_of_what_people_write_is_empty():
    table = "W = [" + "-0.0123, 1e-05, " * 60_000 + "]\n"
    page = '"""' + "মোঃ ইসলাম, 卷积层的前向传播。" * 3_000 + '"""\n# ' + "#" * 400_000
    for text in (table, page, "x = f'{a!r:>{width}}'\n" * 5_000, "é" * 5_000):
        assert too_costly(text, count_tokens(text)) == ""


def test_tree_of_what_is_not_a_program_is_empty():
    assert [
        tree_of(text).body for text in ("def (", "a\n" * 130_000, "x = " + "-" * 90_000 + "1", "a\0")
    ] == [[]] * 4


GROWING: Mapping[str, Callable[[int], str]] = {
    "functions that need each other": lambda n: chain(n, "def f{}(): return f{}\n"),
    "assignments that need each other": lambda n: "def g(): return a0\n" + chain(n, "a{} = [a{}]\n"),
    "one statement": lambda n: "def g(): return a0\n" + "".join(f"a{k} = " for k in range(n)) + "0\n",
    "a block": lambda n: "if 1:\n" + chain(n, " def f{}(): return f{}\n"),
    "a class": lambda n: "class A:\n" + chain(n, " a{} = a{}\n"),
    "elifs": lambda n: "if a:0\n" + "elif a:0\n" * n,
    "terms": lambda n: "x = a" + " + a" * (n // 2) + "\n",
    "comprehensions": lambda n: "x = " + "[a for b in c], " * n + "\n",
    "one line": lambda n: "a = 1; b(); " * n + "\n",
}


@pytest.mark.parametrize("name", GROWING)
def test_read_program_looks_at_four_times_the_nodes_of_a_text_four_times_as_long(
    handed_in, monkeypatch, name
):
    looked = 0
    children = ast.iter_child_nodes

    def counted(node: ast.AST) -> Iterator[ast.AST]:
        nonlocal looked
        looked += 1
        return children(node)

    monkeypatch.setattr(ast, "iter_child_nodes", counted)
    counts = []
    for size in (100, 400):
        looked = 0
        found, _ = read(handed_in, {"cnn.py": GROWING[name](size) + "class Conv2d: pass\n"})
        assert not found.error
        counts.append(looked)
    assert counts[1] <= 6 * counts[0]


@pytest.mark.parametrize("count", [10, 40])
def test_find_modules_looks_into_the_table_once_for_each_import(count):
    """The folders above a file do not multiply its imports, nor do files of one name."""
    looked = []

    class Counting(Files):
        def above(self, ending: str) -> Mapping[str, None]:
            looked.append(ending)
            return super().above(ending)

    lines = "".join(f"import a.c{n}.x\n" for n in range(count)) * 3
    main = read_document(SourceFile("a/" * 39 + "cnn.py", lines.encode()))
    files = Counting([main.path, *(f"{n}/x.py" for n in range(500))])
    assert find_modules(main, files, lambda path: read_document(SourceFile(path, b"")))[1] == {}
    assert len(looked) == 2 * count
