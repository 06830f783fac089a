"""From the files of a submission to the program that is sent to the untrusted side.

Trusted side; pure. Nothing of the student's is executed, and nothing that a student wrote raises here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from grader.intake.source.document import Document, read_document
from grader.intake.source.helper_modules import Files, find_modules, relative
from grader.intake.source.main_file import choose
from grader.intake.source.strip_script import only_definitions
from grader.intake.submissions import Submission

_MOST_SKIPS_NAMED = 12


@dataclass(frozen=True, slots=True)
class Program:
    """A student's program, ready to be executed elsewhere.

    Attributes
    ----------
    main : str
        Path of the answer, a key of ``modules``, from the folder above all that is imported.
    modules : Mapping of str to str
        Source text by path: the answer and the helper modules that it imports, with the lines of the
        files handed in. Module ``a.b`` is ``a/b.py`` from the answer's folder or from the top.
    files : tuple of str
        The files that were used, as handed in; the answer first.
    warnings : tuple of str
        What was skipped, repaired or ambiguous.
    error : str
        Why nothing can be run; empty where something can.
    original : str
        The answer's whole text.
    cell_lines : tuple of int
        In a notebook, the line of each code cell's marker; see `grader.intake.source.place`.
    """

    main: str
    modules: Mapping[str, str]
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    original: str = ""
    cell_lines: tuple[int, ...] = ()


def read_program(submission: Submission, names: Collection[str], *, whole_file: bool = False) -> Program:
    """Return the program in a submission.

    Parameters
    ----------
    submission : Submission
        What was handed in.
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

    @cache
    def read(path: str) -> Document:
        return read_document(files[path])

    choice = choose(submission.files, names, read)
    if choice is None:
        why = "no Python source is among the files" if files else "nothing was handed in"
        return Program("", {}, error=f"{why} that could be run")
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
        warnings += notes
        if document is answer:
            error = error or problem
        elif document.error or problem:
            warnings.append(document.error or problem)
    used = tuple(document.path for document in documents.values())
    return Program(main, modules, used, tuple(warnings), error, answer.original, answer.cell_lines)


def _executable(
    document: Document, wanted: Collection[str], *, whole_file: bool
) -> tuple[str, list[str], str]:
    """Return the text to execute, warnings, and an error if there is nothing to execute."""
    notes = [*document.warnings]
    if document.error or whole_file:
        # A broken helper is sent as it is, so that importing it fails with Python's own words.
        return document.text, notes, ""
    try:
        text, skipped = only_definitions(document.text, document.tree, wanted)
    except (RecursionError, MemoryError):
        return document.text, notes, f"{document.path}: it is nested too deeply to be read"
    except (SyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", None)
        where = f", line {line}" if line else ""
        return document.text, notes, f"{document.path}{where}: {type(problem).__name__}: {problem}"
    notes += [
        f"{document.path}: not run, {document.place(skip.first, skip.last)}: {skip.what}"
        for skip in skipped[:_MOST_SKIPS_NAMED]
    ]
    if len(skipped) > _MOST_SKIPS_NAMED:
        more = len(skipped) - _MOST_SKIPS_NAMED
        notes.append(f"{document.path}: not run, {more} more places at top level")
    return text, notes, ""
