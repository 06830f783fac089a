"""What an interface cannot express is left out, or fails where the assignment requires it."""

from dataclasses import replace

import pytest

from grader.assignment.coverage import Coverage, coverages, lacking, refusal
from grader.assignment.interface import load_interface
from grader.cases import of_kind, suite
from grader.worker.layer_kinds import both

CONV = of_kind(suite(), "conv2d")


def written(call, required=("stride", "padding")):
    """Return an interface of one function for the convolution."""
    given = {"forward": f"output = conv({call})", "backward": "", "make": ""}
    return replace(load_interface("functions", settings={"conv2d": given}), required=required)


def without(*names):
    kept = [name for name in ("stride", "padding") if name not in names]
    return "x, weight, bias" + "".join(f", {name}" for name in kept)


def _case(case_id):
    return next(case for case in suite() if case.id == case_id)


def _pair(case):
    return any(len({*both(case.params[name])}) > 1 for name in ("stride", "padding"))


@pytest.mark.parametrize(
    ("lost", "case_id", "lacks"),
    [
        (["stride"], "k3x3-s2x2-p1x1-r0x0", ("stride",)),
        (["stride"], "k3x3-s1x1-p1x1-r0x0", ()),
        (["padding"], "k3x3-s2x2-p1x1-r0x0", ("padding",)),
        (["padding"], "k3x3-s2x2-p0x0-r0x0", ()),
        (["stride", "padding"], "k3x3-s2x2-p1x1-r0x0", ("stride", "padding")),
        (["stride"], "k3x3-s2x1-p1x1-r0x0", ("stride",)),
        ([], "k3x3-s2x1-p1x1-r0x0", ()),
    ],
)
def test_lacking_names_what_the_calls_have_no_words_for(lost, case_id, lacks):
    assert lacking(written(without(*lost)), _case(case_id)) == lacks


def test_lacking_pairs_where_numbers_are_for_both_axes():
    cs231n = load_interface("cs231n")
    for case in CONV:
        assert lacking(cs231n, case) == (("pairs",) if _pair(case) else ()), case.id


def test_lacking_is_empty_where_an_axis_is_missing():
    one_channel = load_interface("functions", settings={"layouts": {"x": "NHW", "output": "NCHW"}})
    assert lacking(one_channel, _case("k3x3-s2x2-p1x1-r0x0")) == ()
    assert lacking(load_interface("functions"), _case("relu-image")) == ()


def test_refusal_is_for_what_is_required_and_names_it():
    strided, pair = _case("k3x3-s2x2-p1x1-r0x0"), _case("k3x3-s2x1-p1x1-r0x0")
    interface = written(without("stride"))
    assert refusal(interface, strided) == (
        "this assignment requires a stride, but the interface 'functions' passes none to your code"
    )
    assert refusal(interface, _case("k3x3-s1x1-p1x1-r0x0")) == ""
    assert refusal(replace(interface, required=("padding",)), strided) == ""
    cs231n = load_interface("cs231n")
    assert refusal(replace(cs231n, required=("stride", "padding")), pair) == ""
    assert "requires pairs (height, width)" in refusal(replace(cs231n, required=("pairs",)), pair)


def test_refusal_of_another_kind_needs_the_kind():
    cs231n = load_interface("cs231n")
    padded = _case("pool-k3x3-s2x2-p1x1-r1x0")
    assert lacking(cs231n, padded) == ("padding",)
    assert refusal(replace(cs231n, required=("padding",)), padded) == ""
    assert "requires padding" in refusal(replace(cs231n, required=("max_pool2d.padding",)), padded)


def test_coverage_counts_what_is_left_out_and_what_fails():
    strided = sum(max(both(case.params["stride"])) > 1 for case in CONV)
    found = coverages(
        written(without("stride")), ["conv2d.forward", "conv2d.errors", "network.training"], suite()
    )
    assert found["conv2d.forward"] == Coverage(len(CONV), len(CONV), {}, {"a stride": strided})
    assert found["conv2d.forward"].sentence == ""
    optional = coverages(written(without("stride"), required=()), ["conv2d.grad_x"], suite())["conv2d.grad_x"]
    assert optional.left_out == {"a stride": strided}
    kept = len(CONV) - strided
    assert optional.sentence == f"graded on {kept} of {len(CONV)} cases; left out: {strided} with a stride"


def test_coverage_of_the_shipped_interfaces_is_never_too_small():
    criteria = ["conv2d.grad_x", "conv2d.errors", "max_pool2d.grad_x", "relu.forward", "linear.grad_bias"]
    for name in ("layers", "functions", "cs231n", "sgd_layers"):
        interface = replace(load_interface(name), required=("stride", "padding"))
        for criterion, coverage in coverages(interface, criteria, suite()).items():
            assert not coverage.failing, (name, criterion)
            assert not coverage.too_few, (name, criterion)


@pytest.mark.parametrize(
    ("graded", "total", "too_few"),
    [
        (1, 91, True),
        (9, 91, True),
        (10, 91, False),
        (8, 12, False),
        (5, 12, True),
        (4, 4, False),
        (1, 4, True),
    ],
)
def test_coverage_of_few_cases_is_too_small_if_most_were_left_out(graded, total, too_few):
    assert Coverage(graded, total, {"a stride": total - graded}).too_few is too_few
