"""A notebook's code cells, in order, without what only IPython understands.

Trusted side; pure. Outputs are never looked at.
"""

import logging
import re
import warnings
from dataclasses import dataclass

import nbformat
from nbformat.reader import reads as read_any_version

from grader.intake.source.parse import Unparsable

# Cell magics whose body is still Python.
_PYTHON_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun", "%%python3", "%%snakeviz")
# The possessive quantifiers (*+, ++) never give back what they took, so that a line of a million spaces
# takes linear time.
_MAGIC_LINE = re.compile(
    r"^(?P<indent>[ \t]*+)"
    r"(?:[\w.,\[\] ]++= *+[%!][\w ]|%|!|\?|[\w.]++\?{1,2}+\s*+$|(?:pip3?|conda) install\b)"
)

_MOST_CELLS = 2000


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
        If the text is not a notebook.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = _as_version_4(text)
        sources = [_source(cell) for cell in book["cells"] if cell.get("cell_type") == "code"]
    except (RecursionError, MemoryError):
        raise Unparsable("it is nested too deeply to be a notebook") from None
    except Exception as problem:
        # nbformat lets through whatever a damaged notebook causes: KeyError, TypeError, AttributeError, ...
        raise Unparsable(
            f"it is not a readable notebook: {type(problem).__name__}: {str(problem)[:120]}"
        ) from None
    if len(sources) > _MOST_CELLS:
        raise Unparsable(f"it has {len(sources)} code cells; the limit is {_MOST_CELLS}")
    return [Cell(number, source) for number, source in enumerate(sources, start=1)]


def _as_version_4(text: str) -> dict[str, list[dict[str, object]]]:
    # Not `nbformat.reads`, which checks every output against a schema and logs what it finds.
    book = read_any_version(text)  # type: ignore[no-untyped-call]
    if book.get("nbformat") == 4:
        return dict(book)
    logger = logging.getLogger("traitlets")
    before, logger.disabled = logger.disabled, True
    try:
        return dict(nbformat.convert(book, 4))  # type: ignore[no-untyped-call]
    finally:
        logger.disabled = before


def _source(cell: dict[str, object]) -> str:
    source = cell.get("source", "")
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
    if first.startswith("%%") and not first.startswith(_PYTHON_MAGICS):
        return "\n" * text.count("\n")
    return "\n".join(_without_magic(line) for line in text.split("\n"))


def _without_magic(line: str) -> str:
    match = _MAGIC_LINE.match(line)
    return line if match is None else f"{match['indent']}pass"
