"""Choose the main file of a submission: the one that defines the wanted names, whatever it is called.

Trusted side; pure.
"""

import ast
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from grader.intake.source.bindings import Definition, bound
from grader.intake.source.document import Document
from grader.intake.source.helper_modules import Files, exported
from grader.intake.submissions import SourceFile

_TEST = re.compile(r"(?:^|_)tests?(?:_|\.|$)", re.IGNORECASE)
_COPY = re.compile(r"copy|backup|\bold\b|_old|\(\d+\)|checkpoint|\.bak|~$", re.IGNORECASE)
_DEFINED = re.compile(r"^(?:class|(?:async )?def)[ \t]++(\w++)", re.MULTILINE)
_LARGEST_PARSED = 4 << 20
_MOST_LISTED, _LONGEST_NAME = 6, 100
# From a name to where it is imported from; sixty files that import everything from each other have 54,000.
_MOST_LINKS = 300_000


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer's document and what should be said about how it was chosen."""

    document: Document
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    document: Document
    direct: frozenset[str]
    names: frozenset[str]

    @property
    def path(self) -> str:
        return self.document.path

    @property
    def merit(self) -> tuple[int, int]:
        return len(self.names), len(self.direct)

    @property
    def plausibility(self) -> tuple[bool, bool, bool]:
        """A broken file, a test or a copy is the answer only where nothing else is."""
        name = self.path.rsplit("/", 1)[-1]
        return not self.document.error, not _TEST.search(name), not _COPY.search(self.path)

    @property
    def order(self) -> tuple[int, bool, bool, str]:
        lower = self.path.lower()
        return self.path.count("/"), lower.endswith((".txt", ".html")), lower.endswith(".ipynb"), self.path


def choose(
    files: Sequence[SourceFile], names: Collection[str], read: Callable[[str], Document]
) -> Choice | None:
    """Return the answer among some files, or None where no file is a candidate.

    Parameters
    ----------
    files : sequence of SourceFile
        All files of the submission.
    names : collection of str
        What the interface asks for at a program's top level.
    read : callable
        Gives the document of a path.
    """
    documents = [read(path) for path in _worth_reading(files, names)]
    offers = _offers(documents, names, Files([file.path for file in files]))
    candidates = [_candidate(document, frozenset(names), offers[document.path]) for document in documents]
    programs = [one for one in candidates if one.document.tree.body or one.document.error]
    real = [one for one in programs if not one.path.lower().endswith((".txt", ".html")) or one.names]
    if not real:
        return None
    best = max(one.merit for one in real)
    tied = [one for one in real if one.merit == best]
    plausible = max(one.plausibility for one in tied)
    tied = sorted((one for one in tied if one.plausibility == plausible), key=lambda one: one.order)
    return Choice(tied[0].document, tuple(_remarks(tied, real, names)))


def _worth_reading(files: Sequence[SourceFile], names: Collection[str]) -> list[str]:
    """Return the candidates' paths, those that mention a wanted name first, up to a total size."""
    pattern = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in names).encode() or rb"$")
    ranked = sorted(
        files, key=lambda file: (not _mentions(pattern, file.data), file.path.count("/"), file.path)
    )
    chosen: list[str] = []
    total = 0
    for file in ranked:
        total += len(file.data)
        if total <= _LARGEST_PARSED or not chosen or file.path.lower().endswith(".ipynb"):
            chosen.append(file.path)
    return chosen


def _mentions(pattern: re.Pattern[bytes], data: bytes) -> bool:
    return bool(pattern.search(data)) or b"\x00" in data[:100]  # UTF-16 is looked at, not searched


def _candidate(document: Document, wanted: frozenset[str], offers: set[str]) -> _Candidate:
    if document.error:
        # The text of a broken program still shows whether it was meant as the main file.
        said = frozenset(_DEFINED.findall(document.original))
        return _Candidate(document, said & wanted, said & wanted)
    return _Candidate(document, _defined(document) & wanted, wanted & offers)


def _defined(document: Document) -> frozenset[str]:
    own = (one for one in document.tree.body if not isinstance(one, ast.Import | ast.ImportFrom))
    return frozenset(name for statement in own for name in bound(statement))


def _offers(documents: Sequence[Document], wanted: Collection[str], files: Files) -> dict[str, set[str]]:
    """Return the wanted names that each document has at top level, those imported from the others too."""
    defined = {document.path: _defined(document) for document in documents}
    imports = {document.path: _Imports(document, files) for document in documents}
    # From each wanted name to where it may come from, then back from where it is defined.
    targets: dict[_Name, list[_Name]] = {}
    waiting = [(path, name) for path in defined for name in wanted]
    asked = set(waiting)
    links = 0
    while waiting:
        path, name = one = waiting.pop()
        for source in imports[path].sources(name):
            links += 1
            if links > _MOST_LINKS:
                waiting.clear()
                break
            if source[0] in defined:
                targets.setdefault(source, []).append(one)
                if source not in asked:
                    asked.add(source)
                    waiting.append(source)
    waiting = [(path, name) for path, name in asked if name in defined[path]]
    there = set(waiting)
    while waiting:
        new = [one for one in targets.get(waiting.pop(), ()) if one not in there]
        there.update(new)
        waiting += new
    return {path: {name for name in wanted if (path, name) in there} for path in defined}


_Name = tuple[str, str]
"""A file's path and a name at its top level."""


class _Imports:
    """What a document imports from other files of the submission."""

    def __init__(self, document: Document, files: Files) -> None:
        self._named: dict[str, dict[_Name, None]] = {}
        self._stars: dict[str, None] = {}
        for here, there, source in exported(document, files):
            if here == "*":
                self._stars[source] = None
            else:
                self._named.setdefault(here, {})[source, there] = None

    def sources(self, name: str) -> Iterator[_Name]:
        """Yield where a name may come from."""
        yield from self._named.get(name, ())
        yield from ((source, name) for source in self._stars)


def _remarks(tied: Sequence[_Candidate], real: Sequence[_Candidate], names: Collection[str]) -> list[str]:
    chosen = tied[0]
    if chosen.document.error:
        return []
    if not chosen.names and names:
        found = sorted({name for one in real for name in _definitions(one.document)})
        has = f"; found instead: {', '.join(name[:_LONGEST_NAME] for name in found[:12])}" if found else ""
        among = f" among {len(real)} files" if len(real) > 1 else ""
        return [f"none of {', '.join(sorted(names))} is defined{among}; the grader uses {chosen.path}{has}"]
    others = [one for one in tied[1:] if one.document.text != chosen.document.text]
    if not others:
        return []
    listed = ", ".join(one.path for one in others[:_MOST_LISTED])
    more = f" and {len(others) - _MOST_LISTED} more" if len(others) > _MOST_LISTED else ""
    what = ", ".join(sorted(chosen.names)[:4])
    return [f"the grader uses {chosen.path}, although {what} can also be found in {listed}{more}"]


def _definitions(document: Document) -> list[str]:
    return [one.name for one in document.tree.body if isinstance(one, Definition)]
