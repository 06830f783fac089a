"""Open, write and read the gradebook.

Trusted side. Each result is one transaction, so that a killed run loses no finished result.
The items have a table of their own, so that SQL can find which case fails most.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from grader.errors import GradebookError
from grader.grading.gradebook.rows import Run, item_row, read_result, read_run, result_row, storable, to_json
from grader.grading.gradebook.schema import connect, sqlite_errors_named
from grader.results import Result

FILE_NAME = "gradebook.sqlite"


class Gradebook:
    """An open gradebook; a context manager that closes it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Gradebook.open(Path(folder)) as gradebook:
    ...     run = gradebook.start_run("conv2d", "", 100.0, roster=["ada"])
    ...     gradebook.record(run, Result("ada", "Ada", None, "graded", 87.5, 100.0))
    ...     [result.points for result in gradebook.latest_results()]
    [87.5]
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    @classmethod
    def open(cls, folder: Path, *, create: bool = True) -> Self:
        """Open the gradebook of a results folder.

        Parameters
        ----------
        folder : Path
            The results folder.
        create : bool
            Make folder and gradebook where they are missing.

        Raises
        ------
        GradebookError
            There is none and `create` is false, the file is not a gradebook or has another
            version, or another process has locked it.
        """
        path = folder / FILE_NAME
        if create:
            _make_folder(folder)
        elif not path.is_file():
            raise GradebookError(f"{folder} has no {FILE_NAME}; `grader run -o {folder}` creates one")
        return cls(connect(path, create=create), path)

    def close(self) -> None:
        """Close the file; the gradebook cannot be used any more."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start_run(
        self,
        assignment_name: str,
        assignment_text: str,
        max_points: float,
        *,
        roster: Sequence[str],
        versions: Mapping[str, str] | None = None,
        options: Mapping[str, object] | None = None,
    ) -> Run:
        """Record that a run starts now, and return it with its id."""
        started = datetime.now(UTC).replace(microsecond=0)
        row = (started.isoformat(), storable(assignment_name), storable(assignment_text), max_points)
        more = (to_json(list(roster)), to_json(dict(versions or {})), to_json(dict(options or {})))
        with self._transaction():
            cursor = self._connection.execute(
                "INSERT INTO runs (started, assignment_name, assignment_text, max_points, roster, versions,"
                " options) VALUES (?, ?, ?, ?, ?, ?, ?)",
                row + more,
            )
        assert cursor.lastrowid is not None
        return self.run(cursor.lastrowid)

    def record(self, run: Run, result: Result) -> None:
        """Store one result of a run, in one transaction; an earlier one of the same submission goes."""
        columns = result_row(result) | {"run_id": run.id}
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        with self._transaction():
            self._connection.execute(
                "DELETE FROM results WHERE run_id = ? AND submission = ?", (run.id, columns["submission"])
            )
            cursor = self._connection.execute(
                f"INSERT INTO results ({names}) VALUES ({marks})", tuple(columns.values())
            )
            self._connection.executemany(
                "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(cursor.lastrowid, position, *item_row(item)) for position, item in enumerate(result.items)],
            )

    def runs(self) -> list[Run]:
        """All runs, the oldest first."""
        return [read_run(row) for row in self._rows("SELECT * FROM runs ORDER BY id")]

    def run(self, run_id: int) -> Run:
        """Return one run; GradebookError names those that there are."""
        for row in self._rows("SELECT * FROM runs WHERE id = ?", run_id):
            return read_run(row)
        known = ", ".join(str(run.id) for run in self.runs()) or "none"
        raise GradebookError(f"{self.path} has no run {run_id}; there are: {known}")

    def results_of(self, run: Run) -> list[Result]:
        """What one run graded, in the order in which it ended."""
        return self._results("SELECT * FROM results WHERE run_id = ? ORDER BY id", run.id)

    def latest_results(self) -> list[Result]:
        """The newest result of each submission on the newest run's roster, in the roster's order.

        So a run of a few (``--only``) or a killed one leaves the others' results standing, and a
        submission that was taken out of the folder is gone.
        """
        runs = self.runs()
        if not runs:
            return []
        newest = self._results(
            "SELECT * FROM results WHERE id IN (SELECT max(id) FROM results GROUP BY submission)"
        )
        by_id = {result.id: result for result in newest}
        return [by_id[name] for name in runs[-1].roster if name in by_id]

    def result_with_fingerprint(self, fingerprint: str) -> Result | None:
        """Return the newest verdict on the same files under the same rules, for not grading twice.

        Two students with equal files have equal fingerprints: id, name, participant and standing
        are the caller's to replace. A result with a grader error is never returned.
        """
        found = self._results(
            "SELECT * FROM results WHERE fingerprint = ? AND fingerprint != '' AND status != 'grader_error'"
            " ORDER BY id DESC LIMIT 1",
            fingerprint,
        )
        return found[0] if found else None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with sqlite_errors_named(self.path), self._connection:
            yield

    def _rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        with sqlite_errors_named(self.path):
            return self._connection.execute(query, values).fetchall()

    def _results(self, query: str, *values: object) -> list[Result]:
        items = "SELECT * FROM items WHERE result_id = ? ORDER BY position"
        try:
            return [read_result(row, self._rows(items, row["id"])) for row in self._rows(query, *values)]
        except (ValueError, TypeError, KeyError) as error:
            raise GradebookError(f"{self.path}: a stored result cannot be read: {error}") from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GradebookError(f"the results folder {folder} cannot be made: {error.strerror}") from error
