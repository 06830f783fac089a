"""Nothing that steers a terminal or reorders a line is left of a student's text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.visible_text import visible, visible_name

BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN"} - {"BN"}


@given(st.text())
def test_visible_any_text_has_no_control_characters_left(text: str):
    shown = visible(text)
    assert not any(ord(sign) < 32 and sign not in "\n\t" for sign in shown)
    assert not any(unicodedata.bidirectional(sign) in BIDI for sign in shown)
    assert visible(shown) == shown
    shown.encode("utf-8")


def test_visible_bengali_and_arabic_names_stay_as_they_are():
    assert visible("মোঃ রফিকুল محمد") == "মোঃ রফিকুল محمد"


@pytest.mark.parametrize(
    ("text", "shown", "name"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb", "a\\x1b[2Jb"),
        ("\u202egpj.py", "\\u202egpj.py", "\\u202egpj.py"),
        ("a\tb\nc", "a\tb\nc", "a\\tb\\nc"),
        ("a\r\nb\rc", "a\nb\\rc", "a\\r\\nb\\rc"),
        ("a\u2028b\x85\0", "a\\u2028b\\x85\\x00", "a\\u2028b\\x85\\x00"),
        ("\U000e0041\ufeff\udc80", "\\U000e0041\\ufeff\\udc80", "\\U000e0041\\ufeff\\udc80"),
        ("ক\u200cষ é 层", "ক\u200cষ é 层", "ক\u200cষ é 层"),
    ],
)
def test_visible_writes_out_what_does_not_show(text, shown, name):
    assert (visible(text), visible_name(text)) == (shown, name)
