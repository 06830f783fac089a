"""Lines that show a mistake, read from the text alone."""

import ast
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.feedback.source_hints import find_hints


@pytest.mark.parametrize(
    ("hint", "line"),
    [
        ("crop", "dx = dx_pad[:, :, pad:-pad, pad:-pad]"),
        ("crop", "dx = dx_pad[:, :, self.p:-self.p, self.p:-self.p]"),
        ("divisibility", "assert (H + 2 * p - k) % s == 0, 'bad size'"),
        ("divisibility", "assert ((H - k) / s).is_integer()"),
        ("divisibility", "if (H - k) % s != 0: raise ValueError('bad')"),
        ("divisibility", "if (H - k) % s: exit(1)"),
        ("divisibility", "if (H - k) % s: sys.exit(1)"),
        ("square", "assert H == W"),
        ("square", "if x.shape[2] != x.shape[3]: raise ValueError('square only')"),
        ("true_division", "out = np.zeros((N, F, (H - k) / s + 1, 3))"),
        ("true_division", "for i in range((H - k) / s): pass"),
        ("pad_without_axes", "x = np.pad(x, p)"),
        ("pad_without_axes", "x = np.pad(x, self.padding, 'constant')"),
    ],
)
def test_find_hints_of_line_that_shows_mistake_returns_its_line(hint, line):
    assert find_hints(f"import numpy as np\n\n{line}\n").get(hint) == 3


@pytest.mark.parametrize(
    "line",
    [
        "dx = dx_pad[:, :, p:p + H, p:p + W]",
        "dx = dx_pad[:, :, 1:-1, 1:-1]",
        "remainder = (H - k) % s",
        "out = np.zeros((N, F, (H - k) // s + 1, 3))",
        "out = np.zeros((N, F, int((H - k) / s) + 1, 3))",
        "x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))",
        "assert stride > 0",
    ],
)
def test_find_hints_of_line_in_order_finds_nothing(line):
    assert find_hints(line) == {}


def test_find_hints_of_several_lines_returns_the_first():
    assert find_hints("a = x[p:-p]\nb = x[p:-p]\n") == {"crop": 1}


@pytest.mark.parametrize(
    "magic", ["%matplotlib inline", "!pip install numpy", "%%time", "np.zeros?", "a = !ls"]
)
def test_find_hints_of_a_cell_with_a_magic_are_those_of_its_python(magic):
    assert find_hints(f"{magic}\nrows = 1 + H / s\n\nout = np.zeros(rows)\n") == {"true_division": 2}


@given(st.text())
def test_find_hints_of_any_text_returns_lines(source):
    assert all(line >= 1 for line in find_hints(source).values())


def test_find_hints_of_deep_nesting_finds_nothing():
    assert find_hints("(" * 10_000) == {}


HUGE = "0x" + "f" * 9_000
DEEP = {
    "terms": "out = np.zeros((a" + " + a" * 900 + "))",
    "elifs": "if a % b:\n    raise a\n" + "elif a:\n    x = 1\n" * 1_500,
    "crop": f"y = x[a + {HUGE}:-(a + {HUGE})]",
    "slices": "y = " + "x[" * 60 + "a:-a" + ":-1]" * 60,
    "conditions": "assert " + "(a or " * 80 + "H == W" + ")" * 80,
    "many": "y = x[p:-p]\n" * 9_000,
    "calls": "np.zeros(a / b" + ", np.zeros(a" * 80 + ")" * 81,
}


@pytest.mark.parametrize("name", DEEP)
def test_find_hints_of_what_is_deep_or_large_returns_in_time(name):
    """480 terms in an argument, and 1,500 branches, were errors of the grader."""
    start = time.process_time()
    hints = find_hints(DEEP[name])
    assert time.process_time() - start < 3
    assert hints.get("crop") == (1 if name in ("crop", "slices", "many") else None)


@pytest.mark.parametrize("count", [500, 2_000])
def test_find_hints_looks_at_each_node_a_bounded_number_of_times(monkeypatch, count):
    looked = 0
    children = ast.iter_child_nodes

    def counted(node):
        nonlocal looked
        looked += 1
        return children(node)

    monkeypatch.setattr(ast, "iter_child_nodes", counted)
    line = "if a % b == c: raise a\nout = np.zeros((a + b) // c)\ny = x[p:-p]\n"
    find_hints(line * count)
    assert looked < 250 * count
