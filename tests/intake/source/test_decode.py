import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake.source.decode import decode

TEXT = "# Übung: মোঃ\nx = 1\n"
ASCII = "import numpy as np\nx = np.zeros(3)\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
    ],
)
def test_decode_unicode_in_any_form_gives_the_text(data):
    assert decode(data) == (TEXT, ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_decode_utf16_without_mark_is_recognised(encoding):
    assert decode(ASCII.encode(encoding)) == (ASCII, ())


def test_decode_coding_line_is_obeyed():
    data = "# -*- coding: cp1251 -*-\ns = 'слой'\n".encode("cp1251")
    assert "слой" in decode(data)[0]


@pytest.mark.parametrize(
    "name",
    [
        *("no-such-codec", "punycode", "punycode-", "-punycode", "Puny.Code", "zip_codec", "unicode_escape"),
        *(
            "idna.",
            "utf-7",
            "u7",
            "rot13",
            "hex",
            "base64",
            "uu",
            "quopri",
            "bz2",
            "undefined",
            "mbcs",
            "oem",
        ),
    ],
)
def test_decode_unusable_coding_line_is_passed_over(name):
    for text in (f"# coding: {name}\nx = '\\x41'\n", f"# coding: {name}"):
        assert decode(text.encode()) == (text, ())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("latin-1", "é"),
        ("L1", "é"),
        ("gb2312", "层"),
        ("GBK", "层"),
        ("big5", "層"),
        ("shift_jis", "層"),
        ("euc-kr", "층"),
    ],
)
def test_decode_coding_line_of_a_real_alphabet_is_followed(name, text):
    data = f"# coding: {name}\nx = '{text}'\n".encode(name)
    assert decode(data) == (f"# coding: {name}\nx = '{text}'\n", ())


def test_decode_cp1252_is_told():
    text, warnings = decode("# naïve “quotes”\n".encode("cp1252"))
    assert text == "# naïve “quotes”\n"
    assert warnings == ("it is not UTF-8; it was read as cp1252, the Windows encoding",)


@given(st.binary(max_size=300))
def test_decode_any_bytes_give_text_that_can_be_stored(data):
    text, _ = decode(data)
    assert "\r" not in text
    text.encode("utf-8")


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\ufeff"), max_size=80),
    st.sampled_from(["utf-8-sig", "utf-16", "utf-32"]),
)
def test_decode_is_the_inverse_of_encoding_with_a_mark(text, encoding):
    assert decode(text.encode(encoding)) == (text, ())
