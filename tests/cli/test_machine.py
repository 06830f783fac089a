"""`grader doctor` and `grader calibrate`: what this machine can do, and how fast it is."""

import json
import sqlite3


def test_doctor_says_what_holds_and_what_was_refused(grader):
    ran = grader("doctor")
    assert ran.status == 0, ran.err
    assert ran.out.startswith("This machine can grade: --sandbox auto takes native.")
    assert "sandbox native: holds" in ran.out
    assert "tries to read a file: refused" in ran.out
    assert "NOT REFUSED" not in ran.out


def test_doctor_unusable_interpreter_is_told(grader):
    ran = grader("doctor", "--python", "/no/such/python")
    assert ran.status == 1
    assert ran.out.startswith("This machine cannot grade other people's code")
    assert "/no/such/python" in ran.out


def test_calibrate_writes_what_it_found_into_the_gradebook(grader, tmp_path):
    ran = grader("calibrate", tmp_path)
    assert ran.status == 0, ran.err
    assert "times as fast as nested loops" in ran.out
    with sqlite3.connect(tmp_path / "gradebook.sqlite") as connection:
        ((key, text),) = connection.execute("SELECT key, record FROM calibrations").fetchall()
    record = json.loads(text)
    assert key == "speed"
    assert set(record["phases"]) == {"forward", "backward"}
    assert record["phases"]["forward"]["speedup"][0] > 1
