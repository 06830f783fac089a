"""A case is in the group of the one thing that it asks for."""

import numpy as np
import pytest

from grader.cases import of_kind, suite
from grader.cases.generate.vary import hidden_suite
from grader.cases.groups import DEMANDS, group_names, group_of

CONV = of_kind(suite(), "conv2d")
NAMES = group_names("conv2d")


def _by_id(case_id):
    return next(case for case in CONV if case.id == case_id)


@pytest.mark.parametrize(
    ("case_id", "group"),
    [
        ("k3x3-s1x1-p1x1-r0x0", "basic"),
        ("k5x5-s1x1-p2x2-r0x0", "basic"),
        ("k3x3-s1x1-p0x0-r0x0", "unpadded"),
        ("k1x1-s1x1-p0x0-r0x0", "unpadded"),
        ("k3x3-s1x1-p2x2-r0x0", "padding"),
        ("k4x4-s1x1-p1x1-r0x0", "padding"),
        ("k3x3-s2x2-p1x1-r0x0", "stride"),
        ("k3x3-s3x3-p1x1-r2x2", "remainder"),
        ("k3x5-s1x1-p1x2-r0x0", "rectangular"),
        ("k3x3-s1x1-p1x1-r0x0-wide", "rectangular"),
        ("k3x3-s1x1-p1x1-r0x0-n1", "single"),
        ("k3x3-s1x1-p1x1-r0x0-float32", "dtype"),
        ("k3x3-s1x1-p1x1-r0x0-twice", "repeated"),
        ("k3x3-s2x2-p0x0-r0x0", "combined"),
        ("k3x3-s1x1-p0x1-r0x0", "combined"),
    ],
)
def test_group_of_case_says_the_one_thing_that_it_asks_for(case_id, group):
    assert group_of(_by_id(case_id), NAMES) == group


def test_group_of_looks_only_at_the_groups_that_are_named():
    case = _by_id("k3x3-s2x2-p0x0-r1x1")
    assert group_of(case, ("basic", "unpadded")) == "unpadded"
    assert group_of(case, ("basic", "remainder", "unpadded")) == "unpadded"
    assert group_of(case, ("basic", "remainder", "unpadded", "combined")) == "combined"
    assert group_of(case, ("basic", "dtype", "combined")) == "basic"


@pytest.mark.parametrize("kind", DEMANDS)
def test_group_of_every_case_is_one_of_its_kind(kind):
    for case in of_kind(suite(), kind):
        assert group_of(case, group_names(kind)) in group_names(kind)


@pytest.mark.parametrize("seed", range(3))
def test_group_of_case_stays_in_fresh_questions(seed):
    varied = of_kind(hidden_suite(np.random.default_rng(seed)), "conv2d")
    assert [group_of(case, NAMES) for case in varied] == [group_of(case, NAMES) for case in CONV]
