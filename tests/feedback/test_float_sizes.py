"""A division whose result becomes a size is found at its own line, and no other division is."""

import ast
import textwrap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.feedback.float_sizes import float_sizes

USES = st.sampled_from(
    [
        "out = np.zeros((N, rows))",
        "out = np.ones(shape=(N, rows))",
        "for i in range(rows): pass",
        "for i in range(0, rows, 2): pass",
        "y = x[rows]",
        "y = x[:, 1:rows]",
        "y = x[..., -rows]",
        "y = x.reshape(N, -1, rows)",
        "y = np.reshape(x, (N, rows))",
        "y = np.pad(x, ((0, 0), (rows, rows)))",
        "y = [0] * rows",
        "shape = (N, rows)\ny = np.empty(shape)",
        "for i in np.arange(rows):\n    x[i] = 0",
        "y = np.random.randn(rows, N)",
        "y = as_strided(x, shape=(N, rows), strides=s)",
        "y = np.random.normal(0, 1 / n, size=(rows, N))",
    ]
)
WAYS = st.sampled_from(
    [
        ("rows = 1 + {} / s",),
        ("t = {} / s", "rows = t + 1"),
        ("rows, columns = {} / s, 4",),
        ("rows = {} + 0", "rows /= s"),
        ("self.rows = {} / s", "rows = self.rows"),
        ("if flag:", "    rows = {} / s", "else:", "    rows = 4"),
        ("t = ({} / s, 3)", "rows, _ = t"),
        ("rows = max(1, {} / s)",),
        ("rows = {} / s if s else 1",),
        ("for _ in range(2):", "    rows = float({} / s)"),
    ]
)
CLEAN = st.sampled_from(
    ["rows = int(rows)", "rows = math.floor(rows)", "rows = rows // 1", "rows = 5", "rows: int = 2"]
)
NOISE = st.lists(
    st.sampled_from(
        [
            "x = x / 255",
            "mean = total / N",
            "loss = -(a / b) * x[3]",
            "w = np.ones((3, 3)) / 9",
            "g = np.full((2, 2), 1 / N)",
        ]
    )
)


def function_of(lines: list[str], name: str = "forward") -> str:
    return f"class Conv2d:\n    def {name}(self, x):\n" + textwrap.indent("\n".join(lines), " " * 8) + "\n"


@settings(max_examples=50)
@given(NOISE, WAYS, NOISE, USES, NOISE)
def test_float_sizes_names_the_line_of_the_division_whatever_the_way(before, way, between, use, after):
    lines = [*before, *(line.format("(H + 2 * p - K)") for line in way), *between, *use.split("\n"), *after]
    [found] = float_sizes(ast.parse(function_of(lines)))
    assert "s" in lines[found - 3]
    assert lines[found - 3] in [line.format("(H + 2 * p - K)") for line in way]
    assert "/" in lines[found - 3]


@settings(max_examples=50)
@given(NOISE, WAYS, CLEAN, USES)
def test_float_sizes_finds_nothing_once_the_value_is_whole(before, way, clean, use):
    lines = [*before, *(line.format("H") for line in way), clean, *use.split("\n")]
    assert float_sizes(ast.parse(function_of(lines))) == []


@settings(max_examples=50)
@given(NOISE)
def test_float_sizes_of_other_divisions_is_empty(lines):
    assert float_sizes(ast.parse(function_of([*lines, "pass"]))) == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        (
            "class A:\n def f(self):\n  return np.zeros(self.n)\n def __init__(self):\n  self.n = a / b\n",
            [5],
        ),
        ("class A:\n def g(self): self.n = a / b\nclass B:\n def f(self): return np.zeros(self.n)\n", []),
        (
            "def size(n):\n    return n / 2\ndef f(x):\n    rows = size(x)\n    return np.zeros((rows, 1))\n",
            [2],
        ),
        ("def f(x):\n    return np.zeros((size(x), 1))\ndef size(n):\n    return int(n / 2)\n", []),
        ("def f(h):\n    h = h / 2\ndef g(h):\n    return np.zeros(h)\n", []),
        ("a = np.zeros((n / 2,\n  n // 2))\nb = np.zeros((1,\n  n / 3))\n", [1, 4]),
        ("if a:\n    n = b / 2\n    n = int(n)\nx[n]\n", []),
        ("if a:\n    n = b / 2\nelse:\n    n = int(b)\nx[n]\n", [2]),
        ("try:\n    n = b / 2\nexcept E:\n    pass\nx[n]\n", [2]),
        ("n = (b +\n     c / 2)\nx[n]\n", [2]),
        ("cache = {}\ntop = scores / 3\ny = x[scores > 1 / 2]\nz = np.argmax(top / 2)\nx[z]\n", []),
    ],
)
def test_float_sizes_of_whole_files(source, lines):
    assert float_sizes(ast.parse(source)) == lines


HOSTILE = {
    "nested blocks": "".join(f"{' ' * n}if a:\n{' ' * n} b = b / c\n" for n in range(95)) * 40,
    "one name": "def f():\n" + " n = n + n / 2\n" * 3_000 + " x[n]\n",
    "many functions": "".join(f"def f{n}(a): return f{n + 1}(a / 2)[a / 2]\n" for n in range(1_500)),
    "indices in indices": ("y = " + "x[" * 60 + "a / b" + "]" * 60 + "\n") * 200,
    "many targets": "a, " * 9_000 + "b = c / d\n",
    "a product of lists": "y = " + "[0] * (" * 60 + "a / b" + ")" * 60 + "\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_float_sizes_of_hostile_source_returns_in_time(name):
    tree = ast.parse(HOSTILE[name])
    start = time.process_time()
    float_sizes(tree)
    assert time.process_time() - start < 3
