"""Lines that show a mistake, read from the text alone."""

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


@given(st.text())
def test_find_hints_of_any_text_returns_lines(source):
    assert all(line >= 1 for line in find_hints(source).values())


def test_find_hints_of_deep_nesting_finds_nothing():
    assert find_hints("(" * 10_000) == {}
