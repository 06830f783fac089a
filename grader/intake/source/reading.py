"""From the files of a submission to its program: main files, helper modules, and what of them is executed.

Trusted side; pure. Nothing of the student's is executed, and nothing that a student wrote raises here.
"""

import posixpath
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from grader.intake.source.bindings import bound
from grader.intake.source.bounds import MOST_TOKENS
from grader.intake.source.definitions import values
from grader.intake.source.document import Document, needs, read_document
from grader.intake.source.helper_modules import Files, find_modules, relative
from grader.intake.source.listing import Listing
from grader.intake.source.literals import much_data
from grader.intake.source.main_files import Choice, MainFile, choose
from grader.intake.source.outside_imports import OutsideImport, module_names, outside_imports
from grader.intake.source.program import Program
from grader.intake.source.strip_script import Skipped, only_definitions
from grader.intake.submissions import SourceFile, Submission
from grader.visible_text import visible

_MOST_SKIPS_NAMED = 12
_MOST_WARNINGS = 100
_CHARACTERS_OF_A_TOKEN = 8
_MOST_TOKENS = 400_000
"""Words, numbers and signs of all files of a submission that are parsed."""


def read_program(submission: Submission, names: Collection[str], *, whole_file: bool = False) -> Program:
    """Return the program in a submission.

    Parameters
    ----------
    submission : Submission
        The submission.
    names : collection of str
        The names that are graded; the files that define them are the main files.
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
    return _Builder(choice, Files(files), read, whole_file=whole_file).program()


class _Builder:
    """Makes a program of the main files that were chosen and of the helper modules that they import."""

    def __init__(self, choice: Choice, files: Files, read: "_Reader", *, whole_file: bool) -> None:
        self._choice, self._whole_file = choice, whole_file
        self._mains = {main.document.path: main for main in choice.mains}
        helpers = {path: find_modules(main.document, files, read) for path, main in self._mains.items()}
        self._sources = {path: frozenset(found.values()) for path, (_, found) in helpers.items()}
        self._root = _shared_folder([root for root, _ in helpers.values()])
        self._documents = {self._key(path): main.document for path, main in self._mains.items()}
        for main, (_, found) in helpers.items():
            for path, source in found.items():
                # Main files are found by each other's names, wherever they are.
                near = posixpath.join(posixpath.dirname(main), posixpath.basename(source))
                if not (source in self._mains and path in (source, near)):
                    self._documents.setdefault(self._key(path), read(source))
        self._names = module_names(self._documents)
        self._shared = {name for main in choice.mains[1:] for name in values(main.document.tree)}
        self._shared |= values(choice.mains[0].document.tree) if self._shared else set()

    def _key(self, path: str) -> str:
        return relative(path, self._root)

    def program(self) -> Program:
        """Return the program; nothing that a student wrote raises here."""
        choice = self._choice
        first, *others = choice.mains
        warnings = [*choice.warnings, *choice.different_answers(self._sources)]
        absent = {
            name: f"{name} is in a file that cannot be read: {why}" for name, why in choice.broken.items()
        }
        modules: dict[str, str] = {}
        imports: dict[str, OutsideImport] = {}
        error = first.document.error
        for path, document in self._documents.items():
            made = self._executable(document)
            modules[path] = made.text
            warnings += [*made.notes, *much_data(document.path, document.tree, document.text)]
            for name, sentence in made.absent.items():
                absent.setdefault(name, sentence)
            for one in outside_imports(document, made.needed, self._names):
                imports.setdefault(one.module, one)
            if document is first.document:
                error = error or made.problem
            elif document.error or made.problem:
                warnings.append(document.error or made.problem)
        if len(warnings) > _MOST_WARNINGS:
            more = len(warnings) - _MOST_WARNINGS
            warnings[_MOST_WARNINGS:] = [f"… and {more} more warnings of this kind"]
        return Program(
            main=self._key(first.document.path),
            modules=modules,
            files=tuple(dict.fromkeys(document.path for document in self._documents.values())),
            warnings=tuple(map(visible, dict.fromkeys(warnings))),
            error=visible(error),
            listings={
                path: Listing(document.path, document.original, document.cell_lines)
                for path, document in self._documents.items()
            },
            graded=first.names,
            others={self._key(main.document.path): main.names for main in others},
            absent={name: visible(sentence) for name, sentence in absent.items()},
            imports=imports,
        )

    def _executable(self, document: Document) -> "_Executable":
        main = self._mains.get(document.path)
        if document.error:
            # A broken helper is sent unchanged, so that importing it fails with Python's own message.
            return _Executable(document.text, document.warnings)
        needed, problem = (main.needed, main.problem) if main else needs(document, ())
        if problem or self._whole_file:
            return _Executable(document.text, document.warnings, problem, needed)
        given = self._given(main) if main else ()
        try:
            text, skipped = only_definitions(document.text, document.tree, needed, given)
        except (RecursionError, MemoryError):
            problem = f"{document.path}: it is nested too deeply to be read"
            return _Executable(document.text, document.warnings, problem)
        notes = (*document.warnings, *_skips(document, skipped))
        return _Executable(text, notes, "", needed, _absent(document, skipped))

    def _given(self, main: MainFile) -> set[str]:
        """Return the names that a main file uses and that another one defines for it."""
        own = {name for statement in main.document.tree.body for name in bound(statement)}
        return {name for name in main.needed if name in self._shared and name not in own}


def _shared_folder(folders: Collection[str]) -> str:
    """Return the folder that is above all of some folders; empty where that is the top."""
    parts = [folder.split("/") for folder in folders]
    shared = 0
    for row in zip(*parts, strict=False):
        if len(set(row)) > 1:
            break
        shared += 1
    return "/".join(parts[0][:shared])


@dataclass(frozen=True, slots=True)
class _Executable:
    """The text of a file to execute, warnings, an error if there is nothing to execute, and what it needs."""

    text: str
    notes: tuple[str, ...] = ()
    problem: str = ""
    needed: frozenset[str] = frozenset()
    absent: Mapping[str, str] = field(default_factory=dict)


def _skips(document: Document, skipped: tuple[Skipped, ...]) -> Iterator[str]:
    for skip in skipped[:_MOST_SKIPS_NAMED]:
        yield f"{document.path}: not run, {document.place(skip.first, skip.last)}: {skip.what}"
    if len(skipped) > _MOST_SKIPS_NAMED:
        more = len(skipped) - _MOST_SKIPS_NAMED
        yield f"{document.path}: not run, {more} more places at top level"


def _absent(document: Document, skipped: tuple[Skipped, ...]) -> dict[str, str]:
    return {
        name: f"{name} is set in {document.path}, {document.place(line)}, which was not run: {why}"
        for skip in reversed(skipped)
        for name, (line, why) in skip.names.items()
    }


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
