"""Moodle's offline grading worksheet, as rows that later steps join and fill.

Trusted side; reads one CSV file. Shapes observed on Moodle 4.5: columns come and go with blind marking,
teams, scales, workflow and site settings, so everything but Identifier and Status is optional.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.errors import SubmissionError
from grader.visible_text import visible_name

_LARGEST = 64 << 20
_LARGEST_CELL = 4 << 20  # the Online text column can hold a whole program
_MOST_ROWS, _MOST_COLUMNS = 50_000, 200
_LONGEST_TEXT = 1_000  # of a cell that is no program and no comment
_NUMBER = re.compile(r"(?:^|\D)([0-9]{1,12})$")


@dataclass(frozen=True, slots=True)
class Row:
    """One participant. Texts are as in the file, empty where the column is not there.

    ``submitted`` and ``graded`` are the two "Last modified" cells; ``scale`` replaces ``maximum`` in an
    assignment that is graded by words.
    """

    participant: int
    identifier: str
    name: str
    email: str
    id_number: str
    group: str
    status: str
    grade: str
    maximum: str
    scale: str
    submitted: str
    graded: str
    online_text: str
    feedback: str


@dataclass(frozen=True, slots=True)
class Worksheet:
    """All rows of a worksheet and the columns it has."""

    rows: tuple[Row, ...]
    columns: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def is_team(self) -> bool:
        """Whether groups hand in together."""
        return "Group" in self.columns


def read_worksheet(file: Path) -> Worksheet:
    """Read a worksheet.

    Parameters
    ----------
    file : Path
        CSV as Moodle wrote it, or saved again by a spreadsheet (``;`` or tab, UTF-16, cp1252).

    Returns
    -------
    Worksheet
        Without rows where Moodle wrote the header only, as it does for a marker with nobody allocated.

    Raises
    ------
    SubmissionError
        If the file cannot be read, has no Identifier or Status column, or a row that cannot be understood.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except OSError as problem:
        raise SubmissionError(f"{file}: the worksheet cannot be read: {problem.strerror}") from None
    if len(data) > _LARGEST:
        raise SubmissionError(f"{file}: the worksheet has more than {_LARGEST >> 20} MiB")
    return parse_worksheet(_decode(data), str(file))


def parse_worksheet(text: str, name: str = "worksheet") -> Worksheet:
    """Return the rows of a worksheet's text; ``name`` stands in messages."""
    header, _, _ = text.partition("\n")
    delimiter = max(",;\t", key=header.count)
    lines = _cells(text, delimiter, name)
    columns = tuple(column.strip() for column in next(lines, (0, [""]))[1])
    for needed in ("Identifier", "Status"):
        if needed not in columns:
            seen = ", ".join(repr(column[:40]) for column in columns[:15])
            raise SubmissionError(
                f"{name}: not a grading worksheet, no column {needed}; its columns are {seen}"
            )
    rows: dict[int, Row] = {}
    warnings = []
    if len(columns) > _MOST_COLUMNS:
        raise SubmissionError(f"{name}: {len(columns)} columns; the limit is {_MOST_COLUMNS}")
    for number, (line, cells) in enumerate(lines):
        if number >= _MOST_ROWS:
            raise SubmissionError(f"{name}: more than {_MOST_ROWS} rows")
        row = _row(cells, columns, f"{name}, line {line}")
        if row.participant in rows:
            warnings.append(f"{name}, line {line}: {row.identifier} appears twice; the last row counts")
        rows[row.participant] = row
    if not rows:
        warnings.append(
            f"{name}: the worksheet lists no students (Moodle writes such a file for a marker who has "
            "no allocated students)"
        )
    return Worksheet(tuple(rows.values()), columns, tuple(warnings))


def _cells(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    # The limit belongs to the whole process, so it is put back.
    before = csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as problem:
        raise SubmissionError(f"{name}, line {reader.line_num}: not valid CSV: {problem}") from None
    finally:
        csv.field_size_limit(before)


def _row(cells: list[str], columns: tuple[str, ...], where: str) -> Row:
    if len(cells) != len(columns):
        raise SubmissionError(f"{where}: {len(cells)} fields, but the header has {len(columns)}")
    cell = dict(zip(columns, cells, strict=True))

    def text(column: str) -> str:
        return visible_name(cell.get(column, "").strip()[:_LONGEST_TEXT])

    identifier = text("Identifier")
    number = _NUMBER.search(identifier)
    if number is None:
        raise SubmissionError(
            f"{where}: the Identifier {identifier[:60]!r} does not end in a participant's number"
        )
    return Row(
        participant=int(number[1]),
        identifier=identifier,
        name=text("Full name"),
        email=text("Email address"),
        id_number=text("ID number"),
        group=text("Group"),
        status=text("Status"),
        grade=text("Grade"),
        maximum=text("Maximum grade"),
        scale=text("Scale"),
        submitted=text("Last modified (submission)"),
        graded=text("Last modified (grade)"),
        online_text=cell.get("Online text", ""),
        feedback=cell.get("Feedback comments", ""),
    )


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
