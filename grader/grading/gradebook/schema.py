"""The gradebook's tables, how its file is opened, and SQLite's errors in plain words.

Trusted side. The file's application id and version say whether this grader can read it.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from grader.errors import GradebookError
from grader.grading.gradebook.upgrade import OLD_FORMATS, upgrade

SCHEMA_VERSION = 4
APPLICATION_ID = 0x434E4E47  # "CNNG", so that another program's database is never taken for ours
LOCK_SECONDS = 5.0

_ITEMS = """
CREATE TABLE items (
    result_id INTEGER NOT NULL REFERENCES results(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    criterion TEXT NOT NULL,
    case_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    message TEXT NOT NULL,
    seconds REAL NOT NULL,
    hidden INTEGER NOT NULL,
    about TEXT NOT NULL,
    credit REAL,                     -- share of its points; NULL: all of them
    convention TEXT NOT NULL,
    right_for_own_forward INTEGER,   -- NULL: not tried
    location TEXT NOT NULL,          -- JSON
    traceback TEXT NOT NULL,         -- of the grader's own failure
    penalties TEXT NOT NULL DEFAULT '[]',   -- JSON: names of the assignment's penalties
    PRIMARY KEY (result_id, position)
) WITHOUT ROWID;
"""

_TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    started TEXT NOT NULL,           -- ISO 8601, UTC
    assignment_name TEXT NOT NULL,
    assignment_text TEXT NOT NULL,   -- the whole TOML file
    max_points REAL NOT NULL,
    roster TEXT NOT NULL,            -- JSON: the ids of all submissions that were there
    versions TEXT NOT NULL,          -- JSON
    options TEXT NOT NULL            -- JSON
);
CREATE TABLE results (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs(id),
    submission TEXT NOT NULL,
    name TEXT NOT NULL,
    participant INTEGER,
    status TEXT NOT NULL,
    points REAL NOT NULL,
    max_points REAL NOT NULL,
    criteria TEXT NOT NULL,          -- JSON from here to standing
    diagnoses TEXT NOT NULL,
    counterexamples TEXT NOT NULL,
    examples TEXT NOT NULL DEFAULT '[]',
    penalties TEXT NOT NULL DEFAULT '[]',
    conditions TEXT NOT NULL DEFAULT '[]',
    speed TEXT NOT NULL,
    files TEXT NOT NULL,
    warnings TEXT NOT NULL,
    notes TEXT NOT NULL,
    standing TEXT NOT NULL,
    printed TEXT NOT NULL,
    seconds REAL NOT NULL,
    fingerprint TEXT NOT NULL,
    traceback TEXT NOT NULL,         -- of the grader's own failure
    UNIQUE (run_id, submission)
);
CREATE INDEX results_by_fingerprint ON results (fingerprint);
CREATE INDEX results_by_submission ON results (submission);
{_ITEMS}
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""


def connect(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open a gradebook's file and check its format; create its tables if asked to, upgrade older ones.

    Raises
    ------
    GradebookError
        The file is not a gradebook or one of another version, cannot be opened, or is locked.
    """
    with sqlite_errors_named(path):
        # As a URI, since a plain path cannot say "do not make a file that is missing".
        uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        connection = sqlite3.connect(uri, uri=True, timeout=LOCK_SECONDS)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            _check_or_make_tables(connection, path, create)
        except BaseException:
            connection.close()
            raise
    return connection


@contextlib.contextmanager
def sqlite_errors_named(path: Path) -> Iterator[None]:
    """Turn SQLite's errors within the block into a GradebookError that names the file."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            text = f"{path} is locked: another process is writing to it"
        elif primary == sqlite3.SQLITE_NOTADB:
            text = f"{path} is not a gradebook: {error}"
        else:
            text = f"{path} cannot be used: {error}"
        raise GradebookError(text) from error


def _check_or_make_tables(connection: sqlite3.Connection, path: Path, create: bool) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if create and (application, version, tables) == (0, 0, 0):
        connection.executescript(_TABLES)
    elif application != APPLICATION_ID:
        raise GradebookError(f"{path} is not a gradebook")
    elif version in OLD_FORMATS:
        upgrade(connection, path, version, _ITEMS, SCHEMA_VERSION)
    elif version != SCHEMA_VERSION:
        raise GradebookError(
            f"{path} has gradebook format {version}; this version of grader reads format {SCHEMA_VERSION}"
        )
