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
from grader.speed.stopwatch import PHASES, Stopwatch, Voided

FAST = PhaseTiming(Estimate(100.0, 90.0, 110.0), Estimate(2.0, 1.8, 2.2), 1.0, conclusive=True)


def judged(monkeypatch: pytest.MonkeyPatch, standings: Mapping[str, PhaseTiming]) -> judge.SpeedVerdict:
    """Judge a measurement that came to these standings."""
    monkeypatch.setattr(judge, "open_opponents", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(judge, "_measure", lambda *_: (standings, Loops(), {}))
    return judge.judge_speed(None, None, SpeedPolicy())  # type: ignore[arg-type]


@pytest.mark.parametrize(("wrong", "right"), [PHASES, PHASES[::-1]])
def test_judge_speed_wrong_phase_leaves_the_other_ones_points(
    monkeypatch: pytest.MonkeyPatch, wrong: str, right: str
) -> None:
    def race(_client: Any, _opponents: Any, _policy: Any, stopwatch: Stopwatch) -> Mapping[str, PhaseTiming]:
        if wrong in stopwatch.phases:
            raise Voided((wrong,), Outcome.WRONG_VALUE, "3 of 4 values are wrong\nat [0, 0]")
        return {right: FAST}

    monkeypatch.setattr(judge, "open_opponents", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(judge, "race", race)
    monkeypatch.setattr(judge, "_loops", lambda *_: Loops())
    verdict = judge.judge_speed(None, None, SpeedPolicy())  # type: ignore[arg-type]
    assert (verdict.phases[right].credit, verdict.phases[wrong].credit) == (1.0, 0.0)
    assert verdict.phases[wrong].outcome is Outcome.WRONG_VALUE
    assert verdict.phases[wrong].message.endswith("there are no speed points: 3 of 4 values are wrong")
    assert verdict.speed is not None
    assert [one.phase for one in verdict.speed.phases] == [right]


def test_judge_speed_without_an_output_has_no_points_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def race(*_: Any) -> None:
        raise Voided(PHASES, Outcome.RAISED, "no")

    monkeypatch.setattr(judge, "open_opponents", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(judge, "race", race)
    verdict = judge.judge_speed(None, None, SpeedPolicy())  # type: ignore[arg-type]
    assert {one.outcome for one in verdict.phases.values()} == {Outcome.RAISED}
    assert (len(verdict.phases), verdict.speed) == (2, None)


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
