"""What is said of a measurement, from results that are made up; nothing is timed here."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from grader.assignment.speed_policy import SpeedPolicy
from grader.speed import judge
from grader.speed.core_lock import Slot
from grader.speed.python_loops import Loops
from grader.speed.race import PhaseTiming
from grader.speed.statistics import Estimate

FAST = PhaseTiming(Estimate(100.0, 90.0, 110.0), Estimate(2.0, 1.8, 2.2), 1.0, conclusive=True)


@pytest.mark.parametrize(
    ("problem", "note"),
    [("", ""), ("no locks", "measured without holding a core, so other work may have slowed it: no locks")],
)
def test_judge_speed_without_a_lock_says_so(monkeypatch: pytest.MonkeyPatch, problem: str, note: str) -> None:
    @contextlib.contextmanager
    def slot(**_: Any) -> Iterator[Slot]:
        yield Slot(1, problem)

    def measure(*given: Any) -> Any:
        assert given[-1] == 1
        return {"forward": FAST}, Loops(), None

    monkeypatch.setattr(judge, "timing_slot", slot)
    monkeypatch.setattr(judge, "open_opponents", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(judge, "_measure", measure)
    verdict = judge.judge_speed(None, None, SpeedPolicy())  # type: ignore[arg-type]
    assert verdict.phases["forward"].credit == 1.0
    assert verdict.speed is not None
    assert verdict.speed.note == note
