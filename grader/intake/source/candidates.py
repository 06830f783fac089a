"""Which files of a submission may hold the answer, and which of the graded names each of them has.

Trusted side; pure.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from grader.intake.source.definitions import definitions, unwritten, values
from grader.intake.source.document import Document
from grader.intake.source.helper_modules import Files, exported
from grader.intake.submissions import SourceFile

_DEFINED = re.compile(r"^(?:class|(?:async )?def)[ \t]++(\w++)", re.MULTILINE)
_LARGEST_PARSED = 4 << 20
# From a name to where it is imported from; sixty files that import everything from each other have 54,000.
_MOST_LINKS = 300_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may hold the answer, or a part of it.

    Attributes
    ----------
    document : Document
    names : frozenset of str
        The graded names that it has at top level, those imported from other files of the submission too.
    direct : frozenset of str
        Those that it defines itself.
    unwritten : frozenset of str
        Those of `names` that are as in a template: they raise NotImplementedError.
    others : frozenset of str
        What else it defines that another file may use.
    """

    document: Document
    names: frozenset[str]
    direct: frozenset[str]
    unwritten: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        """The file's path in the submission."""
        return self.document.path

    @property
    def written(self) -> frozenset[str]:
        """The graded names that it has and that somebody has worked on."""
        return self.names - self.unwritten


def find_candidates(
    files: Sequence[SourceFile], names: Collection[str], read: Callable[[str], Document]
) -> list[Candidate]:
    """Return the files that may hold an answer.

    Parameters
    ----------
    files : sequence of SourceFile
        All files of the submission.
    names : collection of str
        What is graded.
    read : callable
        Gives the document of a path.
    """
    documents = [read(path) for path in _worth_reading(files, names)]
    offers = _offers(documents, names, Files([file.path for file in files]))
    found = [_candidate(document, frozenset(names), offers[document.path]) for document in documents]
    programs = [one for one in found if one.document.tree.body or one.document.error]
    return [one for one in programs if not one.path.lower().endswith((".txt", ".html")) or one.names]


def _candidate(document: Document, wanted: frozenset[str], offers: set[str]) -> Candidate:
    if document.error:
        # The text of a broken program still shows whether it was meant as the main file.
        said = wanted & set(_DEFINED.findall(document.original))
        return Candidate(document, said, said)
    found = definitions(document.tree)
    own = {name: found[name] for name in wanted & found.keys()}
    others = values(document.tree) - wanted
    return Candidate(document, wanted & offers, frozenset(own), frozenset(unwritten(own)), frozenset(others))


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


def _offers(documents: Sequence[Document], wanted: Collection[str], files: Files) -> dict[str, set[str]]:
    """Return the wanted names that each document has at top level, those imported from the others too."""
    defined = {document.path: definitions(document.tree).keys() for document in documents}
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
