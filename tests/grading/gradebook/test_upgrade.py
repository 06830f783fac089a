"""A gradebook that the first released format wrote is read, and a copy of it stays."""

import contextlib
import json
import sqlite3
from dataclasses import replace

import pytest

from grader.errors import GradebookError
from grader.grading.gradebook import Gradebook
from grader.results import Condition, Item, Outcome, Penalty, Result

FORMAT_1 = """
CREATE TABLE runs (id INTEGER PRIMARY KEY, started TEXT NOT NULL, assignment_name TEXT NOT NULL,
    assignment_text TEXT NOT NULL, max_points REAL NOT NULL, roster TEXT NOT NULL, versions TEXT NOT NULL,
    options TEXT NOT NULL);
CREATE TABLE results (id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id),
    submission TEXT NOT NULL, name TEXT NOT NULL, participant INTEGER, status TEXT NOT NULL,
    points REAL NOT NULL,
    max_points REAL NOT NULL, criteria TEXT NOT NULL, diagnoses TEXT NOT NULL, counterexamples TEXT NOT NULL,
    speed TEXT NOT NULL, files TEXT NOT NULL, warnings TEXT NOT NULL, notes TEXT NOT NULL,
    standing TEXT NOT NULL,
    printed TEXT NOT NULL, seconds REAL NOT NULL, fingerprint TEXT NOT NULL, UNIQUE (run_id, submission));
CREATE INDEX results_by_fingerprint ON results (fingerprint);
CREATE INDEX results_by_submission ON results (submission);
CREATE TABLE items (result_id INTEGER NOT NULL REFERENCES results(id) ON DELETE CASCADE,
    position INTEGER NOT NULL, criterion TEXT NOT NULL, case_id TEXT NOT NULL, outcome TEXT NOT NULL,
    message TEXT NOT NULL, seconds REAL NOT NULL, hidden INTEGER NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (result_id, position)) WITHOUT ROWID;
CREATE TABLE calibrations (key TEXT PRIMARY KEY, recorded TEXT NOT NULL, record TEXT NOT NULL);
PRAGMA application_id = 0x434E4E47;
PRAGMA user_version = 1;
"""
PHASE = {"credit": 0.75, "speedup": [16.0, 15.0, 17.0], "ratio": [9.0, 8.0, 10.0], "conclusive": True}
SPEED = {
    "speedup_over_loops": 16.0,
    "ratio_to_reference": 9.0,
    "python_loops": ["N"],
    "conclusive": True,
    "note": "",
    "detail": {"phases": {"forward": {**PHASE, "loops": [], "note": "x"}}, "growth": {}},
}
DIAGNOSIS = {
    "mistake": "forgets_bias",
    "criterion": "conv2d.forward",
    "sentence": "The bias is not added.",
    "link": "a#b",
    "line": 3,
    "explains": 5,
}
DETAILS = ({"credit": 0.75}, {"about": "conv2d(...)", "line": 3, "function": "f"}, {"own_forward": True})


