"""Every report is written whole or not at all, and only into the results folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import GradebookError
from grader.grading.gradebook import Run
from grader.reports.writing import write_reports, write_whole
from grader.results import Result


def test_write_reports_writes_scores_report_and_feedback(tmp_path: Path, run: Run, everyone: list[Result]):
    written = write_reports(tmp_path / "new" / "results", run, everyone)
    found = {path for path in (tmp_path / "new" / "results").rglob("*") if path.is_file()}
    assert set(written) == found
    assert {path.name for path in found} == {
        "scores.json",
        "scores.csv",
        "report.html",
        *(f"{result.id}.html" for result in everyone),
    }


def test_write_reports_twice_gives_the_same_bytes(tmp_path: Path, run: Run, everyone: list[Result]):
    first = {path: path.read_bytes() for path in write_reports(tmp_path, run, everyone)}
    assert {path: path.read_bytes() for path in write_reports(tmp_path, run, everyone)} == first


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", ""])
def test_write_reports_id_that_is_a_path_is_refused(tmp_path: Path, run: Run, right: Result, name: str):
    with pytest.raises(GradebookError, match="cannot be a file's name"):
        write_reports(tmp_path / "results", run, [replace(right, id=name)])
    assert list(tmp_path.iterdir()) == []


def test_write_reports_folder_is_a_file_is_named(tmp_path: Path, run: Run):
    (tmp_path / "results").write_text("")
    with pytest.raises(GradebookError, match=r"the reports cannot be written: .*results"):
        write_reports(tmp_path / "results", run, [])


def test_write_whole_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    target = write_whole(tmp_path / "scores.json", "old")

    def full_disk(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_whole(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_write_whole_lone_surrogate_is_written_out(tmp_path: Path):
    assert write_whole(tmp_path / "page.html", "Ren\udce9").read_bytes() == b"Ren\\udce9"
