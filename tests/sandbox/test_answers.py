"""Every field of a frame is doubted."""

import numpy as np
import pytest

from grader.results import Outcome, Place
from grader.sandbox.answers import (
    Answer,
    Stop,
    plain_text,
    read_answer,
    read_end,
    read_names,
    read_other_names,
    stopped,
    with_view,
)
from grader.worker.wire import Frame

RAISED = {"status": "raised", "message": "no", "frames": [[0, 3]]}
PLACE = Place("cnn.py", None, 3, "pad(x)", "forward")


def locate(file: int, line: int) -> Place | None:
    return PLACE if (file, line) == (0, 3) else None


def test_read_answer_ok_returns_the_array():
    array = np.ones(2)
    answer = read_answer(Frame({"status": "ok"}, {"output": array}), "output", 16, 0.5, 0.25, locate)
    assert (answer.outcome, answer.seconds, answer.cpu_seconds) == (None, 0.5, 0.25)
    assert answer.array is array


def test_read_answer_larger_than_expected_is_a_wrong_shape_and_is_dropped():
    answer = read_answer(Frame({"status": "ok"}, {"output": np.ones(3)}), "output", 16, 0.5, 0.25, locate)
    assert (answer.outcome, answer.array) == (Outcome.WRONG_SHAPE, None)
    assert answer.message == "output has shape (3,), 24 bytes: too large to be right"


def test_read_answer_failure_returns_message_and_place():
    answer = read_answer(Frame(RAISED, {}), "output", 16, 0.0, 0.0, locate)
    assert (answer.outcome, answer.message, answer.location) == (Outcome.RAISED, "no", (PLACE,))


@pytest.mark.parametrize("frame", [[0, 0], [0, -1], [1, 3], [-1, 3], [0, 10**9], [10**400, 10**400]])
def test_read_answer_frame_outside_of_the_source_is_left_out(frame):
    frames = [frame, [0, 3], frame]
    answer = read_answer(Frame({**RAISED, "frames": frames}, {}), "output", 16, 0.0, 0.0, locate)
    assert answer.location == (PLACE,)


def test_read_answer_thousands_of_frames_are_cut():
    answer = read_answer(Frame({**RAISED, "frames": [[0, 3]] * 5000}, {}), "output", 16, 0.0, 0.0, locate)
    assert answer.location == (PLACE,) * 8


def test_read_answer_text_is_made_fit_for_every_file():
    answer = read_answer(
        Frame({**RAISED, "message": "a\ud800b\0" + "x" * 9999}, {}), "output", 16, 0.0, 0.0, locate
    )
    assert answer.message.startswith("a\\ud800b\\x00xxx")
    assert len(answer.message.encode()) < 4100


def deep(levels=100_000):
    value = []
    for _ in range(levels):
        value = [value]
    return value


BAD = {
    "passed": {"status": "passed"},
    "grader error": {"status": "grader_error"},
    "no status": {},
    "a list": {"status": ["raised"]},
    "a list too deep to be written": {"status": deep()},
    "ok without array": {"status": "ok"},
    "a message that is not text": {**RAISED, "message": {}},
    "a line that is true": {**RAISED, "frames": [[0, True]]},
    "a line that is text": {**RAISED, "frames": [[0, "3"]]},
    "a frame of one number": {**RAISED, "frames": [[0]]},
    "a frame that is a mapping": {**RAISED, "frames": [{"file": 0, "line": 3}]},
    "frames that are a number": {**RAISED, "frames": 3},
}


@pytest.mark.parametrize("header", BAD.values(), ids=BAD)
def test_read_answer_anything_else_is_out_of_turn(header):
    with pytest.raises(Stop, match="answered out of turn") as stop:
        read_answer(Frame(header, {}), "output", 16, 0.0, 0.0, locate)
    assert stop.value.outcome is Outcome.CRASHED


def test_read_answer_failure_with_an_array_is_out_of_turn():
    with pytest.raises(Stop):
        read_answer(Frame(RAISED, {"output": np.ones(1)}), "output", 16, 0.0, 0.0, locate)


def test_read_end_returns_what_stopped_the_call_and_what_it_changed():
    end = read_end(Frame({**RAISED, "modified": ["x"]}, {}), {"x": 1}, locate)
    assert (end.failure.outcome, end.failure.location, end.modified) == (Outcome.RAISED, (PLACE,), ("x",))
    assert read_end(Frame({"status": "ok", "modified": []}, {}), {}, locate).failure is None


@pytest.mark.parametrize("header", [*BAD.values(), {"status": "ok"}, {"status": "ok", "modified": ["x"]}])
def test_read_end_anything_else_is_out_of_turn(header):
    with pytest.raises(Stop, match="answered out of turn"):
        read_end(Frame(header, {}), {}, locate)


