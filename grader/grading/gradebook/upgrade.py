"""Bring a gradebook of an older format to the present one, so that an older results folder can be used.

Trusted side. A copy of the file as it was stays beside it.
"""

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

from grader.errors import GradebookError

OLD_FORMATS = (1, 2, 3)

_ITEMS = """
ALTER TABLE items RENAME TO old_items;
{create_items}
INSERT INTO items
    SELECT result_id, position, criterion, case_id, outcome, message, seconds, hidden,
           coalesce(json_extract(detail, '$.about'), ''), json_extract(detail, '$.credit'), '',
           json_extract(detail, '$.own_forward'), '[]', '', '[]'
    FROM old_items;
DROP TABLE old_items;
DROP TABLE calibrations;
ALTER TABLE results ADD COLUMN traceback TEXT NOT NULL DEFAULT '';
"""

_EXAMPLES = "ALTER TABLE results ADD COLUMN examples TEXT NOT NULL DEFAULT '[]';"

_ITEM_PENALTIES = "ALTER TABLE items ADD COLUMN penalties TEXT NOT NULL DEFAULT '[]';"

_PENALTIES_AND_CONDITIONS = """
ALTER TABLE results ADD COLUMN penalties TEXT NOT NULL DEFAULT '[]';
ALTER TABLE results ADD COLUMN conditions TEXT NOT NULL DEFAULT '[]';
"""


def upgrade(connection: sqlite3.Connection, path: Path, old: int, create_items: str, version: int) -> None:
    """Convert every table; nothing is changed if that fails.

    Parameters
    ----------
    connection : sqlite3.Connection
        To a gradebook of one of `OLD_FORMATS`.
    path : Path
        Its file; the copy is called ``gradebook-format-1.sqlite``, with the old format's number.
    old : int
        Its format.
    create_items : str
        The statement that makes the present table of items.
    version : int
        The present format.
    """
    with contextlib.closing(
        sqlite3.connect(path.with_name(f"{path.stem}-format-{old}{path.suffix}"))
    ) as copy:
        connection.backup(copy)
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        items = _ITEMS.format(create_items=create_items) if old == 1 else _ITEM_PENALTIES
        examples = _EXAMPLES if old < 3 else ""
        connection.executescript(f"BEGIN IMMEDIATE;{items}{examples}{_PENALTIES_AND_CONDITIONS}")
        if old == 1:
            _convert_details(connection)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()
    except BaseException as error:
        connection.rollback()
        if isinstance(error, ValueError | KeyError | TypeError):
            raise GradebookError(f"{path} cannot be brought to format {version}: {error!r}") from error
        raise
    connection.execute("PRAGMA foreign_keys = ON")


def _convert_details(connection: sqlite3.Connection) -> None:
    """Bring speeds and diagnoses of format 1 to their present fields."""
    rows = connection.execute("SELECT id, speed, diagnoses FROM results").fetchall()
    for number, speed, diagnoses in rows:
        connection.execute(
            "UPDATE results SET speed = ?, diagnoses = ? WHERE id = ?",
            (
                json.dumps(_speed(json.loads(speed))),
                json.dumps([_diagnosis(one) for one in json.loads(diagnoses)]),
                number,
            ),
        )


def _speed(old: dict[str, Any] | None) -> dict[str, Any] | None:
    """Make each phase a row, without the sentences and the growth that nothing reads any more."""
    if old is None:
        return None
    phases = old.pop("detail", {}).get("phases", {})
    kept = ("credit", "speedup", "ratio", "conclusive")
    return {
        **old,
        "phases": [{"phase": name, **{key: one[key] for key in kept}} for name, one in phases.items()],
    }


def _diagnosis(old: dict[str, Any]) -> dict[str, Any]:
    """Leave out the line, which did not say of which file or cell it was."""
    return {**{key: value for key, value in old.items() if key != "line"}, "place": None}