@pytest.fixture
def old(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "gradebook.sqlite")) as database:
        database.executescript(FORMAT_1)
        database.execute(
            "INSERT INTO runs VALUES (1, '2026-11-20T10:00:00+00:00', 'A', '', 10, '[\"ann\"]', '{}', '{}')"
        )
        texts = ["[]", json.dumps([DIAGNOSIS]), "[]", json.dumps(SPEED), "[]", "[]", "[]", "null"]
        values = [1, 1, "ann", "Ann", 7, "graded", 8.0, 10.0, *texts, "", 1.0, "f00d"]
        database.execute(f"INSERT INTO results VALUES ({', '.join('?' * len(values))})", values)
        for position, detail in enumerate(DETAILS):
            row = (
                1,
                position,
                "conv2d.forward",
                f"k{position}",
                "wrong_value",
                "m",
                0.1,
                0,
                json.dumps(detail),
            )
            database.execute("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        database.commit()
    return tmp_path


def test_open_older_format_reads_every_result(old):
    with Gradebook.open(old, create=False) as gradebook:
        (result,) = gradebook.latest_results()
        assert gradebook.result_with_fingerprint("f00d") == result
    assert (result.id, result.name, result.participant, result.points) == ("ann", "Ann", 7, 8.0)
    first, second, third = result.items
    assert (first.credit, first.outcome, first.message) == (0.75, Outcome.WRONG_VALUE, "m")
    assert (second.about, second.location) == ("conv2d(...)", ())
    assert third.right_for_own_forward is True
    (phase,) = result.speed.phases
    assert (phase.phase, phase.credit, phase.speedup) == ("forward", 0.75, (16.0, 15.0, 17.0))
    (diagnosis,) = result.diagnoses
    assert (diagnosis.mistake, diagnosis.place, diagnosis.explains) == ("forgets_bias", None, 5)


def test_open_older_format_keeps_a_copy_and_is_written_to_afterwards(old):
    with Gradebook.open(old) as gradebook:
        (result,) = gradebook.latest_results()
        run = gradebook.start_run("A", "", 10.0, roster=["ann"], versions={}, options={})
        gradebook.record(run, result)
    with Gradebook.open(old, create=False) as gradebook:
        assert [len(gradebook.results_of(run)) for run in gradebook.runs()] == [1, 1]
    with contextlib.closing(sqlite3.connect(old / "gradebook-format-1.sqlite")) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (1,)
        assert copy.execute("SELECT count(*) FROM items WHERE detail LIKE '%own_forward%'").fetchone() == (1,)


def test_open_older_format_that_is_damaged_changes_nothing(old):
    with contextlib.closing(sqlite3.connect(old / "gradebook.sqlite")) as database:
        database.execute("UPDATE results SET speed = 'not JSON'")
        database.commit()
    with pytest.raises(GradebookError, match="cannot be brought to format 4"):
        Gradebook.open(old, create=False)
    with contextlib.closing(sqlite3.connect(old / "gradebook.sqlite")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        assert database.execute("SELECT count(detail) FROM items").fetchone() == (3,)


AS_FORMAT_3 = """
ALTER TABLE items DROP COLUMN penalties;
ALTER TABLE results DROP COLUMN penalties;
ALTER TABLE results DROP COLUMN conditions;
PRAGMA user_version = 3;
"""


def test_open_format_3_has_no_penalties_and_takes_new_ones(tmp_path):
    passed = Item("relu.grad_x", "relu-image", Outcome.PASSED)
    with Gradebook.open(tmp_path) as gradebook:
        run = gradebook.start_run("A", "", 10.0, roster=["ann"])
        gradebook.record(run, Result("ann", "Ann", 7, "graded", 8.0, 10.0, items=(passed,)))
    with contextlib.closing(sqlite3.connect(tmp_path / "gradebook.sqlite")) as database:
        database.executescript(AS_FORMAT_3)
    with Gradebook.open(tmp_path) as gradebook:
        (result,) = gradebook.latest_results()
        assert (result.items, result.penalties, result.conditions) == ((passed,), (), ())
        given = replace(
            result,
            items=(replace(passed, penalties=("modified_input",)),),
            penalties=(Penalty("modified_input", "relu.grad_x", 0.1, "why"),),
            conditions=(Condition("conv2d.grad_x", "Wrong in all 49 cases with a remainder.", True),),
        )
        gradebook.record(run, given)
        assert gradebook.latest_results() == [given]


def test_open_format_2_has_no_examples_and_takes_new_ones(tmp_path):
    with Gradebook.open(tmp_path) as gradebook:
        run = gradebook.start_run("A", "", 10.0, roster=["ann"])
        gradebook.record(run, Result("ann", "Ann", 7, "graded", 8.0, 10.0))
    with contextlib.closing(sqlite3.connect(tmp_path / "gradebook.sqlite")) as database:
        database.executescript(
            AS_FORMAT_3 + "ALTER TABLE results DROP COLUMN examples; PRAGMA user_version = 2;"
        )
    failed = Item("relu.forward", "relu-image", Outcome.RAISED, "KeyError: 1")
    with Gradebook.open(tmp_path) as gradebook:
        (result,) = gradebook.latest_results()
        assert (result.points, result.examples) == (8.0, ())
        gradebook.record(run, replace(result, examples=(failed,)))
        assert gradebook.latest_results()[0].examples == (failed,)
    assert (tmp_path / "gradebook-format-2.sqlite").is_file()
