"""Bytes of a source file to text, in whatever encoding a student's editor used.

Trusted side; pure. The file is hostile until proven otherwise: no codec that costs more than linear
time is used, and every byte string gives some text.
"""

import codecs
import re

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
# By the names that Python gives them itself, whatever a file calls them: alphabets alone. Others are slow
# on purpose (punycode takes quadratic time), or turn plain text into other text (rot13, unicode_escape).
_ALPHABETS = frozenset(
    {
        *(
            "ascii",
            "utf-8",
            "utf-8-sig",
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "utf-32",
            "utf-32-le",
            "utf-32-be",
        ),
        *(f"iso8859-{number}" for number in (*range(1, 12), *range(13, 17))),
        *(f"cp{number}" for number in range(1250, 1259)),
        *(
            f"cp{number}"
            for number in (437, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869)
        ),
        *(
            "koi8-r",
            "koi8-u",
            "koi8-t",
            "kz1048",
            "ptcp154",
            "mac-roman",
            "mac-cyrillic",
            "mac-greek",
            "mac-latin2",
        ),
        *(
            "gb2312",
            "gbk",
            "gb18030",
            "hz",
            "big5",
            "big5hkscs",
            "cp932",
            "cp949",
            "cp950",
            "cp874",
            "tis-620",
        ),
        *(
            "shift_jis",
            "shift_jis_2004",
            "shift_jisx0213",
            "euc_jp",
            "euc_jis_2004",
            "euc_jisx0213",
            "euc_kr",
            "johab",
        ),
    }
)


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    r"""Return a source's text with ``\n`` line ends, and warnings about its encoding.

    A byte-order mark decides, then UTF-16 without one, the file's own coding line (PEP 263), UTF-8,
    and at last cp1252.

    Examples
    --------
    >>> decode(b"\xef\xbb\xbfx = 1\r\n")
    ('x = 1\n', ())
    >>> decode(b"# Caf\xe9\n")[1]
    ('it is not UTF-8; it was read as cp1252, the Windows encoding',)
    """
    text, warnings = _decode(data)
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), warnings


def _decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _lossy(data, encoding)
    utf16 = _utf16_without_mark(data)
    if utf16:
        return _lossy(data, utf16)
    named = _named_encoding(data)
    if named:
        try:
            return data.decode(named), ()
        except (LookupError, ValueError):
            pass
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        return _cp1252(data), ("it is not UTF-8; it was read as cp1252, the Windows encoding",)


def _lossy(data: bytes, encoding: str) -> tuple[str, tuple[str, ...]]:
    try:
        return data.decode(encoding), ()
    except UnicodeDecodeError as problem:
        why = f"byte {problem.start} is not valid {encoding}; invalid bytes were replaced"
        return data.decode(encoding, "replace"), (why,)


def _utf16_without_mark(data: bytes) -> str | None:
    """Recognise ASCII in UTF-16 by the zero that is every other byte."""
    sample = data[:400]
    if len(sample) < 4 or len(data) % 2:
        return None
    if sample[1::2].count(0) > 0.4 * len(sample) and not sample[0::2].count(0):
        return "utf-16-le"
    if sample[0::2].count(0) > 0.4 * len(sample) and not sample[1::2].count(0):
        return "utf-16-be"
    return None


def _named_encoding(data: bytes) -> str | None:
    for line in data[:1000].splitlines()[:2]:
        match = _COOKIE.match(line)
        if match:
            return _alphabet(match[1].decode("ascii", "replace"))
        if line.strip() and not line.lstrip().startswith(b"#"):
            return None
    return None


def _alphabet(name: str) -> str | None:
    """Return Python's own name of an encoding, None if it is unknown or more than an alphabet."""
    try:
        canonical = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return canonical if canonical in _ALPHABETS else None


def _cp1252(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")  # five bytes mean nothing in cp1252
