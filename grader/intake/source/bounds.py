"""What a text would cost Python's parser, counted in linear time before any tree is built.

Trusted side; pure. A syntax tree takes up to a thousand bytes for each two characters of text, and some
parts of CPython's parser take quadratic time: long f-strings (until 3.11), modules with long dotted names,
and names in which many combining marks follow one another.
"""

import re
import unicodedata
from itertools import groupby, islice

MOST_TOKENS = 250_000
"""Tokens of one text, the words of its strings and comments among them: some 200 MB as a tree."""

MOST_CHARACTERS = 2_200_000
"""Of one text: as many as the largest file, or all cells of a notebook, may have."""

# Each alternative ends where the next token begins and never fails once it has begun: linear. A sign counts
# with its number, so that a pasted table of weights counts two for each number.
_TOKEN = re.compile(r"-?\d++\.?+\d*+(?:[eE][-+]?\d++)?+|\w++|[#=]++|[^\w\s]")
# Comments and strings, closed or not, each with its prefix.
_STRING = re.compile(
    r"#[^\n]*+"
    r"|(?<!\w)(?P<prefix>[A-Za-z]{0,2}+)(?:"
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z|\\)|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*+(?:\'\'\'|\Z|\\)'
    r'|"(?:[^"\\\n]|\\.)*+["\\]?|\'(?:[^\'\\\n]|\\.)*+[\'\\]?)',
    re.DOTALL,
)
_DOTTED = re.compile(r"(?<!\w)(?:\w++[\s\\]*+\.[\s\\]*+)++")
_MOST_DOTS = 1_000
_NOT_ASCII = re.compile(r"[^\x00-\x7f]{100,}+")
_MOST_MARKS = 100
_MOST_FORMATTING = 1_000_000_000


def count_tokens(text: str, most: int = MOST_TOKENS) -> int:
    """Return an upper bound on the tokens of a text; counting ends at ``most + 1``.

    Examples
    --------
    >>> count_tokens("x = [-0.5, 1e-3]  # two")
    9
    """
    return sum(1 for _ in islice(_TOKEN.finditer(text), most + 1))


def too_costly(text: str, tokens: int, most_tokens: int = MOST_TOKENS) -> str:
    """Return why a text of so many tokens must not be given to the parser; empty if it may.

    Examples
    --------
    >>> too_costly("x = 1", 3), too_costly("a,a", 11, most_tokens=10)
    ('', 'it has more than 10 words, numbers and signs, which is too long for a program')
    """
    if len(text) > MOST_CHARACTERS:
        return f"it has more than {MOST_CHARACTERS} characters, which is too long for a program"
    if tokens > most_tokens:
        return f"it has more than {most_tokens} words, numbers and signs, which is too long for a program"
    if any(_marks(run[0]) > _MOST_MARKS for run in _NOT_ASCII.finditer(text)):
        return f"more than {_MOST_MARKS} combining marks follow one another in it"
    if any(found[0].count(".") > _MOST_DOTS for found in _DOTTED.finditer(text)):
        return f"it has a name with more than {_MOST_DOTS} dots"
    if _formatting(text) > _MOST_FORMATTING:
        return "it has an f-string that is too long to be read"
    return ""


def _marks(run: str) -> int:
    """Return how many combining marks follow one another at most."""
    groups = groupby(run, lambda sign: unicodedata.combining(sign) > 0)
    return max((sum(1 for _ in group) for is_mark, group in groups if is_mark), default=0)


def _formatting(text: str) -> int:
    """Return the steps that CPython 3.11 takes for f-strings: each expression is looked for in the string."""
    strings = (found for found in _STRING.finditer(text) if "f" in (found["prefix"] or "").lower())
    return sum(found[0].count("{") * len(found[0]) for found in strings)
