"""What may be written in a setting's call."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.worker.interface.call_expressions import names_in, read


@given(st.text())
def test_read_any_text_is_read_or_refused(text):
    """Nothing but a ValueError may come of a bad setting."""
    with contextlib.suppress(ValueError):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        *("lambda: 1", "[i for i in x]", "x + 1", "f(*x)", "f(**x)", "{**x}", "x if y else z", "import os"),
        *(
            "a = b = f()",
            "layer.x = f()",
            "(a, b[0]) = f()",
            "f'{x}'",
            "x[1:2]",
            "def f(): pass",
            "await x",
            "\0",
        ),
        "(" * 300 + ")" * 300,
    ],
)
def test_read_more_than_a_call_is_refused(text):
    with pytest.raises(ValueError, match=r"only calls|left of =|not a Python statement"):
        read(text)


def test_names_in_tells_what_is_called_from_what_is_read():
    call = read("out, cache = conv.forward(x, [stride], cls=Other(pad)); output = out.T")
    assert names_in(call, {"x"}) == ({"conv", "Other"}, {"x", "stride", "pad"})
