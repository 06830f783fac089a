"""The tolerance passes every right algorithm, and neither single precision nor a relative error of 1e-6.

On random draws the truth is summed in extended precision, so that it owes nothing to what is tested.
`make stability` prints how far each algorithm is from the bound.
"""

import numpy as np
import pytest

from cnn_reference import conv, loops
from grader.cases import criterion_of, of_kind
from grader.cases.compare import compare
from grader.cases.ground_truth import load_ground_truth, part_of
from tests.quality.algorithms import ALGORITHMS, LAYERS, direct, einsum, in_single_precision

PARTS = ("output", "grad_x", "grad_weight", "grad_bias")
PUBLIC = load_ground_truth()
ASKED = [case for kind in LAYERS for case in of_kind(PUBLIC.cases, kind)]
ENOUGH = 3
"""How many cases must catch what is wrong, for each criterion."""


def by_layer(layer):
    """Let the reference, or its loops, answer."""

    def answer(params, arrays):
        x, weight, bias, upstream = (arrays[name] for name in ("x", "weight", "bias", "grad_output"))
        output = layer.conv2d_forward(x, weight, bias, **params)
        return dict(zip(PARTS, (output, *layer.conv2d_backward(upstream, x, weight, **params)), strict=True))

    return answer


def by(correlate):
    return lambda params, arrays: LAYERS["conv2d"](correlate, params, arrays)


PROGRAMS = {name: by(correlate) for name, correlate in ALGORITHMS.items()}
PROGRAMS |= {"reference": by_layer(conv), "loops": by_layer(loops)}


def draw(rng, dtype):
    """Draw a convolution: small sizes, since many are drawn, and numbers of any scale."""
    (k_h, k_w), (s_h, s_w), (p_h, p_w) = (rng.integers(low, 4, 2) for low in (1, 1, 0))
    H, W = (int(rng.integers(max(1, k - 2 * p), 7)) for k, p in ((k_h, p_h), (k_w, p_w)))
    N, C, F = (int(n) for n in rng.integers(1, 4, 3))
    output = (H + 2 * p_h - k_h) // s_h + 1, (W + 2 * p_w - k_w) // s_w + 1
    shapes = {
        "x": (N, C, H, W),
        "weight": (F, C, k_h, k_w),
        "bias": (F,),
        "grad_output": (N, F, *output),
    }
    arrays = {
        name: (10.0 ** rng.integers(-4, 5) * rng.standard_normal(shape)).astype(dtype)
        for name, shape in shapes.items()
    }
    return {"stride": (int(s_h), int(s_w)), "padding": (int(p_h), int(p_w))}, arrays


def truth_of(params, arrays):
    """Return the right parts: values and magnitudes in extended precision."""
    values, magnitudes = (
        by(einsum)(params, {name: change(array.astype(np.longdouble)) for name, array in arrays.items()})
        for change in (np.asarray, np.abs)
    )
    (F, C, k_h, k_w), (N, _, rows, columns) = arrays["weight"].shape, arrays["grad_output"].shape
    terms = (C * k_h * k_w + 1, F * k_h * k_w, N * rows * columns, N * rows * columns)
    return {
        part: part_of(
            part, arrays, values[part].astype(np.float64), magnitudes[part].astype(np.float64), count
        )
        for part, count in zip(PARTS, terms, strict=True)
    }


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_compare_of_right_algorithms_passes_on_every_draw(dtype):
    rng, failed = np.random.default_rng(5), []
    for _ in range(60):
        params, arrays = draw(rng, dtype)
        truth = truth_of(params, arrays)
        for name, program in PROGRAMS.items():
            answer = program(params, arrays)
            for part, right in truth.items():
                verdict = compare(answer[part], right, dtype, part)
                if not verdict.passed:
                    failed.append((name, part, params, verdict.message))
    assert failed == []


@pytest.mark.parametrize("name", ["FFT", "Winograd F(4,3)"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_compare_of_fast_algorithms_passes_on_every_public_case(name, dtype):
    asked = [case for case in ASKED if case.dtype == dtype]
    assert len(asked) > ENOUGH
    for case in asked:
        answer = LAYERS[case.kind](ALGORITHMS[name], case.params, PUBLIC[case.id].inputs)
        for part, right in PUBLIC[case.id].expected.items():
            assert compare(answer[part], right, dtype, part).passed, (case.id, part)


def test_compare_of_fft_passes_where_all_terms_are_zero():
    case = next(case for case in ASKED if case.id == "k1x1-s3x3-p2x2-r1x2")
    right = PUBLIC[case.id].expected["grad_x"]
    grad_x = LAYERS["conv2d"](ALGORITHMS["FFT"], case.params, PUBLIC[case.id].inputs)["grad_x"]
    unread = right.magnitude == 0
    assert unread.any()
    assert (grad_x[unread] != 0).any()
    assert compare(grad_x, right, "float64", "grad_x").passed


def caught(answers):
    """Return, by criterion, the float64 cases of the public set that such answers fail."""
    found = {}
    for case in ASKED:
        if case.dtype == "float64":
            truth = PUBLIC[case.id]
            for part, array in answers(case, truth).items():
                if not compare(array, truth.expected[part], "float64", part).passed:
                    found.setdefault(criterion_of(case.kind, part), []).append(case.id)
    return found


@pytest.mark.parametrize("off", [1e-6, 1e-9])
def test_compare_of_a_relative_error_fails_in_every_case_of_numbers(off):
    found = caught(lambda _, truth: {part: one.values * (1 + off) for part, one in truth.expected.items()})
    asked = sum(case.kind == "conv2d" and case.dtype == "float64" for case in ASKED)
    for criterion in ("conv2d.forward", "conv2d.grad_x", "conv2d.grad_weight", "conv2d.grad_bias"):
        assert len(found[criterion]) >= asked - ENOUGH, criterion
    assert all(len(ids) >= ENOUGH for ids in found.values())
    assert len(found) == 8


def test_compare_of_single_precision_fails_for_float64_inputs():
    inside = in_single_precision(direct)
    found = caught(lambda case, truth: LAYERS[case.kind](inside, case.params, truth.inputs))
    # The gradient of the bias needs no product, so it stays right.
    assert len(found) == 6
    assert all(len(ids) >= ENOUGH for ids in found.values())
    assert not any("grad_bias" in criterion for criterion in found)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_compare_of_a_thousandth_in_place_of_zero_fails_at_any_scale(dtype):
    rng, tried = np.random.default_rng(7), 0
    while tried < 50:
        params, arrays = draw(rng, dtype)
        right = truth_of(params, arrays)["grad_x"]
        unread = right.magnitude == 0
        if not unread.any():
            continue
        tried += 1
        answer = right.values.copy()
        answer[tuple(np.argwhere(unread)[0])] = 1e-3 * right.largest_product
        assert not compare(answer, right, dtype, "grad_x").passed