def test_read_answer_keeps_known_remarks_and_refuses_others():
    header = {"status": "ok", "remarks": ["gradient_order", "gradient_order"]}
    answer = read_answer(Frame(header, {"grad_x": np.ones(1)}), "grad_x", 16, 0.0, 0.0, locate)
    assert answer.remarks == ("gradient_order",)
    for remarks in (["right"], "list", None, [1]):
        with pytest.raises(Stop, match="unknown remarks"):
            read_answer(
                Frame({**header, "remarks": remarks}, {"grad_x": np.ones(1)}), "grad_x", 16, 0.0, 0.0, locate
            )


VIEW = {"status": "out_of_bounds_view", "message": "too far", "frames": [[0, 3]]}


def test_read_end_returns_the_view_that_reaches_outside():
    end = read_end(Frame({"status": "ok", "modified": [], "view": VIEW}, {}), {}, locate)
    assert (end.failure, end.view.outcome, end.view.message) == (None, Outcome.OUT_OF_BOUNDS_VIEW, "too far")
    assert end.view.location == (PLACE,)
    for view in ("view", [VIEW], {**VIEW, "status": "raised"}, {**VIEW, "frames": 3}):
        with pytest.raises(Stop, match="answered out of turn"):
            read_end(Frame({"status": "ok", "modified": [], "view": view}, {}), {}, locate)


def test_with_view_fails_arrays_with_nan_and_keeps_the_others():
    view = Answer("view", Outcome.OUT_OF_BOUNDS_VIEW, None, "too far", (PLACE,))
    arrays = {"nan": np.array([1.0, np.nan]), "right": np.ones(1), "whole": np.ones(1, int)}
    answers = {part: Answer(part, array=array, seconds=2.0) for part, array in arrays.items()}
    answers["raised"] = Answer("raised", Outcome.RAISED)
    found = with_view(answers, view)
    nan = found["nan"]
    assert (nan.part, nan.array, nan.message, nan.location, nan.seconds) == (
        "nan",
        None,
        "too far",
        (PLACE,),
        2,
    )
    assert {part: answer.outcome for part, answer in found.items()} == {
        "nan": Outcome.OUT_OF_BOUNDS_VIEW,
        "raised": Outcome.RAISED,
        "right": None,
        "whole": None,
    }
    assert {answer.view for part, answer in found.items() if part != "nan"} == {view}
    assert with_view(answers, None) == answers


def test_stopped_keeps_what_came_before_and_fails_what_is_unfinished_or_missing():
    first, half = np.ones(1), np.zeros(2)
    answers = {
        "grad_x": Answer("grad_x", array=first),
        "grad_weight": Answer("grad_weight", array=half, remarks=("unfinished",)),
    }
    why = Answer("end", Outcome.RAISED, None, "no", (PLACE,))
    failures = stopped(answers, ("grad_x", "grad_weight", "grad_bias"), why)
    assert [(part, one.outcome, one.message, one.location) for part, one in failures.items()] == [
        (part, Outcome.RAISED, "no", (PLACE,)) for part in ("grad_weight", "grad_bias")
    ]
    assert failures["grad_weight"].array is None
    assert failures["grad_weight"].unfinished is half
    assert failures["grad_bias"].unfinished is None


def test_read_names_own_inputs_once_each():
    assert read_names(["x", "x"], {"x": 1, "weight": 2}, "no") == ("x",)


@pytest.mark.parametrize("value", [None, "x", ["y"], [1], [["x"]]])
def test_read_names_anything_else_is_out_of_turn(value):
    with pytest.raises(Stop):
        read_names(value, {"x": 1}, "no")


def test_read_other_names_of_the_published_table_by_kind():
    names = {"conv2d": {"weight": "W", "Conv2d": "Conv"}, "cross_entropy": {"forward": "loss"}}
    assert read_other_names({**names, "relu": {}}) == names


@pytest.mark.parametrize(
    "value",
    [
        *(None, [], {"conv2d": ["W"]}, {"conv2d": {"weight": 3}}, {"conv2d": {"weight": ["W"]}}),
        *({"conv2d": {"weight": "0.73281"}}, {"0.73281": {"weight": "W"}}, {"conv2d": {"0.73281": "W"}}),
    ],
)
def test_read_other_names_anything_else_is_out_of_turn(value):
    with pytest.raises(Stop):
        read_other_names(value)


def test_plain_text_writes_out_what_steers_or_reorders_and_is_cut():
    assert plain_text("\x1b[2J\u202e\0\udc80\n\tx", 8) == "\\x1b[2J\\u202e\\x00\\udc80\n"
