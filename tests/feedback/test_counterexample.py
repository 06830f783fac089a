"""The smallest setting that still fails, within a budget, shown so that it can be checked by hand."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.cases.ground_truth import load_ground_truth
from grader.checks.submission import Student
from grader.feedback.array_diff import side_by_side
from grader.feedback.counterexample import smallest_counterexample
from grader.feedback.mistakes import Form, mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.feedback.mistakes.transforms import on
from grader.feedback.probe import find_counterexamples
from grader.feedback.small_cases import draw, expected, setting_of
from grader.results import Item, Outcome
from grader.sandbox.answers import failed

TRUTH = load_ground_truth()
VALID = [case for case in TRUTH.cases if setting_of(case) is not None]


class Counting(InProcess):
    """Counts the calls and keeps the settings."""

    calls = 0

    def run(self, *arguments, **options):
        self.calls += 1
        self.last = arguments
        return super().run(*arguments, **options)


def shrunk(name, case_id, part, **budget):
    entry = mistake(name)
    caller = Counting(student(entry.kind, entry.forms[0]))
    case = next(case for case in TRUTH.cases if case.id == case_id)
    return smallest_counterexample(case, part, caller, np.random.default_rng(0), **budget), caller


def test_smallest_counterexample_of_crop_from_the_end_is_one_pixel_kernel_on_two_by_two():
    found, _ = shrunk("crops_from_the_end", "k5x5-s1x1-p0x0-r0x0", "grad_x")
    assert found.criterion == "conv2d.grad_x"
    assert found.text.startswith("conv2d(in_channels=1, out_channels=1, kernel_size=1, stride=1, padding=0)")
    assert "yours, shape (1, 1, 0, 0)  expected, shape (1, 1, 2, 2)" in found.text


def test_smallest_counterexample_of_batch_mean_needs_two_images():
    found, _ = shrunk("averages_over_batch", "k3x2-s2x3-p1x0-r1x2", "grad_bias")
    assert "*" in found.text
    assert "grad_output = [[[[" in found.text


def test_smallest_counterexample_of_accumulation_keeps_its_scenario():
    found, _ = shrunk("accumulates_gradients", "k3x3-s1x1-p1x1-r0x0-twice", "grad_weight")
    assert "after a forward and backward on other arrays" in found.text


def test_smallest_counterexample_of_refusal_shows_what_was_raised():
    found, _ = shrunk("refuses_remainder", "k3x2-s2x3-p1x0-r1x2", "output")
    assert "output: ValueError: not divisible" in found.text
    assert "expected output = " in found.text


def ints_only(cases):
    return [case for case in cases if not any(isinstance(value, tuple) for value in case.params.values())]


def test_smallest_counterexample_of_code_that_takes_ints_shows_no_pair():
    """Without the interface, the smallest kernel that shows the mistake is a row of two."""
    name = "flips_kernel_in_forward"
    assert "kernel_size=(1, 2)" in shrunk(name, "k3x3-s2x2-p1x1-r1x1", "output")[0].text
    found, caller = shrunk(name, "k3x3-s2x2-p1x1-r1x1", "output", expressed=ints_only)
    assert "kernel_size=2, stride=1, padding=0" in found.text
    assert not any(isinstance(value, tuple) for value in caller.last[1].values())
    assert shrunk(name, "k3x2-s2x3-p1x0-r1x2", "output", expressed=ints_only)[0] is None


class Refusing(InProcess):
    """Raises for a kernel of one pixel, a remainder, and a stride above 1: each time another error."""

    def __init__(self):
        super().__init__(student("conv2d", Form()))

    def run(self, kind, params, arrays, *, parts, **options):
        side, stride, rows = params["kernel_size"], params["stride"], arrays["x"].shape[2]
        error = None
        if side == 1:
            error = "IndexError: one pixel"
        elif (rows + 2 * params["padding"] - side) % stride:
            error = "ValueError: does not fit"
        elif stride != 1:
            error = "TypeError: steps"
        reply = super().run(kind, params, arrays, parts=parts, **options)
        if error is None:
            return reply
        return replace(reply, answers=failed(parts, Outcome.RAISED, error))


def test_find_counterexamples_shows_the_error_that_most_cases_raise():
    told = {
        "k1x1-s1x1-p0x0-r0x0": "IndexError: one pixel",
        "k3x3-s2x2-p1x1-r0x0": "TypeError: steps",
        "k3x3-s2x2-p1x1-r1x1": "ValueError: does not fit",
        "k5x5-s2x2-p2x2-r1x1": "ValueError: does not fit in another way",
    }
    items = [Item("conv2d.forward", case, Outcome.RAISED, message) for case, message in told.items()]
    items.append(Item("conv2d.forward", "k2x2-s1x1-p0x0-r0x0", Outcome.PASSED))
    (found,) = find_counterexamples(Student(Refusing(), TRUTH, expressed=ints_only), items)
    assert "output: ValueError: does not fit\n" in found.text
    assert found.text.startswith("conv2d(in_channels=1, out_channels=1, kernel_size=3, stride=2, padding=0)")


def test_find_counterexamples_of_errors_that_small_arrays_cannot_show_is_empty():
    items = [
        Item("conv2d.forward", "k3x3-s2x2-p1x1-r0x0", Outcome.TIMED_OUT),
        Item("conv2d.forward", "k3x3-s2x2-p1x1-r1x1", Outcome.TIMED_OUT),
        Item("conv2d.forward", "k1x1-s1x1-p0x0-r0x0", Outcome.RAISED, "IndexError: one pixel"),
    ]
    assert find_counterexamples(Student(Refusing(), TRUTH), items) == ()


def test_smallest_counterexample_of_right_layer_is_none():
    case = next(case for case in TRUTH.cases if case.kind == "conv2d")
    caller = Counting(student("conv2d", Form()))
    assert smallest_counterexample(case, "output", caller, np.random.default_rng(0)) is None
    assert caller.calls == 1


def test_smallest_counterexample_keeps_to_its_calls():
    found, caller = shrunk("flips_kernel_in_forward", "k5x5-s4x4-p3x3-r3x0", "output", max_calls=7)
    assert caller.calls == 7
    assert found is not None


def test_smallest_counterexample_keeps_to_its_seconds():
    clock = iter(range(100))
    found, caller = shrunk(
        "flips_kernel_in_forward",
        "k5x5-s4x4-p3x3-r3x0",
        "output",
        max_seconds=4,
        clock=lambda: next(clock),
    )
    assert caller.calls == 3
    assert found is not None


def test_smallest_counterexample_shows_no_array_of_the_case():
    """Inputs are integers that were drawn for it; those of the ground truth are not integers."""
    _, caller = shrunk("flips_kernel_in_forward", "k3x3-s1x1-p1x1-r0x0", "output")
    arrays = caller.last[2]
    assert all(np.array_equal(array, np.round(array)) for array in arrays.values())


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.id)
def test_setting_of_case_is_possible_and_answered_by_the_right_layer(case):
    setting = setting_of(case)
    assert setting.is_possible() or "H" in setting.numbers
    arrays = draw(setting, np.random.default_rng(0))
    parts = tuple(expected(setting, arrays))
    reply = InProcess(student(case.kind, Form())).run(
        setting.kind, setting.params(), arrays, parts=parts, scenario=setting.scenario
    )
    for part, wanted in expected(setting, arrays).items():
        np.testing.assert_allclose(reply.answers[part].array, wanted, atol=1e-9)


def test_side_by_side_of_arrays_marks_wrong_positions():
    text = side_by_side(np.array([[1.0, 5.0], [3.0, np.nan]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert text.splitlines() == [
        "yours         expected  difference",
        "[1     5*]    [1  2]    [.    3]",
        "[3     nan*]  [3  4]    [.    nan]",
    ]


@given(st.floats(0.5, 2e9), st.floats(1.2e-6, 1e-3))
def test_side_by_side_never_shows_a_wrong_number_as_the_right_one(right, relative):
    wanted = np.array([right, 1.0])
    got = np.array([right + (1 + right) * relative, 1.0], dtype=np.float64)
    line = side_by_side(got, wanted).splitlines()[1]
    mine, ours = (text.strip("[]* ").split()[0] for text in line.split("]  [")[:2])
    assert mine.rstrip("*") != ours


def test_side_by_side_of_float32_rounding_shows_the_digits_that_differ():
    got = np.array([[1.0, 1234.5679, 3.0]])
    wanted = np.array([[1.0, 1234.5654, 3.0]])
    shown = "[1          1234.568*  3]  [1         1234.565  3]  [.       0.0025  .]"
    assert side_by_side(got, wanted).splitlines()[1] == shown


def test_side_by_side_of_other_shapes_names_both():
    text = side_by_side(np.zeros((1, 2)), np.zeros((2, 1)))
    assert text.splitlines()[0] == "yours, shape (1, 2)  expected, shape (2, 1)"


@pytest.mark.parametrize("shape", [(8_000_000,), (2_000, 4_000), (40, 50, 60, 70), (1, 1, 9_000, 900), ()])
def test_side_by_side_of_a_large_answer_shows_its_corner_in_milliseconds(shape):
    """Of 63 MB, every cell was made text before all but 144 were left out: half a minute."""
    answer, start = np.zeros(shape), time.process_time()
    lines = side_by_side(answer, np.zeros((3, 3))).splitlines()
    assert lines[0].startswith(f"yours, shape {shape}")
    assert len(lines) <= 13
    assert max(map(len, lines)) < 300
    assert time.process_time() - start < 0.5


def test_side_by_side_of_many_blocks_counts_those_that_are_not_shown():
    text = side_by_side(np.ones((300, 100, 2, 2)), np.zeros((300, 100, 2, 2)))
    assert text.splitlines()[-1] == "... and 29996 more"
    assert side_by_side(np.array(1.0), np.array(2.0)).splitlines()[1] == "[1*]   [2]       [-1]"


def test_side_by_side_of_four_axes_shows_wrong_blocks_only():
    wanted = np.zeros((2, 3, 2, 2))
    got = wanted.copy()
    got[1, 2, 0, 1] = 7
    assert side_by_side(got, wanted).splitlines()[0] == "[1, 2]"


def test_smallest_counterexample_of_complex_answer_is_found():
    form = Form(on("output", "finish", lambda result, _: result.astype(complex)))
    case = next(case for case in TRUTH.cases if case.kind == "conv2d")
    caller = Counting(student("conv2d", form))
    found = smallest_counterexample(case, "output", caller, np.random.default_rng(0), max_calls=3)
    assert found.text.endswith("output has dtype complex128, expected float64")
