"""What a student's code raised crosses the wire as a status, a sentence and a few pairs of numbers."""

from typing import Any

import numpy as np
import pytest

from grader.worker import remarks
from grader.worker.serialize import MAX_FRAMES, Unusable, checked, failure

FILES = ("cnn.py", "pad.py")
PAD = "def pad(x):\n    return x[9]\n"
CNN = """
def forward(x):
    return pad(x)

def deeper(depth):
    return deeper(depth - 1) if depth else pad([])

def even(depth):
    return odd(depth - 1)

def odd(depth):
    return even(depth - 1) if depth > 0 else pad([])

def through_numpy(x):
    return list(map(forward, [x]))
"""


def raised(call: str) -> BaseException:
    names: dict[str, Any] = {}
    exec(compile(PAD, "pad.py", "exec"), names)
    exec(compile(CNN, "cnn.py", "exec"), names)
    with pytest.raises(IndexError) as caught:
        exec(compile(call, "<interface>", "exec"), names)
    return caught.value


@pytest.mark.parametrize(
    ("call", "frames"),
    [
        ("forward([])", [[1, 2], [0, 3]]),
        ("through_numpy([])", [[1, 2], [0, 3], [0, 15]]),
        ("deeper(50)", [[1, 2], [0, 6]]),
        ("[][0]", []),
    ],
)
def test_failure_has_the_students_own_frames_innermost_first(call: str, frames: list[list[int]]):
    assert failure(raised(call), FILES) == {
        "status": "raised",
        "message": "IndexError: list index out of range",
        "frames": frames,
    }


def test_failure_of_a_deep_recursion_keeps_the_innermost_frames():
    frames = failure(raised("even(101)"), FILES)["frames"]
    assert frames == [[1, 2], *[[0, 12], [0, 9]] * (MAX_FRAMES // 2)][:MAX_FRAMES]


def test_failure_of_a_syntax_error_in_a_helper_is_the_line_of_that_file_and_not_of_our_count():
    with pytest.raises(SyntaxError) as caught:
        compile("x = 1\nx = = 2\n", "pad.py", "exec")
    found = failure(caught.value, FILES)
    assert (found["message"], found["frames"]) == ("SyntaxError: invalid syntax", [[1, 2]])


def test_failure_of_a_syntax_error_without_a_place_has_no_frame():
    assert failure(SyntaxError(), FILES) == {"status": "raised", "message": "SyntaxError: None", "frames": []}


LONG = np.array([1, 1e-20, 3], np.longdouble)


@pytest.mark.parametrize(
    ("value", "array", "remark"),
    [
        (LONG, np.array([1, 1e-20, 3]), []),
        (LONG[2], np.array(3.0), []),
        (LONG + 1j, np.array([1 + 1j, 1e-20 + 1j, 3 + 1j]), []),
        ([[1, 2], [3, 4]], np.array([[1.0, 2.0], [3.0, 4.0]]), ["list"]),
        ([True, 2.5], np.array([1.0, 2.5]), ["list"]),
        ([np.float32(1), np.float32(2)], np.array([1, 2], np.float32), ["list"]),
        ([np.ones(2), np.zeros(2)], np.array([[1.0, 1.0], [0.0, 0.0]]), ["list"]),
        ([], np.zeros(0), ["list"]),
        (np.ones(2, np.int64), np.ones(2, np.int64), []),
    ],
)
def test_checked_numbers_become_an_array_that_the_wire_carries(value, array, remark):
    remarks.forget()
    found = checked("output", value, 64)
    np.testing.assert_array_equal(found, array, strict=True)
    assert remarks.noted("output") == remark


@pytest.mark.parametrize("value", [[1, [2]], ["a"], [None], (1.0, 2.0), {}, [[1, 2], [3]]])
def test_checked_other_values_are_refused(value):
    remarks.forget()
    with pytest.raises(Unusable, match="a plain NumPy array is expected") as refused:
        checked("output", value, 64)
    assert refused.value.status == "wrong_dtype"
    assert remarks.noted("output") == []


LAYER = """
class Layer:
    def forward(x):
        return x
    def reset(self):
        return self
    def run(self, x):
        return self.forward(x)
    def again(self, x):
        return self.reset(x)
def plain(x):
    return plain(x, 1)
"""


@pytest.mark.parametrize(
    ("call", "lacks_self"),
    [("Layer().run(1)", True), ("Layer().again(1)", False), ("plain(1)", False)],
)
def test_failure_method_that_does_not_take_its_object_is_named_as_such(call, lacks_self):
    names: dict[str, Any] = {}
    exec(compile(LAYER, "cnn.py", "exec"), names)
    with pytest.raises(TypeError) as caught:
        eval(call, names)
    message = failure(caught.value, FILES)["message"]
    assert message.endswith("(`self` is missing among the method's parameters)") == lacks_self


def test_checked_error_that_stands_in_place_of_a_value_is_raised():
    with pytest.raises(ZeroDivisionError, match="no"):
        checked("grad_weight", ZeroDivisionError("no"), 64)
