"""`grader calibrate`: how fast this machine is, for the record."""

import json
import sqlite3


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
