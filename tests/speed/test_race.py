"""The race with runners whose times are made up: what decides, when it ends, what voids it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnn_reference.conv import conv2d_backward, conv2d_forward
from grader.assignment.speed_policy import SpeedPolicy
from grader.errors import GraderError
from grader.results import Outcome
from grader.sandbox import Answer, Reply
from grader.speed.baselines import Opponents
from grader.speed.race import MIN_ROUNDS, PhaseTiming, race
from grader.speed.stopwatch import PHASES, Stopwatch, Voided
from grader.speed.workloads import CONV2D_PARTS, LARGE, PADDING, SMALL, STRIDE, TimedTruth, only_right

TRANSFER = 1e-3
LOOPS = 3e-6
REFERENCE = LOOPS / 2000


class Runner:
    """Takes the place of a client: right answers, and so many seconds for each product."""

    def __init__(
        self,
        seconds: float,
        *,
        wait: float = 0.0,
        late: float = 0.0,
        wrong: str = "",
        silent: bool = False,
        unseen: bool = False,
    ) -> None:
        self.seconds, self.wait, self.late, self.wrong, self.silent = seconds, wait, late, wrong, silent
        self.unseen = unseen
        self.cpu_seconds = 0.0
        self.products: list[int] = []
        self.seen: list[bytes] = []
        self.noise: Callable[[], float] = lambda: 1.0

    def pin(self, core: int) -> None:
        self.core = core

    def time(
        self, kind: str, params: Mapping[str, Any], arrays: Mapping[str, Any], *, parts: Sequence[str]
    ) -> Reply:
        x, weight, grad = arrays["x"], arrays["weight"], arrays["grad_output"]
        products = grad.size * weight[0].size
        self.products.append(products)
        self.seen.append(x.tobytes())
        if self.silent:
            return Reply({part: Answer(part, Outcome.CRASHED, message="gone") for part in parts})
        output = conv2d_forward(x, weight, arrays["bias"], stride=STRIDE, padding=PADDING)
        values = (output, *conv2d_backward(grad, x, weight, stride=STRIDE, padding=PADDING))
        answers = {}
        for part, value in zip(CONV2D_PARTS, values, strict=True):
            if part in parts:
                wrong = 1.0 if part == self.wrong else 0.0
                cpu = (products * self.seconds * self.noise() + TRANSFER) if part in CONV2D_PARTS[:2] else 0.0
                seen = 0.0 if self.unseen else cpu
                self.cpu_seconds += seen
                answers[part] = Answer(part, array=value + wrong, seconds=cpu + self.wait, cpu_seconds=seen)
        self.cpu_seconds += self.late
        return Reply(answers)


def run(
    student: Runner,
    policy: SpeedPolicy | None = None,
    phases: Sequence[str] = PHASES,
    opponents: Opponents | None = None,
    answers: TimedTruth = only_right,
    **options: Any,
) -> dict[str, PhaseTiming]:
    opponents = opponents or Opponents(Runner(LOOPS), Runner(REFERENCE), Runner(0.0))  # type: ignore[arg-type]
    policy = policy or SpeedPolicy()
    stopwatch = Stopwatch(None, phases, answers)
    return race(student, opponents, policy, stopwatch, rng=np.random.default_rng(0), **options)  # type: ignore[arg-type]


def test_race_speedup_is_the_loops_time_over_the_submissions_without_transfer() -> None:
    standing = run(Runner(LOOPS / 100))["forward"]
    # The loops' own transfer, some 4 % of their time at the small size, is left in.
    assert standing.speedup.median == pytest.approx(100, rel=0.05)
    assert standing.ratio.median == pytest.approx(20, rel=1e-6)
    assert (standing.credit, standing.conclusive) == (1.0, True)


def test_race_no_faster_than_loops_earns_nothing_and_never_runs_the_large_size() -> None:
    student = Runner(LOOPS)
    standings = run(student)
    assert {standing.credit for standing in standings.values()} == {0.0}
    assert set(student.products) == {SMALL.products}


def test_race_fast_submission_ends_after_the_fewest_rounds() -> None:
    student = Runner(LOOPS / 1000)
    run(student)
    assert student.products.count(LARGE.products) == MIN_ROUNDS + 1


def test_race_every_call_has_inputs_of_its_own() -> None:
    student = Runner(LOOPS / 1000)
    run(student)
    assert len(set(student.seen)) == len(student.seen)


@pytest.mark.parametrize(("part", "phase"), [("output", "forward"), ("grad_weight", "backward")])
def test_race_wrong_answer_voids_the_time(part: str, phase: str) -> None:
    with pytest.raises(Voided) as caught:
        run(Runner(LOOPS / 1000, wrong=part))
    assert (caught.value.phases, caught.value.outcome) == ((phase,), Outcome.WRONG_VALUE)


def test_race_forward_alone_does_not_ask_for_gradients() -> None:
    standings = run(Runner(LOOPS / 100, wrong="grad_x"), phases=("forward",))
    assert list(standings) == ["forward"]


def test_race_backward_alone_does_not_judge_the_output() -> None:
    standings = run(Runner(LOOPS / 100, wrong="output"), phases=("backward",))
    assert list(standings) == ["backward"]
    assert standings["backward"].credit == 1.0


def test_race_without_an_output_voids_both_phases() -> None:
    for phases in (PHASES, ("backward",)):
        with pytest.raises(Voided) as caught:
            run(Runner(LOOPS / 100, silent=True), phases=phases)
        assert (caught.value.phases, caught.value.outcome) == (PHASES, Outcome.CRASHED)


def test_race_answer_that_counts_too_is_timed() -> None:
    student = Runner(LOOPS / 100, wrong="output")

    def answers(inputs: Mapping[str, Any]) -> Any:
        allowed = dict(only_right(inputs))
        (right,) = allowed["output"]
        return {**allowed, "output": (right, replace(right, values=right.values + 1.0))}

    assert {standing.credit for standing in run(student, answers=answers).values()} == {1.0}
    assert {standing.credit for standing in run(Runner(LOOPS / 100), answers=answers).values()} == {1.0}
    with pytest.raises(Voided):
        run(Runner(LOOPS / 100, wrong="grad_x"), answers=answers)


def test_race_work_after_the_last_answer_counts_as_backwards() -> None:
    lazy = run(Runner(LOOPS / 1000, late=0.5))
    assert lazy["forward"].credit == 1.0
    assert lazy["backward"].credit == 0.0


def test_race_work_between_the_calls_counts_too() -> None:
    busy = Runner(LOOPS / 1000)
    loops = Runner(LOOPS)

    def meanwhile() -> float:
        busy.cpu_seconds += 0.5
        return 1.0

    loops.noise = meanwhile
    opponents = Opponents(loops, Runner(REFERENCE), Runner(0.0))  # type: ignore[arg-type]
    standings = run(busy, opponents=opponents)
    assert {standing.credit for standing in standings.values()} == {0.0}


def test_race_waiting_for_work_done_elsewhere_counts_as_wall_time() -> None:
    standing = run(Runner(LOOPS / 1000, wait=3.0))["forward"]
    assert standing.waited
    assert standing.credit == 0.0


def test_race_processor_time_that_cannot_be_read_gives_way_to_wall_time() -> None:
    runners = [Runner(seconds, unseen=True) for seconds in (LOOPS, REFERENCE, 0.0)]
    student = Runner(LOOPS / 100, unseen=True)
    standing = run(student, opponents=Opponents(*runners))["forward"]  # type: ignore[arg-type]
    assert standing.speedup.median == pytest.approx(100, rel=0.1)
    assert not standing.waited


def test_race_interval_across_a_boundary_goes_on_to_the_budget_and_is_inconclusive() -> None:
    # 17.4 is the boundary between one half and three quarters.
    student = Runner(LOOPS / 17.4)
    noise = np.random.default_rng(4)
    student.noise = lambda: float(noise.lognormal(sigma=0.3))
    standings = run(student, SpeedPolicy(budget_seconds=4.0))
    assert student.products.count(LARGE.products) > MIN_ROUNDS + 1
    assert not standings["forward"].conclusive
    assert standings["forward"].credit == 0.75


def test_race_ends_by_the_wall_clock_where_the_machine_is_too_busy() -> None:
    student = Runner(LOOPS / 17.4)
    ticks = iter(range(0, 10**9, 1000))
    run(student, clock=lambda: float(next(ticks)))
    assert student.products.count(LARGE.products) == MIN_ROUNDS + 1


def test_race_a_tenth_below_a_boundary_is_over_it() -> None:
    assert run(Runner(LOOPS / 15.5))["forward"].credit == 0.75
    assert run(Runner(LOOPS / 14.0))["forward"].credit == 0.5


def test_race_own_program_that_fails_is_the_graders_error() -> None:
    opponents = Opponents(Runner(LOOPS, silent=True), Runner(REFERENCE), Runner(0.0))  # type: ignore[arg-type]
    with pytest.raises(GraderError, match="grader's own"):
        run(Runner(LOOPS), opponents=opponents)


def test_race_round_in_which_a_clock_stood_still_does_not_count_and_is_repeated() -> None:
    student = Runner(LOOPS / 100)
    calls = iter(range(10**6))
    student.noise = lambda: 0.0 if next(calls) % 5 == 0 else 1.0
    standing = run(student)["forward"]
    # No ratio comes from the rounds whose time is the transfer's alone.
    assert standing.speedup.high == pytest.approx(100, rel=0.05)
    assert standing.credit == 1.0
    assert student.products.count(LARGE.products) > MIN_ROUNDS + 1


def test_race_clock_that_never_moves_gives_no_points_and_no_speed() -> None:
    standings = run(Runner(0.0), SpeedPolicy(budget_seconds=1.0))
    for standing in standings.values():
        assert (standing.credit, standing.conclusive, standing.measured) == (0.0, False, False)
        assert standing.speedup.high == 0.0


def test_race_tells_what_loops_take_for_a_product() -> None:
    standing = run(Runner(LOOPS / 100))["forward"]
    assert standing.product_seconds == pytest.approx(LOOPS, rel=0.05)
