"""One file of a submission as a document: its text, its syntax tree and what was wrong with it.

Trusted side; pure. Notebooks and online text become programs in which ``# cell N`` marks the cells.
"""

import ast
import contextlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from grader.intake.source.bounds import MOST_TOKENS, count_tokens
from grader.intake.source.decode import decode
from grader.intake.source.listing import in_cell
from grader.intake.source.notebook import Cell, code_cells, without_magics
from grader.intake.source.parse import Parsed, Unparsable, check_cost, parse
from grader.intake.source.scopes import needed_by
from grader.intake.submissions import SourceFile
from grader.moodle.online_text import html_to_text

_EMPTY = ast.Module([], [])
_LONGEST_REASON = 200
_MOST_TOKENS_AGAIN = 60_000


@dataclass(frozen=True, slots=True)
class Document:
    """A source that was read.

    Attributes
    ----------
    path : str
        Its path in the submission.
    text : str
        The program, repaired where it could be.
    original : str
        The program as decoded.
    tree : ast.Module
        Of ``text``; empty where there is an error.
    error : str
        Why nothing of it can be run, with the line; or empty.
    warnings : tuple of str
        What was repaired or dropped, each beginning with the path.
    cell_lines : tuple of int
        In a notebook, the line of each code cell's marker.
    tokens : int
        How many words, numbers and signs the parser was given.
    """

    path: str
    text: str
    original: str
    tree: ast.Module = field(repr=False)
    error: str = ""
    warnings: tuple[str, ...] = ()
    cell_lines: tuple[int, ...] = ()
    tokens: int = 0

    def place(self, line: int, last: int | None = None) -> str:
        """Return where a line or range of the text is, in words: by cell in a notebook."""
        return place(line, last, self.cell_lines)


def place(first: int, last: int | None = None, cell_lines: tuple[int, ...] = ()) -> str:
    """Return the words for a line, or for the lines to ``last``.

    Examples
    --------
    >>> place(12), place(12, 15), place(12, 14, (1, 10))
    ('line 12', 'lines 12-15', 'code cell 2, lines 2-4')
    """
    cell, line = in_cell(first, cell_lines)
    words = "" if cell is None else f"code cell {cell}, "
    return words + (f"line {line}" if last in (None, first) else f"lines {line}-{line + last - first}")


def needs(document: Document, names: Collection[str]) -> tuple[frozenset[str], str]:
    """Return every name that some definitions of a document use, and why that cannot be told, or empty.

    Parameters
    ----------
    document : Document
    names : collection of str
        As for `grader.intake.source.scopes.needed_by`.
    """
    if document.error:
        return frozenset(), ""  # what the parser must not be given, the compiler must not either
    try:
        return frozenset(needed_by(names, document.text, document.tree)), ""
    except (RecursionError, MemoryError):
        return frozenset(), f"{document.path}: it is nested too deeply to be read"
    except (SyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", None)
        where = f", {document.place(line)}" if line else ""
        # The text of a SyntaxError ends in our own count of lines, its `msg` does not.
        why = getattr(problem, "msg", None) or str(problem)
        return frozenset(), f"{document.path}{where}: {type(problem).__name__}: {why[:_LONGEST_REASON]}"


def read_document(file: SourceFile, most_tokens: int = MOST_TOKENS) -> Document:
    """Return a file as a document; whatever it holds, this raises nothing.

    Parameters
    ----------
    file : SourceFile
        The file.
    most_tokens : int
        How many words, numbers and signs it may have.
    """
    text, notes = decode(file.data)
    lower = file.path.lower()
    if lower.endswith(".ipynb"):
        return _notebook(file.path, text, notes, most_tokens)
    if lower.endswith((".html", ".htm")):
        text = html_to_text(text)
    try:
        parsed = _parsed(text, most_tokens)
    except Unparsable as problem:
        where = f", line {problem.line}" if problem.line else ""
        error = f"{file.path}{where}: {problem}"
        return Document(file.path, text, text, _EMPTY, error, _named(file.path, notes), (), problem.tokens)
    warnings = _named(file.path, (*notes, *parsed.warnings))
    return Document(file.path, parsed.text, text, parsed.tree, "", warnings, (), parsed.tokens)


def _parsed(text: str, most_tokens: int) -> Parsed:
    """Parse a program, or else the program that is left without the lines that only notebooks understand."""
    try:
        return parse(text, most_tokens)
    except Unparsable as problem:
        plain = without_magics(text)
        if plain == text or count_tokens(text, most_tokens) > min(most_tokens, _MOST_TOKENS_AGAIN):
            raise
        with contextlib.suppress(Unparsable):
            parsed = parse(plain, most_tokens)
            if parsed.tree.body:
                notes = ("lines that only a notebook understands were left out", *parsed.warnings)
                return replace(parsed, warnings=notes)
        raise problem from None


def tree_of_source(text: str) -> ast.Module:
    """Return the tree of a program as it is read, of any text; an empty one if it cannot be."""
    try:
        return _parsed(text, MOST_TOKENS).tree
    except Unparsable:
        return _EMPTY


def _named(path: str, notes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{path}: {note}" for note in notes)


def _notebook(path: str, text: str, notes: tuple[str, ...], most_tokens: int) -> Document:
    try:
        cells = code_cells(text)
        # All cells together, since each of them is parsed and then the whole.
        check_cost("\n".join(cell.text for cell in cells), most_tokens)
    except Unparsable as problem:
        return Document(path, "", text, _EMPTY, f"{path}: {problem}", _named(path, notes))
    lines: list[str] = []
    originals: list[str] = []
    markers = []
    warnings = [*notes]
    for cell in cells:
        markers.append(len(lines) + 1)
        kept, found = _cell(cell)
        warnings += found
        lines += [f"# cell {cell.number}", *kept.split("\n")]
        originals += [f"# cell {cell.number}", *cell.text.split("\n")]
    try:
        parsed = parse("\n".join(lines) + "\n", most_tokens)
    except Unparsable as problem:
        parsed = Parsed(_EMPTY, "", (str(problem),), problem.tokens)
    error = ""
    if cells and not parsed.tree.body and any(cell.text.strip() for cell in cells):
        error = f"{path}: no code cell of it can be run" + "".join(f"; {note}" for note in warnings[:3])
    every = _named(path, (*warnings, *parsed.warnings))
    original, places = "\n".join(originals), tuple(markers)
    return Document(path, parsed.text, original, parsed.tree, error, every, places, parsed.tokens)


def _cell(cell: Cell) -> tuple[str, list[str]]:
    """Return a cell's program, blank with the same number of lines where it is none, and warnings."""
    problem: Unparsable | None = None
    for text in (cell.text, without_magics(cell.text)):
        try:
            parsed = parse(text)
        except Unparsable as found:
            problem = found
        else:
            return parsed.text, [f"code cell {cell.number}: {note}" for note in parsed.warnings]
    where = f", line {problem.line}" if problem and problem.line else ""
    blank = "\n" * cell.text.count("\n")
    return blank, [f"code cell {cell.number}{where}: {problem}; this cell does not count, the others do"]
