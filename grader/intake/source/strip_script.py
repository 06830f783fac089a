"""A program's definitions without what else it does when it is run: no training, reading or plotting.

Trusted side; pure. The text keeps its lines: what is skipped becomes blank, so every line number in a
message is the student's own.
"""

import ast
import builtins
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from grader.intake.source.bindings import AssignmentStatement, Definition, bound, needed_now
from grader.intake.source.safe_expressions import is_cheap, is_plain, name_of_call

ONLY_DEFINITIONS = "the grader runs only imports, definitions and simple assignments"
_LONGEST_NAME = 100
_LONGEST_MODULE = 200
_ALWAYS_THERE = {*dir(builtins), "__name__", "__file__", "__doc__", "__package__", "__spec__"}


@dataclass(frozen=True, slots=True)
class Skipped:
    """A run of neighbouring statements that are not executed.

    Attributes
    ----------
    first, last : int
        Its lines.
    what : str
        What the statements are.
    names : Mapping of str to (int, str)
        The names that they would have bound: the line, and why it is not executed.
    """

    first: int
    last: int
    what: str
    names: Mapping[str, tuple[int, str]] = field(default_factory=dict, compare=False, repr=False)


@dataclass(slots=True)
class _Keeper:
    """Walks the statements in order and knows what exists so far.

    ``known`` has what is imported, by its full name, and what the file itself defines, as ``""``.
    """

    needed: frozenset[str]
    known: dict[str, str] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    star: bool = False
    journal: list[tuple[str, str | None]] = field(default_factory=list)

    def keeps(self, statement: ast.stmt) -> bool:
        """Tell whether a statement is kept, and if so note what it binds."""
        before = len(self.journal)
        if not self._notes(statement):
            self._forget(before)
            self.skipped |= bound(statement)
            return False
        return True

    def _notes(self, statement: ast.stmt) -> bool:
        """Note what a statement binds if it may run; what is noted by half of a block is undone with it."""
        if not self._may_run(statement):
            return False
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self._note_import(statement)
        elif not isinstance(statement, ast.If | ast.Try):
            for name in bound(statement):
                self._note(name, "")
        return True

    def missing(self, statement: ast.stmt) -> set[str]:
        """Return the names that a statement needs when it runs and that are missing."""
        missing = {name for name in needed_now(statement) if name not in self.known} - _ALWAYS_THERE
        return missing & self.skipped if self.star else missing

    def _note(self, name: str, what: str) -> None:
        self.journal.append((name, self.known.get(name)))
        self.known[name] = what

    def _forget(self, before: int) -> None:
        """Undo what the inner statements of a block noted, since the block as a whole is skipped."""
        while len(self.journal) > before:
            name, what = self.journal.pop()
            if what is None:
                del self.known[name]
            else:
                self.known[name] = what

    def _may_run(self, statement: ast.stmt) -> bool:
        if isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass):
            return True
        if isinstance(statement, ast.Expr):
            return isinstance(statement.value, ast.Constant)
        if isinstance(statement, ast.If):
            return self._keeps_if(statement)
        if isinstance(statement, ast.Try):
            return self._keeps_try(statement)
        if self.missing(statement):
            return False
        if isinstance(statement, Definition):
            return True
        return isinstance(statement, AssignmentStatement) and self._keeps_assignment(statement)

    def _keeps_assignment(self, statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> bool:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if not all(self._is_own(target) for target in targets):
            return False
        if statement.value is None or is_plain(statement.value, self.known):
            return True
        wanted = bound(statement) or {name for target in targets for name in needed_now(target)}
        return bool(wanted & self.needed) and is_cheap(statement.value, self.known)

    def _is_own(self, target: ast.expr) -> bool:
        """Tell whether setting a target changes nothing but the file's own values."""
        if isinstance(target, ast.Tuple | ast.List):
            return all(map(self._is_own, target.elts))
        while isinstance(target, ast.Attribute | ast.Subscript | ast.Starred):
            target = target.value
            if isinstance(target, ast.Name) and self.known.get(target.id) != "":
                return False
        return isinstance(target, ast.Name)

    def _keeps_if(self, statement: ast.If) -> bool:
        # A loop, since an `elif` is an `if` inside the `else` of the one before it, however many there are.
        while True:
            names = needed_now(statement.test)
            missing = {name for name in names if name not in self.known} - _ALWAYS_THERE
            if "__name__" in names or missing or not is_cheap(statement.test, self.known):
                return False
            if not self._keeps_all(statement.body):
                return False
            match statement.orelse:
                case [ast.If() as statement]:
                    pass
                case rest:
                    return self._keeps_all(rest)

    def _keeps_try(self, statement: ast.Try) -> bool:
        if not self._keeps_all((*statement.body, *statement.orelse, *statement.finalbody)):
            return False
        # A handler may do more: it runs only where an import fails.
        return all(
            isinstance(inner, ast.Expr | ast.Raise) or self._notes(inner)
            for handler in statement.handlers
            for inner in handler.body
        )

    def _keeps_all(self, statements: Sequence[ast.stmt]) -> bool:
        return all(map(self._notes, statements))

    def _note_import(self, statement: ast.Import | ast.ImportFrom) -> None:
        for alias in statement.names:
            name = alias.asname or alias.name.partition(".")[0]
            if alias.name == "*":
                self.star = True
            elif isinstance(statement, ast.ImportFrom):
                # Shortened, since each name of one import would keep a copy of it.
                self._note(name, f"{(statement.module or '')[:_LONGEST_MODULE]}.{alias.name}")
            else:
                self._note(name, alias.name if alias.asname else name)


def only_definitions(
    text: str, tree: ast.Module, needed: Collection[str], given: Collection[str] = ()
) -> tuple[str, tuple[Skipped, ...]]:
    r"""Return a program in which only imports, definitions and cheap assignments are left.

    Parameters
    ----------
    text, tree
        The program and its syntax tree.
    needed : collection of str
        What the code that will be called uses (`grader.intake.source.scopes.needed_by`). Such values are kept
        even if making them takes a cheap call.
    given : collection of str
        Names that other files of the submission define for this one.

    Returns
    -------
    text : str
        The program with as many lines as before.
    skipped : tuple of Skipped
        The statements that were left out.

    Examples
    --------
    >>> program = "import numpy as np\nlr = 0.1\nfor _ in range(9):\n    train()\n"
    >>> only_definitions(program, ast.parse(program), set())
    ('import numpy as np\nlr = 0.1\n\n\n', (Skipped(first=3, last=4, what='a for loop'),))
    """
    keeper = _Keeper(frozenset(needed), known=dict.fromkeys(given, ""))
    marked = []
    for statement in tree.body:
        missing = keeper.missing(statement) if isinstance(statement, Definition) else set()
        kept = keeper.keeps(statement)
        what, why = "", ""
        if not kept:
            what = kind_of(statement)
            why = f"it needs {_listed(missing)}" if missing else ONLY_DEFINITIONS
            if missing:
                what += f", which needs {_listed(missing)} when it is defined"
            if bound(statement) & keeper.needed:
                what += " (graded code uses it)"
        marked.append(_Marked(statement, kept, what, why))
    lines = text.split("\n")
    for group in _sharing_lines(marked):
        _blank(lines, group)
    return "\n".join(lines), tuple(_runs(marked))


def first_line(statement: ast.stmt) -> int:
    """Return the line at which a statement begins, with its decorators."""
    decorators = statement.decorator_list if isinstance(statement, Definition) else []
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


class _Marked(NamedTuple):
    """A top-level statement, whether it is kept, and what it is and why it is skipped if it is not."""

    statement: ast.stmt
    kept: bool
    what: str
    why: str


def _sharing_lines(marked: Sequence[_Marked]) -> Iterator[list[_Marked]]:
    """Yield statements one by one, but those that share a line (``a = 1; b()``) together."""
    group: list[_Marked] = []
    for one in marked:
        if group and first_line(one.statement) > (group[-1].statement.end_lineno or 0):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _blank(lines: list[str], group: Sequence[_Marked]) -> None:
    """Leave the kept statements of a group alone in its lines, each where it stood."""
    if all(one.kept for one in group):
        return
    first, last = first_line(group[0].statement), group[-1].statement.end_lineno or 0
    encoded = [line.encode() for line in lines[first - 1 : last]]  # columns count bytes of UTF-8
    pieces: list[list[bytes]] = [[] for _ in encoded]
    for statement, kept, *_ in group:
        if kept:
            begin, end = first_line(statement) - first, (statement.end_lineno or 0) - first
            for number in range(begin, end + 1):
                start = statement.col_offset if number == begin else 0
                stop = statement.end_col_offset if number == end else None
                pieces[number].append(encoded[number][start:stop])
    lines[first - 1 : last] = [b"; ".join(row).decode() for row in pieces]


def _runs(marked: Sequence[_Marked]) -> Iterator[Skipped]:
    """Yield skipped statements, neighbours together."""
    run: list[_Marked] = []
    for one in [*marked, None]:
        if one is not None and not one.kept:
            run.append(one)
        elif run:
            whats = list(dict.fromkeys(skipped.what for skipped in run))
            more = [f"{len(whats) - 4} more kinds"] if len(whats) > 4 else []
            names = {
                name: (first_line(one.statement), one.why)
                for one in reversed(run)
                for name in bound(one.statement)
            }
            first, last = first_line(run[0].statement), run[-1].statement.end_lineno or 0
            yield Skipped(first, last, ", ".join(whats[:4] + more), names)
            run = []


def _listed(names: Collection[str]) -> str:
    return ", ".join(name[:_LONGEST_NAME] for name in sorted(names)[:3])


def kind_of(statement: ast.stmt) -> str:
    """Return what a statement is, in words that its author knows it by."""
    if isinstance(statement, Definition):
        kind = "class" if isinstance(statement, ast.ClassDef) else "function"
        return f"the {kind} {_listed([statement.name])}"
    if isinstance(statement, ast.If) and "__name__" in needed_now(statement.test):
        return "the `if __name__` block"
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return f"a call of {name_of_call(statement.value)}"
    if isinstance(statement, AssignmentStatement):
        return f"the assignment to {_listed(bound(statement)) or 'a value'}"
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return f"the import of {_listed(bound(statement))}"
    kinds = {
        ast.For: "a for loop",
        ast.While: "a while loop",
        ast.With: "a with block",
        ast.Try: "a try block",
    }
    other = {ast.If: "an if block", ast.Expr: "an expression"}
    return {**kinds, **other}.get(type(statement), f"a statement ({type(statement).__name__.lower()})")
