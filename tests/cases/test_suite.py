"""The case tables span what they promise."""

import json

import pytest

from grader.cases import case_from_json, case_to_json, of_kind, suite
from grader.cases.shapes import window_counts
from grader.worker.layer_kinds import both

CONV = of_kind(suite(), "conv2d")


def _per_axis(case, name):
    return both(case.params[name])


def _remainders(case):
    extent = (case.sizes["H"], case.sizes["W"])
    axes = zip(extent, *(_per_axis(case, name) for name in ("kernel_size", "stride", "padding")), strict=True)
    return tuple((size + 2 * p - k) % s for size, k, s, p in axes)


def test_suite_ids_are_unique():
    ids = [case.id for case in suite()]
    assert len(set(ids)) == len(ids)


def test_conv2d_has_at_least_sixty_valid_cases():
    assert len(CONV) >= 60


@pytest.mark.parametrize(
    ("name", "values"),
    [("kernel_size", {1, 2, 3, 4, 5}), ("stride", {1, 2, 3, 4}), ("padding", {0, 1, 2, 3})],
)
def test_conv2d_spans_each_value_on_each_axis(name, values):
    for axis in (0, 1):
        assert {_per_axis(case, name)[axis] for case in CONV} >= values


def test_conv2d_has_every_remainder_of_every_stride_on_each_axis():
    for axis in (0, 1):
        seen = {(_per_axis(case, "stride")[axis], _remainders(case)[axis]) for case in CONV}
        assert seen >= {(stride, rest) for stride in range(1, 5) for rest in range(stride)}


def test_conv2d_has_remainders_larger_than_the_padding_but_with_padding():
    found = [
        case
        for case in CONV
        for rest, p in zip(_remainders(case), _per_axis(case, "padding"), strict=True)
        if rest > p > 0
    ]
    assert len(found) >= 2


def test_conv2d_has_oblong_kernels_strides_above_the_kernel_and_padding_above_it():
    pairs = [
        (_per_axis(case, "kernel_size"), _per_axis(case, "stride"), _per_axis(case, "padding"))
        for case in CONV
    ]
    assert sum(k[0] != k[1] for k, _, _ in pairs) >= 10
    assert any(s[0] > k[0] for k, s, _ in pairs)
    assert any(p[0] >= k[0] for k, _, p in pairs)


def test_conv2d_has_single_images_single_channels_and_float32():
    assert any(case.sizes["N"] == 1 for case in CONV)
    assert any(case.sizes["C_in"] == 1 for case in CONV)
    assert any(case.sizes["C_out"] == 1 for case in CONV)
    assert sum(case.dtype == "float32" for case in CONV) >= 3


def test_conv2d_channels_differ_but_where_a_case_is_about_equality():
    for case in CONV:
        if not case.id.endswith("-n1c1f1"):
            assert case.sizes["N"] != case.sizes["C_in"] != case.sizes["C_out"], case.id


def test_conv2d_has_square_images_beside_many_that_are_not():
    square = [case for case in CONV if case.sizes["H"] == case.sizes["W"]]
    assert 20 <= len(square) <= len(CONV) / 3


def test_conv2d_has_single_images_without_a_remainder():
    single = [case for case in CONV if case.sizes["N"] == 1]
    assert sum(not any(_remainders(case)) for case in single) >= 2


def test_pooling_has_three_cases_of_ties_without_padding_and_square_images_with_square_windows():
    cases = of_kind(suite(), "max_pool2d")
    ties = [case for case in cases if case.values == "ties"]
    assert sum(_per_axis(case, "padding") == (0, 0) for case in ties) >= 3
    square = [case for case in cases if case.sizes["H"] == case.sizes["W"]]
    assert sum(_per_axis(case, "kernel_size") in ((2, 2), (3, 3)) for case in square) >= 2


def test_conv2d_rows_give_the_output_size_that_their_remainder_says():
    for case in CONV:
        remainder = case.id.split("-")[3]
        assert "r{}x{}".format(*_remainders(case)) == remainder, case.id
        assert min(window_counts(case.sizes, case.params)) >= 1, case.id


def test_conv2d_invalid_cases_name_a_valid_twin():
    invalid = of_kind(suite(), "conv2d", invalid=True)
    valid = {case.id for case in CONV}
    assert len(invalid) >= 8
    assert all(case.twin in valid for case in invalid)


@pytest.mark.parametrize("case", suite(), ids=lambda case: case.id)
def test_case_from_json_returns_the_case_that_was_written(case):
    assert case_from_json(json.loads(json.dumps(case_to_json(case)))) == case


def test_describe_names_parameters_sizes_and_reason():
    case = next(case for case in CONV if case.id == "k3x2-s2x3-p1x0-r1x2")
    text = case.describe()
    assert "kernel_size=(3, 2)" in text
    assert "stride=(2, 3)" in text
    assert f"H={case.sizes['H']}" in text
    assert case.why in text
