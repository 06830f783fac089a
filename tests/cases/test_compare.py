"""Each way in which an array can be wrong gets its own verdict, and rounding gets none."""

import numpy as np
import pytest

from grader.cases.compare import compare, error_bound, position
from grader.cases.ground_truth import Part, load_ground_truth
from grader.results import Outcome

CASE = "k3x3-s2x2-p1x1-r1x1"
TRUTH = load_ground_truth()[CASE].expected["output"]
UNREAD = load_ground_truth()["k3x3-s2x2-p0x0-r1x1"].expected["grad_x"]


def _changed(where=(0, 1, 1, 2), by=1e-6):
    values = TRUTH.values.copy()
    values[where] += by
    return values


def test_compare_right_values_pass():
    verdict = compare(TRUTH.values, TRUTH, "float64")
    assert verdict.passed
    assert verdict.deviation == 0


@pytest.mark.parametrize("dtype", ["int64", "float32", "float16", "bool", "complex128"])
def test_compare_lesser_dtype_for_float64_inputs_is_wrong_dtype(dtype):
    with np.errstate(all="ignore"):
        actual = TRUTH.values.real.astype(dtype)
    verdict = compare(actual, TRUTH, "float64")
    assert verdict.outcome is Outcome.WRONG_DTYPE
    assert verdict.message == f"expected dtype float64, got {dtype}"


def test_compare_float64_answer_to_float32_inputs_passes():
    assert compare(TRUTH.values, TRUTH, "float32").passed


def test_compare_shape_is_exact():
    verdict = compare(TRUTH.values[:, :, 1:], TRUTH, "float64")
    assert verdict.outcome is Outcome.WRONG_SHAPE
    assert verdict.message == "expected shape (2, 4, 2, 3), got (2, 4, 1, 3)"


def test_compare_trailing_axis_of_one_is_wrong_shape():
    truth = Part(np.ones(4), np.ones(4), 6)
    assert compare(np.ones((4, 1)), truth, "float64").outcome is Outcome.WRONG_SHAPE


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_compare_nan_or_infinity_is_not_finite_and_is_placed(value):
    actual = TRUTH.values.copy()
    actual[1, 2, 0, 1] = value
    verdict = compare(actual, TRUTH, "float64")
    assert verdict.outcome is Outcome.NOT_FINITE
    assert "[n=1, c=2, i=0, j=1]" in verdict.message


def test_compare_wrong_value_names_place_expected_and_got():
    verdict = compare(_changed(by=0.5), TRUTH, "float64")
    assert verdict.outcome is Outcome.WRONG_VALUE
    assert verdict.worst == (0, 1, 1, 2)
    assert verdict.deviation == pytest.approx(0.5)
    assert verdict.message.startswith(
        "1 of 48 values are wrong; the largest deviation is 0.5 at [n=0, c=1, i=1, j=2]"
    )
    assert f"expected {TRUTH.values[0, 1, 1, 2]:.6g}" in verdict.message


def test_compare_relative_error_of_a_millionth_fails_in_float64():
    assert not compare(TRUTH.values * (1 + 1e-6), TRUTH, "float64").passed


def test_compare_rounding_to_float32_passes_for_float32_inputs_only():
    rounded = TRUTH.values.astype(np.float32)
    assert compare(rounded, TRUTH, "float32").passed
    assert not compare(rounded.astype(np.float64), TRUTH, "float64").passed


def test_compare_gradient_in_an_unread_row_fails():
    unread = np.argwhere(UNREAD.magnitude == 0)
    assert len(unread)
    actual = UNREAD.values.copy()
    actual[tuple(unread[0])] = 1e-9
    assert compare(actual, UNREAD, "float64").outcome is Outcome.WRONG_VALUE


def test_compare_zero_reached_by_cancellation_passes_in_an_unread_row():
    actual = UNREAD.values.copy()
    actual[tuple(np.argwhere(UNREAD.magnitude == 0)[0])] = 1e-17
    assert compare(actual, UNREAD, "float64").passed


def test_error_bound_grows_with_terms_magnitude_and_epsilon():
    short, long = Part(np.ones(1), np.ones(1), 10), Part(np.ones(1), np.ones(1), 1000)
    assert error_bound(long, "float64")[0] > 50 * error_bound(short, "float64")[0]
    assert error_bound(short, "float32")[0] == pytest.approx(
        2.0**29 * error_bound(short, "float64")[0], rel=1e-4
    )


def test_compare_big_endian_answer_passes():
    assert compare(TRUTH.values.astype(">f8"), TRUTH, "float64").passed


def test_place_unknown_axes_are_numbered():
    assert position((1, 2), "weight_0") == "[axis0=1, axis1=2]"
    assert position((), "output") == "[]"
