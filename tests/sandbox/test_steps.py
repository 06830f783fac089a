"""A scenario is a list of calls with arrays of their own; nothing tells the worker which of them count."""

import numpy as np
import pytest

from grader.cases import parts_of
from grader.cases.ground_truth import load_ground_truth
from grader.cases.model import SCENARIOS
from grader.sandbox.messages import messages_of
from grader.sandbox.steps import steps_of

NAMES = ("x", "weight", "grad_output", "warmup_x", "warmup_weight", "warmup_grad_output")
PARTS = ("output", "grad_x", "grad_weight")
PLAIN = ["make 0 weight", "forward 0 x -> output", "backward 0 grad_output -> grad_x grad_weight"]
STEPS = {
    "once": PLAIN,
    "second_forward": [PLAIN[0], "(forward 0 warmup_x)", *PLAIN[1:]],
    "twice": [PLAIN[0], "(forward 0 warmup_x)", "(backward 0 warmup_grad_output)", *PLAIN[1:]],
    "two_layers": [
        "(make 0 warmup_weight)",
        "make 1 weight",
        "forward 1 x -> output",
        "(forward 0 warmup_x)",
        "(backward 0 warmup_grad_output)",
        "backward 1 grad_output -> grad_x grad_weight",
    ],
}


def text(step):
    said = " ".join([step.call, str(step.slot), *(source for _, source in step.sent)])
    if not step.counts:
        return f"({said})"
    return f"{said} -> {' '.join(step.parts)}" if step.parts else said


@pytest.mark.parametrize("scenario", STEPS)
def test_steps_of_calls_in_the_scenarios_order(scenario):
    assert [text(step) for step in steps_of("linear", scenario, NAMES, PARTS)] == STEPS[scenario]


def test_steps_of_every_scenario_is_known():
    assert tuple(STEPS) == ("once", "second_forward", "twice", "two_layers")
    assert set(STEPS) == set(SCENARIOS)


@pytest.mark.parametrize("scenario", STEPS)
def test_steps_of_ends_with_the_last_part_that_is_wanted(scenario):
    steps = steps_of("linear", scenario, NAMES, PARTS[:1])
    assert (steps[-1].call, steps[-1].counts) == ("forward", True)
    assert all(step.parts == ("output",) for step in steps if step.call == "forward")


def test_steps_of_nothing_wanted_calls_nothing():
    assert steps_of("linear", "twice", NAMES, ()) == ()


def test_steps_of_slot_holds_the_newest_array_of_each_name():
    _, warm, _, real, _ = steps_of("linear", "twice", NAMES, PARTS)
    assert dict(warm.held) == {"weight": "weight", "x": "warmup_x"}
    assert dict(real.held) == {"weight": "weight", "x": "x", "grad_output": "warmup_grad_output"}


def test_steps_of_only_an_earlier_backward_may_fail():
    assert [step.stops for step in steps_of("linear", "two_layers", NAMES, PARTS)] == [
        True,
        True,
        True,
        True,
        False,
        True,
    ]


def test_messages_of_every_public_case_look_alike_whether_they_count_or_not():
    truth = load_ground_truth()
    for case in truth.cases:
        arrays = truth[case.id].inputs
        steps = steps_of(case.kind, case.scenario, tuple(arrays), parts_of(case))
        messages = messages_of(
            steps, case.kind, case.params, arrays, number=7, max_bytes=1 << 20, layouts=case.layouts
        )
        known: dict[str, object] = {}
        for message in messages:
            call = message.header["op"]
            told = ({*message.header}, list(message.arrays), dict(message.parts), message.header["case"])
            assert known.setdefault(call, told) == told, case.id
            assert not any(name.startswith("warmup") for name in message.arrays)
        assert [message.header["last"] for message in messages] == [False] * (len(messages) - 1) + [True]


def test_messages_of_all_public_cases_leave_room_for_200_mb_of_answers_in_all():
    """All replies are kept until the diagnosis, whatever is answered."""
    truth, kept = load_ground_truth(), 0
    for case in truth.cases:
        arrays, right = truth[case.id].inputs, truth[case.id].expected
        steps = steps_of(
            case.kind, case.scenario, tuple(arrays), parts_of(case)[: 1 if case.invalid else None]
        )
        sizes = {part: right[part].values.nbytes for part in right}
        messages = messages_of(
            steps, case.kind, case.params, arrays, number=0, max_bytes=1 << 26, sizes=sizes
        )
        kept += sum(sum(message.parts.values()) for message in messages if message.step.counts)
    assert kept < 200e6


def test_messages_of_tell_a_room_of_many_times_what_is_expected_or_of_what_is_given():
    def rooms(**more):
        arrays = {"x": np.zeros(1000), "grad_output": np.zeros(1000)}
        steps = steps_of("relu", "once", tuple(arrays), ("output", "grad_x"))
        messages = messages_of(steps, "relu", {}, arrays, number=0, **more)
        return {part: room for message in messages for part, room in message.parts.items()}

    assert rooms(max_bytes=1 << 26) == {"output": 1 << 20, "grad_x": 1 << 20}
    assert rooms(max_bytes=1 << 26, sizes={"output": 8}) == {"output": 1 << 16, "grad_x": 1 << 20}
    assert rooms(max_bytes=1 << 26, sizes={"output": 1 << 20})["output"] == 1 << 25
    assert rooms(max_bytes=1 << 19) == {"output": 1 << 19, "grad_x": 1 << 19}
