"""The timed convolutions: no remainder, the same cost for each product, right answers with their bounds."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnn_reference.loops import conv2d_backward, conv2d_forward
from grader.cases.compare import compare
from grader.speed.workloads import CONV2D_PARTS, LARGE, PADDING, SMALL, STRIDE, Size, right_answers

ODD = Size(N=2, C_in=3, C_out=2, H=3, W=2, K_h=3, K_w=2)


def by_loops(inputs: Mapping[str, Any]) -> tuple[Any, ...]:
    how = {"stride": STRIDE, "padding": PADDING}
    output = conv2d_forward(inputs["x"], inputs["weight"], inputs["bias"], **how)
    return output, *conv2d_backward(inputs["grad_output"], inputs["x"], inputs["weight"], **how)


@pytest.mark.parametrize("size", [SMALL, LARGE, ODD])
def test_draw_shapes_leave_no_remainder(size: Size) -> None:
    inputs = size.draw(np.random.default_rng(0))
    _, _, H, W = inputs["x"].shape
    assert ((H + 2 * PADDING - size.K_h) % STRIDE, (W + 2 * PADDING - size.K_w) % STRIDE) == (0, 0)
    assert inputs["grad_output"].shape == (size.N, size.C_out, size.H, size.W)


def test_draw_twice_gives_other_inputs() -> None:
    rng = np.random.default_rng(0)
    assert not np.array_equal(ODD.draw(rng)["x"], ODD.draw(rng)["x"])


def test_small_and_large_have_the_same_channels_and_kernel() -> None:
    assert replace(LARGE, N=SMALL.N, H=SMALL.H, W=SMALL.W) == SMALL


def test_products_counts_each_multiplication() -> None:
    assert ODD.products == 2 * 2 * 3 * 2 * 3 * 3 * 2


def test_times_multiplies_the_named_dimensions_only() -> None:
    assert ODD.times(2, "H", "W") == replace(ODD, H=6, W=4)


def test_right_answers_are_what_loops_compute() -> None:
    inputs = ODD.draw(np.random.default_rng(3))
    truth = right_answers(inputs)
    for part, array in zip(CONV2D_PARTS, by_loops(inputs), strict=True):
        assert compare(array, truth[part], "float64", part).passed


def test_right_answers_bound_refuses_single_precision() -> None:
    inputs = ODD.draw(np.random.default_rng(3))
    truth = right_answers(inputs)
    output = by_loops(inputs)[0].astype(np.float32).astype(np.float64)
    assert not compare(output, truth["output"], "float64").passed
