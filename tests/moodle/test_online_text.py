import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.moodle.online_text import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>def f():<br>&nbsp; &nbsp; return 1 &lt; 2</p>", "def f():\n    return 1 < 2\n"),
        ("<p>def f():<br />\n\xa0\xa0return 1</p>\n<p>x = 2</p>", "def f():\n  return 1\nx = 2\n"),
        ("<pre>def f():\n    return 1\n</pre>", "def f():\n    return 1\n"),
        ("<div>a = 1</div><div>b = 2</div>", "a = 1\nb = 2\n"),
        ("<p>x = <b>1</b></p><style>p {}</style>", "x = 1\n"),
        ("if a < b:\n    x = 1\n", "if a < b:\n    x = 1\n"),
    ],
)
def test_html_to_text_gives_the_lines_shown(html, text):
    assert html_to_text(html) == text


@given(st.text(st.sampled_from("<>/pre&;nbs! -\n\"'="), max_size=80))
def test_html_to_text_any_text_is_read(html):
    assert isinstance(html_to_text(html), str)
