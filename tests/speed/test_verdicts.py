"""What is said of a measurement, from results that are made up; nothing is timed here."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from grader.assignment.speed_policy import SpeedPolicy
from grader.results import Outcome
from grader.speed import judge
from grader.speed.core_lock import Slot
from grader.speed.python_loops import Loops
from grader.speed.race import UNMEASURED, PhaseTiming
from grader.speed.statistics import Estimate

FAST = PhaseTiming(Estimate(100.0, 90.0, 110.0), Estimate(2.0, 1.8, 2.2), 1.0, conclusive=True)


def judged(monkeypatch: pytest.MonkeyPatch, standings: Mapping[str, PhaseTiming]) -> judge.SpeedVerdict:
    """Judge a measurement that came to these standings."""
    monkeypatch.setattr(judge, "open_opponents", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(judge, "_measure", lambda *_: (standings, Loops(), None))
    return judge.judge_speed(None, None, SpeedPolicy())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("problem", "note"),
    [("", ""), ("no locks", "measured without holding a core, so other work may have slowed it: no locks")],
)
def test_judge_speed_without_a_lock_says_so(monkeypatch: pytest.MonkeyPatch, problem: str, note: str) -> None:
    @contextlib.contextmanager
    def slot(**_: Any) -> Iterator[Slot]:
        yield Slot(1, problem)

    monkeypatch.setattr(judge, "timing_slot", slot)
    verdict = judged(monkeypatch, {"forward": FAST})
    assert verdict.phases["forward"].credit == 1.0
    assert verdict.speed is not None
    assert verdict.speed.note == note


def test_judge_speed_phase_without_a_time_has_no_points_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = judged(monkeypatch, {"forward": FAST, "backward": UNMEASURED})
    backward = verdict.phases["backward"]
    assert (backward.credit, backward.outcome, backward.measured) == (0.0, Outcome.NOT_RUN, None)
    assert "no round gave a time" in backward.message
    assert verdict.speed is not None
    assert (verdict.speed.speedup_over_loops, verdict.speed.conclusive) == (100.0, False)
    assert verdict.speed.note.startswith("backward: no round gave a time")


def test_judge_speed_without_any_time_has_no_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    speed = judged(monkeypatch, {"forward": UNMEASURED}).speed
    assert speed is not None
    assert (speed.speedup_over_loops, speed.ratio_to_reference, speed.phases) == (None, None, ())
