"""Text to a syntax tree, or to a sentence that says why there is none.

Trusted side; `ast` parses and nothing is ever compiled or run here. A text is parsed only after `bounds` has
counted what its tree would take. What editors and copying did to a text (tabs, no-break spaces) is repaired
where Python would refuse it.
"""

import ast
import itertools
import re
import warnings
from dataclasses import dataclass

from grader.intake.source.bindings import nodes
from grader.intake.source.bounds import MOST_TOKENS, count_tokens, too_costly

_LONGEST_LINE = 80
# Some ten thousand lines of code; a table of numbers counts as one expression.
_MOST_NODES = 150_000
_LONGEST_SEARCHED = 2_000
_LONGEST_MESSAGE = 120
# Of a text that is repaired, since each repair is parsed once more, and a tab becomes eight spaces.
_MOST_TOKENS_REPAIRED, _MOST_CHARACTERS_REPAIRED = 60_000, 1 << 19
_PYTHON_2 = re.compile(
    r"Missing parentheses in call to '(?P<statement>print|exec)'|(?P<octal>leading zeros in decimal)"
    r"|(?P<handler>multiple exception types must be parenthesized)"
)
_PYTHON_2_LINE = re.compile(r"^\s*print\s+[^\s(=]|<>|\braise\s+\w+\s*,|\bexcept\s+\w+\s*,\s*\w+\s*:|\bur?'|`")
_COPIED_SPACES = str.maketrans({"\xa0": " ", "\u202f": " ", "\u3000": " ", "\u200b": "", "\ufeff": ""})


class Unparsable(Exception):  # noqa: N818 - a finding about a student's text, not an error of the run
    """A text is not Python; ``args[0]`` is the reason, ``line`` the place (1-based, None if unknown).

    ``tokens`` is how many words, numbers and signs were given to the parser all the same.
    """

    def __init__(self, why: str, line: int | None = None, tokens: int = 0) -> None:
        super().__init__(why)
        self.line = line
        self.tokens = tokens


@dataclass(frozen=True, slots=True)
class Parsed:
    """A syntax tree, the text that it is of, what was repaired in it, and how many tokens it has at most."""

    tree: ast.Module
    text: str
    warnings: tuple[str, ...] = ()
    tokens: int = 0


def parse(text: str, most_tokens: int = MOST_TOKENS) -> Parsed:
    r"""Parse a program; repair its spaces if copying has damaged them.

    Parameters
    ----------
    text : str
        Any text.
    most_tokens : int
        How many words, numbers and signs it may have.

    Raises
    ------
    Unparsable
        If it is not Python 3; the message names Python 2 where it is that.

    Examples
    --------
    >>> parse("if x:\n\ty = 1\n        z = 2\n").warnings
    ('tabs and spaces are mixed; every tab was read as 8 columns',)
    """
    tokens = check_cost(text, most_tokens)
    try:
        return Parsed(_tree(text), text, (), tokens)
    except SyntaxError as problem:
        short = tokens <= _MOST_TOKENS_REPAIRED and len(text) <= _MOST_CHARACTERS_REPAIRED
        for repaired, what in _repairs(text) if short else ():
            try:
                return Parsed(_tree(repaired), repaired, (what,), tokens)
            except SyntaxError:
                continue
        raise Unparsable(_sentence(problem, text), problem.lineno, tokens) from None
    except Unparsable as problem:
        raise Unparsable(str(problem), problem.line, tokens) from None


def tree_of(source: str) -> ast.Module:
    """Return the syntax tree of any text, an empty one if it is not a program or too long for one."""
    try:
        check_cost(source)
        return _tree(source)
    except (SyntaxError, Unparsable):
        return ast.Module([], [])


def check_cost(text: str, most_tokens: int = MOST_TOKENS) -> int:
    """Return a bound on a text's tokens, if it may be given to the parser.

    Raises
    ------
    Unparsable
        If parsing would take too much time or memory.
    """
    tokens = count_tokens(text, most_tokens)
    refusal = too_costly(text, tokens, most_tokens)
    if refusal:
        raise Unparsable(refusal)
    return tokens


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\\d" in a student's string is not the grader's concern
        try:
            tree = ast.parse(text)
        except (MemoryError, RecursionError):
            raise Unparsable("it is nested too deeply or too long for Python's parser") from None
        except SyntaxError:
            raise
        except ValueError as problem:  # null characters, lone surrogates
            raise Unparsable(f"it is not the text of a program: {problem}") from None
    if next(itertools.islice(nodes(tree), _MOST_NODES, None), None) is not None:
        raise Unparsable(f"it has more than {_MOST_NODES} expressions, which is too long for a program")
    return tree


def _repairs(text: str) -> list[tuple[str, str]]:
    found = []
    plain = text.translate(_COPIED_SPACES)
    if plain != text:
        found.append((plain, "special spaces, perhaps copied from a web page, were read as normal spaces"))
    if "\t" in text:
        spaced = "tabs and spaces are mixed; every tab was read as {} columns"
        found += [(_expand(plain, width), spaced.format(width)) for width in (8, 4)]
    return found


def _expand(text: str, width: int) -> str:
    # Only the indentation: a tab inside a string is the student's.
    return re.sub(r"(?m)^[ \t]++", lambda match: match[0].expandtabs(width), text)


def _sentence(problem: SyntaxError, text: str) -> str:
    lines = text.split("\n")
    number = problem.lineno or 0
    line = lines[number - 1].strip()[:_LONGEST_SEARCHED] if 0 < number <= len(lines) else ""
    message = (problem.msg or "invalid syntax")[:_LONGEST_MESSAGE]
    quoted = f": {line[:_LONGEST_LINE]}" if line else ""
    if _PYTHON_2.search(message) or (message == "invalid syntax" and _PYTHON_2_LINE.search(line)):
        return f"it is written for Python 2, which the grader does not run ({message}){quoted}"
    return f"{type(problem).__name__}: {message}{quoted}"
