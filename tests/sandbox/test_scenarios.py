"""What a program is called for in each scenario, and which part of an answer a failure belongs to."""

import numpy as np
import pytest

from grader.results import Outcome

ARRAYS = {
    "x": np.full(1, 1.0),
    "grad_output": np.full(1, 2.0),
    "warmup_x": np.full(1, 3.0),
    "warmup_grad_output": np.full(1, 4.0),
}
PARTS = ("output", "grad_x")
HEAD = """
import numpy as np
made = 0
def say(*what):
    print(*what, end=", ")
"""
RELU = """
class ReLU:
    def __init__(self):
        global made
        self.name, made = "AB"[made % 2], made + 1
        say("make", self.name)
    def forward(self, x):
        say("forward", self.name, int(x[0]))
        {forward}
        self.x = x
        return x
    def backward(self, g):
        say("backward", self.name, int(g[0]))
        {backward}
        return g
"""
CALLS = {
    "once": "make A, forward A 1, backward A 2, ",
    "second_forward": "make A, forward A 3, forward A 1, backward A 2, ",
    "twice": "make A, forward A 3, backward A 4, forward A 1, backward A 2, ",
    "two_layers": "make A, make B, forward B 1, forward A 3, backward A 4, backward B 2, ",
}


@pytest.fixture
def ask(open_client, plain):
    def run(scenario, forward="pass", backward="pass", parts=PARTS, arrays=ARRAYS, **options):
        client = open_client(plain, HEAD + RELU.format(forward=forward, backward=backward), **options)
        reply = client.run("relu", {}, arrays, parts=parts, scenario=scenario)
        return reply, client

    return run


def printed(client):
    """Return what was printed, once all of it has arrived."""
    client.close()
    return client.printed


@pytest.mark.parametrize("scenario", CALLS)
def test_run_calls_in_the_scenarios_order(ask, scenario):
    reply, client = ask(scenario)
    assert printed(client) == CALLS[scenario]
    assert [answer.array.tolist() for answer in reply.answers.values()] == [[1], [2]]


@pytest.mark.parametrize("scenario", CALLS)
def test_run_forward_alone_calls_nothing_after_it(ask, scenario):
    _, client = ask(scenario, parts=PARTS[:1])
    said = printed(client)
    assert CALLS[scenario].startswith(said)
    assert said.endswith(" 1, ")


def outcomes(reply):
    return [answer.outcome for answer in reply.answers.values()]


def test_run_warm_up_forward_that_raises_fails_all_and_nothing_is_called_after_it(ask):
    reply, client = ask("twice", forward="if x[0] == 3: raise ValueError('no')")
    assert outcomes(reply) == [Outcome.RAISED] * 2
    assert {answer.message for answer in reply.answers.values()} == {"ValueError: no"}
    assert printed(client) == "make A, forward A 3, "


def test_run_warm_up_backward_that_raises_costs_nothing(ask):
    reply, client = ask("twice", backward="if g[0] == 4: raise ValueError('no')")
    assert outcomes(reply) == [None, None]
    assert printed(client) == CALLS["twice"]


def test_run_forward_of_the_other_layer_that_raises_fails_the_gradients(ask):
    reply, client = ask("two_layers", forward="if x[0] == 3: raise ValueError('no')")
    assert outcomes(reply) == [None, Outcome.RAISED]
    assert printed(client) == "make A, make B, forward B 1, forward A 3, "


def test_run_after_a_failed_case_the_next_is_called_as_ever(ask):
    _, client = ask("twice", forward="if x[0] == 3: raise ValueError('no')")
    reply = client.run("relu", {}, ARRAYS, parts=PARTS, scenario="once")
    assert outcomes(reply) == [None, None]


def test_run_endless_warm_up_backward_is_the_forwards_time_out(ask):
    reply, _ = ask("twice", backward="\n        ".join(["while g[0] == 4:", "    pass"]), call_seconds=0.2)
    assert outcomes(reply) == [Outcome.TIMED_OUT] * 2


def test_run_each_step_has_the_call_s_time_of_its_own(ask):
    reply, _ = ask("twice", forward="__import__('time').sleep(0.3)", call_seconds=0.5)
    assert outcomes(reply) == [None, None]


def modified(reply):
    return [answer.modified for answer in reply.answers.values()]


@pytest.mark.parametrize(
    ("scenario", "forward", "backward", "found"),
    [
        ("once", "x += 1", "pass", [("x",), ()]),
        ("once", "pass", "g += 1", [(), ("grad_output",)]),
        ("once", "pass", "self.x += 1", [(), ("x",)]),
        ("once", "x += 1", "self.x += g", [("x",), ("x",)]),
        ("twice", "x += x[0] == 3", "g += g[0] == 2", [("warmup_x",), ("grad_output",)]),
        ("twice", "pass", "g += 1", [(), ("grad_output", "warmup_grad_output")]),
        ("two_layers", "x += x[0] == 3", "g += g[0] == 4", [("warmup_x",), ("warmup_grad_output",)]),
    ],
)
def test_run_changed_arrays_are_charged_to_the_phase_that_changed_them(
    ask, scenario, forward, backward, found
):
    reply, _ = ask(scenario, forward=forward, backward=backward)
    assert modified(reply) == found


LARGE = {"sizes": dict.fromkeys(PARTS, 8)}


def test_run_answer_larger_than_can_be_expected_is_a_wrong_shape_and_the_next_part_stands(open_client, plain):
    source = HEAD + RELU.format(forward="return np.zeros(8193)", backward="pass")
    reply = open_client(plain, source).run("relu", {}, ARRAYS, parts=PARTS, **LARGE)
    assert outcomes(reply) == [Outcome.WRONG_SHAPE, None]
    assert reply.answers["output"].message == ("output has shape (8193,), 65544 bytes: too large to be right")
    assert reply.answers["output"].array is None


def test_run_answer_that_is_larger_but_can_be_diagnosed_is_kept(open_client, plain):
    source = HEAD + RELU.format(forward="return np.zeros(8192)", backward="pass")
    reply = open_client(plain, source).run("relu", {}, ARRAYS, parts=PARTS, **LARGE)
    assert reply.answers["output"].array.shape == (8192,)


def test_run_answer_past_the_workers_own_check_is_not_read(open_client, plain):
    patch = (
        "for thing in __import__('gc').get_objects():\n"
        "            if type(thing) is dict and 'checked' in thing and 'failure' in thing:\n"
        "                thing['checked'] = lambda part, value, most: value\n"
        "        return np.zeros(1_000_000)"
    )
    client = open_client(plain, HEAD + RELU.format(forward=patch, backward="pass"), imports=("numpy", "gc"))
    reply = client.run("relu", {}, ARRAYS, parts=PARTS, **LARGE)
    assert outcomes(reply) == [Outcome.CRASHED] * 2
    assert "at most 131072 + 65536 are read" in reply.answers["output"].message


def test_run_submissions_limit_counts_the_steps_of_a_case_that_has_not_ended(ask):
    reply, _ = ask("twice", forward="__import__('time').sleep(0.4)", submission_seconds=0.6)
    assert outcomes(reply) == [Outcome.TIMED_OUT] * 2
    assert "for the whole submission" in reply.answers["output"].message
