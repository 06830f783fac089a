"""Loops that time alone shows, with clients whose times are made up: what costs a dimension and what not."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from grader.results import Outcome
from grader.sandbox import Answer, Reply
from grader.speed.long_shapes import (
    DIMENSIONS_OF,
    LAPS,
    LENGTHS,
    TINY,
    LongShapes,
    draw_long,
    try_long_shapes,
)
from grader.speed.python_loops import Loops, sentences
from grader.speed.stopwatch import PHASES, Stopwatch
from grader.speed.workloads import (
    CONV2D_PARTS,
    Size,
    TimedParts,
    TimedTruth,
    only_right,
    right_answers,
)

PRODUCT = {"forward": 1e-6, "backward": 2e-6}
TRANSFER = 1e-3
Cost = Callable[[Size], tuple[float, float]]
"""Returns the seconds of forward and backward at a size, without the transfer."""


class Scripted:
    """Takes the place of a client: right answers, and the processor time that a formula gives."""

    def __init__(
        self,
        cost: Cost,
        *,
        fails: Callable[[Size], str] = lambda _: "",
        wrong: str = "",
        unseen: bool = False,
    ) -> None:
        self.cost, self.fails, self.wrong, self.unseen = cost, fails, wrong, unseen
        self.cpu_seconds = 0.0
        self.sizes: list[Size] = []

    def time(self, kind: str, params: Any, arrays: Any, *, parts: Sequence[str]) -> Reply:
        (N, C_out, H, W), (_, C_in, K_h, K_w) = arrays["grad_output"].shape, arrays["weight"].shape
        size = Size(N, C_in, C_out, H, W, K_h, K_w)
        self.sizes.append(size)
        if why := self.fails(size):
            return Reply({part: Answer(part, Outcome.RAISED, message=why) for part in parts})
        forward, backward = (seconds + TRANSFER for seconds in self.cost(size))
        seen = 0.0 if self.unseen else 1.0
        self.cpu_seconds += seen * (forward + (backward if len(parts) > 1 else 0.0))
        truth = right_answers(arrays)
        seconds = dict(zip(CONV2D_PARTS, (forward, backward, 0.0, 0.0), strict=True))
        return Reply(
            {
                part: Answer(part, array=truth[part].values + (part == self.wrong), cpu_seconds=seconds[part])
                for part in parts
            }
        )


def longest(size: Size) -> int:
    return max(size.N, size.C_in, size.C_out, size.H, size.W, size.K_h, size.K_w)


def arrays(size: Size) -> tuple[float, float]:
    """Return what array code takes that is far from the fastest."""
    steps = longest(size)
    return (350 + steps) * PRODUCT["forward"], (350 + steps) * PRODUCT["backward"]


def loop(name: str, each: float = 3.0) -> Cost:
    """Return the cost of array code in a Python loop over one dimension, in both phases."""

    def cost(size: Size) -> tuple[float, float]:
        forward, backward = arrays(size)
        steps = each * getattr(size, name)
        return forward + steps * PRODUCT["forward"], backward + steps * PRODUCT["backward"]

    return cost


def found(
    client: Scripted,
    suspects: dict[str, Sequence[str]] | None = None,
    seed: int | None = None,
    answers: TimedTruth = only_right,
) -> LongShapes:
    phases = tuple(suspects) if suspects else PHASES
    idle = Scripted(lambda _: (0.0, 0.0))
    return try_long_shapes(
        client,  # type: ignore[arg-type]
        idle,  # type: ignore[arg-type]
        Stopwatch(None, phases, answers),
        suspects or DIMENSIONS_OF,
        PRODUCT,
        np.random.default_rng(seed),
    )


def test_try_long_shapes_array_code_has_no_loop_and_is_called_once_for_each() -> None:
    client = Scripted(arrays)
    assert found(client) == LongShapes({"forward": (), "backward": ()}, {"forward": {}, "backward": {}})
    assert len(client.sizes) == len(LENGTHS)


@pytest.mark.parametrize("name", LENGTHS)
def test_try_long_shapes_loop_costs_its_own_dimension_alone(name: str) -> None:
    loops = found(Scripted(loop(name))).loops
    assert loops["forward"] == (name,)
    assert loops["backward"] == ((name,) if name in DIMENSIONS_OF["backward"] else ())


def test_try_long_shapes_time_burned_at_other_sizes_changes_nothing() -> None:
    looping = loop("N")

    def burning(size: Size) -> tuple[float, float]:
        return (10.0, 10.0) if longest(size) < 100 else looping(size)

    assert found(Scripted(burning)).loops["forward"] == ("N",)


def test_try_long_shapes_time_burned_at_the_long_shape_is_a_loop_too() -> None:
    def burning(size: Size) -> tuple[float, float]:
        forward, backward = arrays(size)
        return forward + 1.0 * (size.C_out > 100), backward

    assert found(Scripted(burning)).loops == {"forward": ("C_out",), "backward": ()}


def test_try_long_shapes_disturbed_calls_are_repeated() -> None:
    calls = iter(range(1000))

    def disturbed(size: Size) -> tuple[float, float]:
        forward, backward = arrays(size)
        return forward + 0.003 * (next(calls) % LAPS != LAPS - 1), backward

    client = Scripted(disturbed)
    assert found(client).loops == {"forward": (), "backward": ()}
    assert len(client.sizes) == LAPS * len(LENGTHS)


def test_try_long_shapes_far_beyond_the_bound_is_called_twice_only() -> None:
    client = Scripted(loop("H", 50.0))
    assert found(client, {"forward": ("H",)}).loops == {"forward": ("H",)}
    assert len(client.sizes) == 2


def test_try_long_shapes_where_processor_time_cannot_be_read_goes_by_the_wall_clock() -> None:
    client = Scripted(loop("N"), unseen=True)
    assert found(client, {"forward": ("N", "W")}).loops == {"forward": ("N",)}


def test_try_long_shapes_that_fail_show_nothing_and_say_why() -> None:
    client = Scripted(arrays, fails=lambda size: "too long\nat line 3" if size.W > 100 else "")
    shapes = found(client, {"forward": ("N", "W")})
    assert shapes.loops == {"forward": ("W",)}
    assert shapes.failed["forward"]["W"].startswith("W = ")
    assert shapes.failed["forward"]["W"].endswith(": too long")
    loops = Loops({}, {"forward": ("K_h",)}).with_hidden(shapes.loops, shapes.failed)
    assert loops.over("forward") == ("W", "K_h")
    assert sentences(loops, "forward") == [
        "`forward` takes as long as a Python loop over K_h, although the counter saw none",
        f"nothing shows that `forward` has no Python loop where {shapes.failed['forward']['W']}",
    ]


@pytest.mark.parametrize(
    ("wrong", "lost", "kept"), [("output", "forward", "backward"), ("grad_x", "backward", "forward")]
)
def test_try_long_shapes_wrong_answers_cost_their_own_phase_alone(wrong: str, lost: str, kept: str) -> None:
    shapes = found(Scripted(loop("H"), wrong=wrong), {"forward": ("N", "H"), "backward": ("N", "H")})
    assert shapes.loops == {lost: ("N", "H"), kept: ("H",)}
    assert [*shapes.failed[lost]] == ["N", "H"]
    assert shapes.failed[kept] == {}


def test_try_long_shapes_other_answers_that_count_are_timed() -> None:
    def answers(inputs: Any) -> TimedParts:
        (right,) = only_right(inputs)["output"]
        return {"output": (right, replace(right, values=right.values + 1.0))}

    suspects = {"forward": ("N", "H")}
    shapes = found(Scripted(loop("H"), wrong="output"), suspects, answers=answers)
    assert (shapes.loops, shapes.failed) == ({"forward": ("H",)}, {"forward": {}})


def test_try_long_shapes_asks_about_suspects_only() -> None:
    client = Scripted(arrays)
    assert found(client, {"forward": ("H",)}).loops == {"forward": ()}
    assert [size.H > 1000 for size in client.sizes] == [True]
    assert found(Scripted(arrays), {"forward": (), "backward": ()}).loops == {"forward": (), "backward": ()}


def test_try_long_shapes_are_drawn_anew_for_each_run() -> None:
    clients = [Scripted(arrays), Scripted(arrays)]
    for client in clients:
        found(client)
    assert clients[0].sizes != clients[1].sizes


@pytest.mark.parametrize("name", LENGTHS)
def test_draw_long_makes_one_dimension_long_and_leaves_the_others_tiny(name: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        size = draw_long(name, rng)
        low, high = LENGTHS[name]
        assert low <= getattr(size, name) <= high
        others = [getattr(size, other) - getattr(TINY, other) for other in LENGTHS if other != name]
        assert sorted(others) == [0, 0, 0, 0, 0, 1]
