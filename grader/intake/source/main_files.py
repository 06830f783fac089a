"""Choose the main files of a submission: those that define the graded names, whatever they are called.

Trusted side; pure. One file that has every graded name is the only main file. Where no file has all, several
are taken together, each name from the first of them in one order (`_ORDER`), which is the rule between
different answers as well. It is described in docs/submissions.md.
"""

import ast
import builtins
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.intake.source.bindings import Definition, bound
from grader.intake.source.candidates import Candidate, find_candidates
from grader.intake.source.definitions import definitions, meaning
from grader.intake.source.document import Document, needs
from grader.intake.submissions import SourceFile

_TEST = re.compile(r"(?:^|_)tests?(?:_|\.|$)", re.IGNORECASE)
_OLD = re.compile(r"copy|backup|(?<![a-z])old(?![a-z])|checkpoint|\.bak|~$", re.IGNORECASE)
_NUMBERED = re.compile(r"\(\d+\)")
_TEXTS = (".txt", ".html")
_MOST_LISTED, _LONGEST_NAME = 6, 100
_THERE = frozenset(dir(builtins))

Names = Collection[str]


@dataclass(frozen=True, slots=True)
class MainFile:
    """A file from which graded names are taken, or what they use.

    Attributes
    ----------
    document : Document
    names : tuple of str
        The graded names that are taken from it.
    needed : frozenset of str
        All names that these use.
    problem : str
        Why that cannot be told and nothing of it can be run; or empty.
    asked : frozenset of str
        The graded names for which it was chosen among other files.
    """

    document: Document
    names: tuple[str, ...] = ()
    needed: frozenset[str] = frozenset()
    problem: str = ""
    asked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Choice:
    """The main files, the first one first, and how they were chosen.

    Attributes
    ----------
    mains : tuple of MainFile
    warnings : tuple of str
    broken : Mapping of str to str
        The graded names that only a file defines that cannot be read, and that file's error.
    candidates : tuple of Candidate
        The files from which they were chosen, without those that cannot be read.
    """

    mains: tuple[MainFile, ...]
    warnings: tuple[str, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()

    def different_answers(self, helpers: Mapping[str, Collection[str]]) -> Iterator[str]:
        """Yield a warning for each file that defines graded names otherwise than the main file does.

        Parameters
        ----------
        helpers : Mapping of str to collection of str
            The files that each main file imports: what it defines anew or takes from them is its own choice.
        """
        by_path = {one.path: one for one in self.candidates}
        found = {one.path: definitions(one.document.tree) for one in self.candidates}
        for main in self.mains:
            mine = by_path.get(main.document.path)
            for other in self.candidates if mine else ():
                shared = mine.direct.intersection(main.names, other.written & other.direct) if mine else ()
                if other is mine or not shared or other.path in helpers[main.document.path]:
                    continue
                differing = _differing(shared, main.needed, found[main.document.path], found[other.path])
                if differing and mine:
                    listed = ", ".join(name[:_LONGEST_NAME] for name in differing[:_MOST_LISTED])
                    yield (
                        f"{mine.path} and {other.path} define {listed} differently; "
                        f"the grader uses {mine.path}: {_reason(mine, other, main.asked)}"
                    )


def _is_old(one: Candidate, _: Names) -> bool:
    return bool(_OLD.search(one.path))


def _fewer_names(one: Candidate, names: Names) -> int:
    return -len(one.written.intersection(names))


def _fewer_definitions(one: Candidate, names: Names) -> int:
    return -len(one.direct.intersection(names))


def _is_test(one: Candidate, _: Names) -> bool:
    return bool(_TEST.search(one.path.rsplit("/", 1)[-1]))


def _is_numbered(one: Candidate, _: Names) -> bool:
    return bool(_NUMBERED.search(one.path))


def _depth(one: Candidate, _: Names) -> int:
    return one.path.count("/")


def _is_text(one: Candidate, _: Names) -> bool:
    return one.path.lower().endswith(_TEXTS)


def _is_notebook(one: Candidate, _: Names) -> bool:
    return one.path.lower().endswith(".ipynb")


def _name(one: Candidate, _: Names) -> str:
    return one.path


_ORDER: Mapping[Callable[[Candidate, Names], object], str] = {
    _is_old: "a file whose name marks it as a copy or as old comes last",
    _fewer_names: "the file with most of the graded names comes first",
    _fewer_definitions: "a file that defines the names comes before one that imports them",
    _is_test: "a file whose name marks it as a test comes last",
    _is_numbered: "a file with a number in brackets in its name comes after one without",
    _depth: "the file nearest to the top folder comes first",
    _is_text: "a program comes before a text",
    _is_notebook: "a .py file comes before a notebook",
    _name: "the first name in the alphabet comes first",
}
"""What decides between files, in this order, and how it is said."""


def choose(files: Sequence[SourceFile], names: Names, read: Callable[[str], Document]) -> Choice | None:
    """Return the main files among some files, or None where no file is a candidate.

    Parameters
    ----------
    files : sequence of SourceFile
        All files of the submission.
    names : collection of str
        What is graded.
    read : callable
        Gives the document of a path.
    """
    candidates = find_candidates(files, names, read)
    if not candidates:
        return None
    usable = [one for one in candidates if not one.document.error]
    if not any(one.names for one in usable):
        return _without_names(candidates, usable, names)
    asked = _taken(usable, names)
    mains, warnings = _with_helpers(asked, {one.path: one for one in usable})
    there = {name for one in asked for name in one.names}
    unreadable = [one for one in candidates if one.document.error and one.names]
    broken = {name: one.document.error for one in unreadable for name in one.names - there}
    return Choice(mains, (*(one.document.error for one in unreadable), *warnings), broken, tuple(usable))


def _first(candidates: Collection[Candidate], names: Names) -> Candidate:
    return min(candidates, key=lambda one: [rule(one, names) for rule in _ORDER])


def _without_names(candidates: Sequence[Candidate], usable: Sequence[Candidate], names: Names) -> Choice:
    """Choose where no file that can be read has a graded name: one that was meant to, or any."""
    meant = [one for one in candidates if one.names]
    chosen = _first(meant or usable or candidates, names)
    if chosen.document.error or not names:
        return Choice((_main_file(chosen.document),))
    bodies = [one.document.tree.body for one in candidates]
    found = sorted({node.name for body in bodies for node in body if isinstance(node, Definition)})
    has = f"; found instead: {', '.join(name[:_LONGEST_NAME] for name in found[:12])}" if found else ""
    among = f" among {len(candidates)} files" if len(candidates) > 1 else ""
    said = f"none of {', '.join(sorted(names))} is defined{among}; the grader uses {chosen.path}{has}"
    return Choice((_main_file(chosen.document),), (said,))


def _taken(usable: Sequence[Candidate], names: Names) -> dict[Candidate, frozenset[str]]:
    """Return the files that have the names, the first one first, with the names that were still left then."""
    chosen: dict[Candidate, frozenset[str]] = {}
    for names_of in _WRITTEN_FIRST:
        left = frozenset(names).difference(*map(names_of, chosen))
        while more := [one for one in usable if left & names_of(one)]:
            first = _first(more, left)
            chosen.setdefault(first, left)
            left -= names_of(first)
    return chosen


_WRITTEN_FIRST: Sequence[Callable[[Candidate], frozenset[str]]] = (
    lambda one: one.written,
    lambda one: one.names,
)
"""What somebody has worked on is taken before what is still as in a template."""


def _with_helpers(
    asked: Mapping[Candidate, frozenset[str]], usable: Mapping[str, Candidate]
) -> tuple[tuple[MainFile, ...], list[str]]:
    """Return the main files with those that define what they use and do not import, and warnings."""
    owners = _owners(usable.values())
    names = _shared_out(asked)
    warnings: list[str] = []
    mains: dict[str, MainFile] = {}
    waiting = dict.fromkeys(one.path for one in asked)
    while waiting:
        path = next(iter(waiting))
        del waiting[path]
        one, own = usable[path], names.get(path, ())
        mains[path] = _main_file(one.document, own, asked.get(one, ()))
        for other, lacking in _lacking(one, mains[path].needed, owners).items():
            listed = ", ".join(name[:_LONGEST_NAME] for name in sorted(lacking)[:_MOST_LISTED])
            warnings.append(f"{path} uses {listed} of {other} without importing it; both are taken together")
            if other not in mains:
                waiting[other] = None
    return tuple(mains.values()), warnings


def _shared_out(taken: Collection[Candidate]) -> dict[str, tuple[str, ...]]:
    """Return which of the graded names are taken from each file."""
    left = {name for one in taken for name in one.names}
    shared: dict[str, set[str]] = {one.path: set() for one in taken}
    for names_of in _WRITTEN_FIRST:
        for one in taken:
            shared[one.path] |= names_of(one) & left
            left -= names_of(one)
    return {path: tuple(sorted(names)) for path, names in shared.items()}


def _owners(usable: Collection[Candidate]) -> dict[str, str]:
    """Return the first file that defines each name that is not graded."""
    owners: dict[str, str] = {}
    for one in sorted(usable, key=lambda one: [rule(one, ()) for rule in _ORDER]):
        for name in one.others:
            owners.setdefault(name, one.path)
    return owners


def _lacking(one: Candidate, needed: Names, owners: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names that a file uses and has not got, by the file that has them."""
    body = one.document.tree.body
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in body):
        return {}  # a star may bring any name
    has = {name for statement in body for name in bound(statement)} | _THERE
    found: dict[str, list[str]] = {}
    for name in needed:
        if name not in has and name in owners:
            found.setdefault(owners[name], []).append(name)
    return found


def _main_file(document: Document, names: tuple[str, ...] = (), asked: Names = ()) -> MainFile:
    needed, problem = needs(document, names)
    return MainFile(document, names, needed, problem, frozenset(asked))


_Definitions = Mapping[str, list[ast.stmt]]


def _differing(shared: Names, needed: frozenset[str], mine: _Definitions, theirs: _Definitions) -> list[str]:
    """Return which of the shared names differ, or else which names that they use."""
    for names in (shared, mine.keys() & theirs.keys() & needed):
        differing = [name for name in sorted(names) if meaning(mine[name]) != meaning(theirs[name])]
        if differing:
            return differing
    return []


def _reason(chosen: Candidate, other: Candidate, asked: Names) -> str:
    """Return the rule by which one file came before another."""
    rules = _ORDER.items()
    return next(said for rule, said in rules if rule(chosen, asked) != rule(other, asked))
