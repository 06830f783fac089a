"""What `grader calibrate` records."""

import json

import pytest

from grader.sandbox import open_backend
from grader.speed.calibrate import calibrate, summary
from grader.speed.stopwatch import Lap, Pair
from grader.speed.workloads import LARGE, SMALL


def laps(*seconds: float) -> list[Lap]:
    return [Lap(Pair(one, 2 * one), Pair(one, one)) for one in seconds]


def test_summary_speedup_scales_the_loops_and_leaves_transfer_out() -> None:
    measured = {"loops": laps(0.03, 0.03), "reference": laps(0.003, 0.003), "transfer": laps(0.001, 0.001)}
    factor = LARGE.products / SMALL.products
    found = summary(measured, "forward")
    assert found["speedup"] == pytest.approx([factor * 15] * 3)
    assert found["noise"] == 0.0


def test_summary_noise_is_the_relative_half_distance_of_the_quartiles() -> None:
    spread = laps(0.08, 0.09, 0.10, 0.11, 0.12)
    measured = {"loops": spread, "reference": laps(*[0.002] * 5), "transfer": laps(*[0.001] * 5)}
    assert summary(measured, "backward")["noise"] == pytest.approx(0.1)


def test_calibrate_gives_a_record_that_json_carries() -> None:
    with open_backend("none") as backend:
        record = calibrate(backend, rounds=2)
    assert json.loads(json.dumps(record)) == record
    assert set(record["phases"]) == {"forward", "backward"}
    assert record["phases"]["forward"]["speedup"][0] > 1
