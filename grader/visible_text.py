"""Text of students, with what would steer a terminal or reorder a line written out.

Trusted side; pure. Used where text comes in: by intake for names, paths and warnings, by the sandbox for what
a worker says, so that no report, table or JSON file ever holds such signs.
"""

import re

# Control characters steer a terminal; bidi controls reorder what stands around them; separators end a line
# for some programs; tags and byte-order marks show as nothing. Joiners stay: Bengali and Persian need them.
_INVISIBLE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f"
)
_IN_TEXT = re.compile(f"[{_INVISIBLE}]")
_IN_NAME = re.compile(f"[\t\n{_INVISIBLE}]")


def visible(text: str) -> str:
    r"""Return a text with control and bidi characters written out, as ``\x1b`` for escape.

    Line ends and tabs stay.

    Examples
    --------
    >>> visible("a\x1b[31mb\r\nc")
    'a\\x1b[31mb\nc'
    """
    return _IN_TEXT.sub(_written_out, text.replace("\r\n", "\n"))


def visible_name(text: str) -> str:
    r"""Return a name or path with such characters written out, line ends and tabs too.

    Examples
    --------
    >>> visible_name("a\n\u202eyp.exe")
    'a\\n\\u202eyp.exe'
    """
    return _IN_NAME.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    return repr(found[0])[1:-1]
