"""The smallest setting that still fails, within a budget, shown so that it can be checked by hand."""

import time

import numpy as np
import pytest

from grader.cases.ground_truth import load_ground_truth
from grader.feedback.array_diff import side_by_side
from grader.feedback.counterexample import smallest_counterexample
from grader.feedback.mistakes import Form, mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.feedback.mistakes.transforms import on
from grader.feedback.small_cases import draw, expected, setting_of

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
