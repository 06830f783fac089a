"""From the files of a submission to the program that is sent to the untrusted side.

Trusted side; pure. Nothing of the student's is executed, and nothing that a student wrote raises here.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from grader.intake.source.bounds import MOST_TOKENS
from grader.intake.source.document import Document, read_document
from grader.intake.source.helper_modules import Files, find_modules, relative
from grader.intake.source.listing import Listing, function_at
from grader.intake.source.literals import much_data
from grader.intake.source.main_file import choose
from grader.intake.source.strip_script import only_definitions
from grader.intake.submissions import SourceFile, Submission
from grader.results import Place
from grader.visible_text import visible

_MOST_SKIPS_NAMED = 12
_MOST_WARNINGS = 100
_CHARACTERS_OF_A_TOKEN = 8
_LONGEST_REASON = 200
_MOST_TOKENS = 400_000
"""Words, numbers and signs of all files of a submission that are parsed."""


@dataclass(frozen=True, slots=True)
class Program:
    """A student's program, ready to be executed elsewhere.

    Attributes
    ----------
    main : str
        Path of the answer, a key of ``modules``, from the folder above all that is imported.
    modules : Mapping of str to str
        Source text by path: the answer and the helper modules that it imports, with the lines of the
        files of the submission. Module ``a.b`` is ``a/b.py`` from the answer's folder or from the top.
    files : tuple of str
        The files that were used, by their paths in the submission; the main file first.
    warnings : tuple of str
        What was skipped, repaired or ambiguous.
    error : str
        Why nothing can be run; empty where something can.
    listings : Mapping of str to Listing
        The files as the student wrote them, by the same paths as ``modules`` and with the same lines.
    """

    main: str
    modules: Mapping[str, str]
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    listings: Mapping[str, Listing] = field(default_factory=dict)

    def place(self, path: str, line: int) -> Place | None:
        """Return where a line of a module is in the student's files; None where there is no such line."""
        return self._listing(path).place(line, function_at(self.modules.get(path, ""), line))

    def _listing(self, path: str) -> Listing:
        return self.listings.get(path) or Listing(path, self.modules.get(path, ""))

    def in_cells(self, printed: str) -> str:
        """Return printed text that can be shown, and names a notebook's cells instead of our lines."""
        printed = visible(printed)
        if not self._listing(self.main).cell_lines:
            return printed
        name = re.escape(self.main)
        return re.sub(
            rf'File "{name}", line (\d{{1,9}})\b|(?<![\w./-]){name}:(\d{{1,9}}):', self._in_cell, printed
        )

    def _in_cell(self, found: re.Match[str]) -> str:
        shown, warned = found.groups()
        place = self.place(self.main, int(shown or warned))
        if place is None:
            return found.group()
        return f'File "{place.file}", code cell {place.cell}, line {place.line}' if shown else f"{place}:"


def read_program(submission: Submission, names: Collection[str], *, whole_file: bool = False) -> Program:
    """Return the program in a submission.

    Parameters
    ----------
    submission : Submission
        The submission.
    names : collection of str
        What the interface asks for at top level; which file defines most of it is the answer.
    whole_file : bool
        Whether everything is executed; otherwise only imports, definitions and cheap assignments.

    Returns
    -------
    Program
        With ``error`` instead of modules where nothing can be run.
    """
    files = {file.path: file for file in submission.files}
    read = _Reader(files)
    choice = choose(submission.files, names, read)
    if choice is None:
        return Program("", {}, error=f"the submission {'has no Python source' if files else 'is empty'}")
    answer = choice.document
    root, helpers = find_modules(answer, Files(files), read)
    main = relative(answer.path, root)
    documents = {main: answer}
    for path, source in helpers.items():
        documents.setdefault(path, read(source))
    warnings = [*choice.warnings]
    modules: dict[str, str] = {}
    error = answer.error
    for path, document in documents.items():
        wanted = names if document is answer else ()
        modules[path], notes, problem = _executable(document, wanted, whole_file=whole_file)
        warnings += [*notes, *much_data(document.path, document.tree, document.text)]
        if document is answer:
            error = error or problem
        elif document.error or problem:
            warnings.append(document.error or problem)
    used = tuple(document.path for document in documents.values())
    listings = {
        path: Listing(document.path, document.original, document.cell_lines)
        for path, document in documents.items()
    }
    if len(warnings) > _MOST_WARNINGS:
        more = len(warnings) - _MOST_WARNINGS
        warnings[_MOST_WARNINGS:] = [f"… and {more} more warnings of this kind"]
    return Program(main, modules, used, tuple(map(visible, warnings)), visible(error), listings)


class _Reader:
    """Reads each file once, as long as the submission has tokens left: trees stay in memory together."""

    def __init__(self, files: Mapping[str, SourceFile]) -> None:
        self._files = files
        self._read: dict[str, Document] = {}
        self._left = _MOST_TOKENS

    def __call__(self, path: str) -> Document:
        if path not in self._read:
            document = read_document(self._files[path], min(self._left, MOST_TOKENS))
            if document.tokens:
                # Blank lines are no tokens, but take the parser time as well.
                spent = max(document.tokens, len(document.original) // _CHARACTERS_OF_A_TOKEN)
                self._left = max(0, self._left - spent)
            self._read[path] = document
        return self._read[path]


def _executable(
    document: Document, wanted: Collection[str], *, whole_file: bool
) -> tuple[str, list[str], str]:
    """Return the text to execute, warnings, and an error if there is nothing to execute."""
    notes = [*document.warnings]
    if document.error or whole_file:
        # A broken helper is sent unchanged, so that importing it fails with Python's own message.
        return document.text, notes, ""
    try:
        text, skipped = only_definitions(document.text, document.tree, wanted)
    except (RecursionError, MemoryError):
        return document.text, notes, f"{document.path}: it is nested too deeply to be read"
    except (SyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", None)
        where = f", {document.place(line)}" if line else ""
        # The text of a SyntaxError ends in our own count of lines, its `msg` does not.
        why = getattr(problem, "msg", None) or str(problem)
        return (
            document.text,
            notes,
            f"{document.path}{where}: {type(problem).__name__}: {why[:_LONGEST_REASON]}",
        )
    notes += [
        f"{document.path}: not run, {document.place(skip.first, skip.last)}: {skip.what}"
        for skip in skipped[:_MOST_SKIPS_NAMED]
    ]
    if len(skipped) > _MOST_SKIPS_NAMED:
        more = len(skipped) - _MOST_SKIPS_NAMED
        notes.append(f"{document.path}: not run, {more} more places at top level")
    return text, notes, ""
