"""The program of a submission, as it is sent to the untrusted side, and what is known of its text.

Trusted side; pure. It is made by `grader.intake.source.reading`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.intake.source.bindings import bound
from grader.intake.source.document import place
from grader.intake.source.listing import Listing, function_at
from grader.intake.source.outside_imports import OutsideImport
from grader.intake.source.parse import tree_of
from grader.intake.source.strip_script import first_line, kind_of
from grader.results import Place
from grader.visible_text import visible


@dataclass(frozen=True, slots=True)
class Program:
    """A student's program, ready to be executed elsewhere.

    Attributes
    ----------
    main : str
        Path of the main file, a key of ``modules``, from the folder above all that is imported.
    modules : Mapping of str to str
        Source text by path: the main files and the helper modules that they import, with the lines of the
        files of the submission. Module ``a.b`` is ``a/b.py`` from a main file's folder or one above it.
    files : tuple of str
        The files that were used, by their paths in the submission; the main file first.
    warnings : tuple of str
        What was skipped, repaired or ambiguous.
    error : str
        Why nothing can be run; empty where something can.
    listings : Mapping of str to Listing
        The files as the student wrote them, by the same paths as ``modules`` and with the same lines.
    graded : tuple of str
        The graded names that are taken from the main file.
    others : Mapping of str to tuple of str
        Where several main files are taken together: the paths of those after the first, and the graded names
        that are taken from each.
    absent : Mapping of str to str
        For names that are not set since a statement is not run: where that is and why.
    imports : Mapping of str to OutsideImport
        By their names, the modules that graded code imports and that are not in the submission.
    """

    main: str
    modules: Mapping[str, str]
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    listings: Mapping[str, Listing] = field(default_factory=dict)
    graded: tuple[str, ...] = ()
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    imports: Mapping[str, OutsideImport] = field(default_factory=dict)

    @property
    def left_behind(self) -> list[str]:
        """The modules that must be the student's own files, but are not in the submission."""
        return sorted(name for name, one in self.imports.items() if one.is_file)

    def failed(self, path: str, line: int, why: str) -> tuple[str, Mapping[str, str]]:
        """Return a warning of a top-level statement that raised, and a sentence for each name it was to set.

        Both are empty where no statement begins in that line.
        """
        body = tree_of(self.modules.get(path, "")).body
        statements = [one for one in body if first_line(one) == line]
        if not statements:
            return "", {}
        listing = self._listing(path)
        where = place(line, statements[0].end_lineno, listing.cell_lines)
        what = ", ".join(dict.fromkeys(map(kind_of, statements)))
        names = {name for one in statements for name in bound(one)}
        warning = f"{listing.file}: not run, {where}: {what} failed: {why}"
        at = f"{listing.file}, {place(line, None, listing.cell_lines)}"
        return visible(warning), {
            name: visible(f"{name} is set in {at}, which failed: {why}") for name in names
        }

    def place(self, path: str, line: int) -> Place | None:
        """Return where a line of a module is in the student's files; None where there is no such line."""
        return self._listing(path).place(line, function_at(self.modules.get(path, ""), line))

    def _listing(self, path: str) -> Listing:
        return self.listings.get(path) or Listing(path, self.modules.get(path, ""))

    def in_cells(self, printed: str) -> str:
        """Return printed text that can be shown, and names a notebook's cells instead of our lines."""
        printed = visible(printed)
        notebooks = (path for path in (self.main, *self.others) if self._listing(path).cell_lines)
        name = "|".join(map(re.escape, notebooks))
        if not name:
            return printed
        return re.sub(
            rf'File "({name})", line (\d{{1,9}})\b|(?<![\w./-])({name}):(\d{{1,9}}):', self._in_cell, printed
        )

    def _in_cell(self, found: re.Match[str]) -> str:
        shown_path, shown, warned_path, warned = found.groups()
        place = self.place(shown_path or warned_path, int(shown or warned))
        if place is None:
            return found.group()
        return f'File "{place.file}", code cell {place.cell}, line {place.line}' if shown else f"{place}:"
