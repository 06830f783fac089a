"""Submissions timed in earnest, where the verdict is far from every boundary; and what fakes come to."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.assignment.interface import load_interface
from grader.assignment.speed_policy import SpeedPolicy
from grader.intake.source import Program
from grader.results import Outcome
from grader.sandbox import Backend, Client, Limits, open_backend
from grader.speed.judge import SpeedVerdict, _verdict, judge_speed
from grader.speed.python_loops import Loops
from grader.speed.race import PhaseTiming
from grader.speed.statistics import Estimate

FIXTURES = Path(__file__).parents[1] / "fixtures"
SUBMISSIONS, HOSTILE = FIXTURES / "planted" / "speed", FIXTURES / "hostile"

Judge = Callable[..., SpeedVerdict]


@pytest.fixture(scope="session")
def backend() -> Iterator[Backend]:
    with open_backend("native") as backend:
        yield backend


@pytest.fixture
def judge(backend: Backend) -> Judge:
    def judge(name: str, policy: SpeedPolicy | None = None) -> SpeedVerdict:
        text = name if "\n" in name else (SUBMISSIONS / f"{name}.py").read_text(encoding="utf-8")
        program = Program("cnn.py", {"cnn.py": text}, (), ())
        with Client(program, load_interface("layers").source, {}, (), Limits(), backend) as client:
            return judge_speed(client, backend, policy or SpeedPolicy())

    return judge


def credits_of(verdict: SpeedVerdict) -> tuple[float, float]:
    return verdict.phases["forward"].credit, verdict.phases["backward"].credit


def test_judge_speed_vectorised_earns_all(judge: Judge) -> None:
    verdict = judge("vectorised")
    assert credits_of(verdict) == (1.0, 1.0)
    assert verdict.speed is not None
    assert (verdict.speed.python_loops, verdict.speed.conclusive) == ((), True)
    assert verdict.phases["forward"].outcome is Outcome.PASSED


@pytest.mark.parametrize("name", ["seven_loops", "patched_clocks"])
def test_judge_speed_loops_earn_nothing_and_are_named(judge: Judge, name: str) -> None:
    verdict = judge(name)
    assert credits_of(verdict) == (0.0, 0.0)
    assert "points start above 3 times the speed of nested loops" in verdict.phases["forward"].message
    assert "runs once per image" in verdict.phases["forward"].message
    assert verdict.speed is not None
    assert len(verdict.speed.python_loops) == 7


def test_judge_speed_forbidden_loops_cost_their_share_however_fast(judge: Judge) -> None:
    verdict = judge("images_and_channels", SpeedPolicy(vectorised_over=("N", "H", "W", "C_out")))
    assert credits_of(verdict) == (0.75, 0.75)
    assert (
        "this assignment does not allow Python loops over N, H, W, C_out" in verdict.phases["forward"].message
    )


def test_judge_speed_only_forbidden_loops_is_not_implemented(judge: Judge) -> None:
    verdict = judge("images_and_channels", SpeedPolicy(vectorised_over=("N",)))
    assert credits_of(verdict) == (0.0, 0.0)
    assert verdict.phases["forward"].outcome is Outcome.NOT_IMPLEMENTED


@pytest.mark.parametrize("name", ["vectorised", "kernel_taps"])
def test_judge_speed_without_forbidden_loops_loses_nothing(judge: Judge, name: str) -> None:
    verdict = judge(name, SpeedPolicy(vectorised_over=("N", "C_in", "C_out", "H", "W")))
    assert credits_of(verdict) == (1.0, 1.0)


@pytest.mark.parametrize("name", ["burn", "fail", "in_map"])
def test_judge_speed_hidden_loops_cost_their_share(judge: Judge, name: str) -> None:
    text = (HOSTILE / f"fake_speed_hidden_loops_{name}.py").read_text(encoding="utf-8")
    loops = (HOSTILE / "honest_parts" / "loops.py").read_text(encoding="utf-8")
    verdict = judge(loops + text, SpeedPolicy(vectorised_over=("N", "C_in", "C_out", "H")))
    # One that fails where a dimension is long shows nothing of any dimension.
    assert credits_of(verdict) == ((0.0, 0.0) if name == "fail" else (0.5, 0.5))


@pytest.mark.parametrize(
    ("name", "outcome", "backward"),
    [
        ("cached_answers", Outcome.WRONG_VALUE, 1.0),
        # What is not an array is no output, and without one there is no backward pass.
        ("lazy_array", Outcome.WRONG_DTYPE, 0.0),
        ("single_precision", Outcome.WRONG_VALUE, 1.0),
    ],
)
def test_judge_speed_wrong_timed_output_earns_nothing(
    judge: Judge, name: str, outcome: Outcome, backward: float
) -> None:
    verdict = judge(name)
    assert credits_of(verdict) == (0.0, backward)
    assert verdict.phases["forward"].outcome is outcome
    assert "there are no speed points" in verdict.phases["forward"].message


def test_judge_speed_wrong_backward_leaves_forwards_points(judge: Judge) -> None:
    verdict = judge("backward_is_wrong")
    assert credits_of(verdict) == (1.0, 0.0)
    assert verdict.phases["backward"].outcome is Outcome.WRONG_VALUE


def test_verdict_near_a_boundary_says_that_the_median_decided() -> None:
    # docs/speed.md promises the same: the points are the median's, not those of the interval's better end.
    standing = PhaseTiming(Estimate(16.9, 15.0, 19.0), Estimate(9.0, 8.0, 10.0), 0.75, conclusive=False)
    verdict = _verdict("forward", standing, Loops(), SpeedPolicy())
    assert verdict.credit == 0.75
    assert "the median decided" in verdict.message
    assert "better side" not in verdict.message
