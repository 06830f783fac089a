"""A notebook's code cells, in order, without what only IPython understands.

Trusted side; pure. Outputs are never looked at.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.intake.source.parse import Unparsable

# Cell magics whose body is still Python.
_PYTHON_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun", "%%python3", "%%snakeviz")
# The possessive quantifiers (*+, ++) never give back what they took, so that a line of a million spaces
# takes linear time.
_LONGEST_MAGIC = 2_000
_MAGIC_LINE = re.compile(
    r"^(?P<indent>[ \t]*+)"
    r"(?:[\w.,\[\] ]++= *+(?:!|%\w)|%{1,2}+ *+[A-Za-z_]|!|\?|[\w.]++\?{1,2}+\s*+$|(?:pip3?|conda) install\b)"
)
# A cell that writes a Python file holds that file's program.
_WRITTEN = re.compile(r"%%(?:write)?file [^\n]*\.py\s*$")

_MOST_CELLS = 2000
_MOST_CONTAINERS = 300_000
_MOST_VALUES = 3_000_000
_LONGEST_MESSAGE = 120


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell: its number among the code cells, from 1, and its text."""

    number: int
    text: str


def code_cells(text: str) -> list[Cell]:
    """Return the code cells of a notebook in any version of its format.

    Raises
    ------
    Unparsable
        If the text is not a notebook, or more than can be read.
    """
    # Counted first, as a program's tokens are: an empty list of two characters takes 64 bytes.
    for signs, most in (("{[", _MOST_CONTAINERS), (",:", _MOST_VALUES)):
        if sum(map(text.count, signs)) > most:
            raise Unparsable(f"it has more than {most} of the signs {' and '.join(signs)}; clear its outputs")
    try:
        book = json.loads(text)
        sources = [_source(cell) for cell in _cells(book) if cell.get("cell_type") == "code"]
    except (RecursionError, MemoryError):
        raise Unparsable("it is nested too deeply to be a notebook") from None
    except (ValueError, TypeError, AttributeError, KeyError) as problem:
        what = f"{type(problem).__name__}: {str(problem)[:_LONGEST_MESSAGE]}"
        raise Unparsable(f"it is not a readable notebook: {what}") from None
    if len(sources) > _MOST_CELLS:
        raise Unparsable(f"it has {len(sources)} code cells; the limit is {_MOST_CELLS}")
    return [Cell(number, source) for number, source in enumerate(sources, start=1)]


def _cells(book: Any) -> Iterator[Mapping[str, Any]]:
    version = book.get("nbformat", 1)
    if version not in (1, 2, 3, 4):
        raise ValueError(f"unknown version {version!r:.40}")
    # Versions 2 and 3 had worksheets, of which no program ever made more than one.
    for sheet in book["worksheets"] if version in (2, 3) else [book]:
        yield from sheet["cells"]


def _source(cell: Mapping[str, Any]) -> str:
    # By the version of the format, the latest first.
    source = next((cell[key] for key in ("source", "input", "code") if key in cell), "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def without_magics(text: str) -> str:
    r"""Return a cell's text with IPython's own lines made inert; the number of lines stays.

    Use it only for a cell that is not valid Python, because a line may begin with the operator ``%``.

    Examples
    --------
    >>> without_magics("%matplotlib inline\n!pip install numpy\nx = 1")
    'pass\npass\nx = 1'
    """
    first = text.lstrip().split("\n", 1)[0].strip()
    is_python = first.startswith(_PYTHON_MAGICS) or _WRITTEN.match(first[:_LONGEST_MAGIC])
    if first.startswith("%%") and not is_python:
        return "\n" * text.count("\n")
    return "\n".join(_without_magic(text.split("\n")))


def _without_magic(lines: Sequence[str]) -> Iterator[str]:
    goes_on = False
    for line in lines:
        match = _MAGIC_LINE.match(line[:_LONGEST_MAGIC])
        if goes_on:
            yield ""
        else:
            yield line if match is None else f"{match['indent']}pass"
        goes_on = line.endswith("\\") and (goes_on or match is not None)
