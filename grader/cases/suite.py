"""The whole suite: every case of every kind, in the order in which it is run.

Trusted side; data.
"""

from collections.abc import Iterable

from grader.cases.conv2d import conv2d_cases, conv2d_invalid_cases
from grader.cases.dense import cross_entropy_cases, linear_cases, network_cases, relu_cases
from grader.cases.model import Case
from grader.cases.pooling import avg_pool2d_cases, max_pool2d_cases


def suite() -> tuple[Case, ...]:
    """Return every case, valid and invalid."""
    return (
        *conv2d_cases(),
        *conv2d_invalid_cases(),
        *max_pool2d_cases(),
        *relu_cases(),
        *linear_cases(),
        *cross_entropy_cases(),
        *network_cases(),
        *avg_pool2d_cases(),
    )


def of_kind(cases: Iterable[Case], kind: str, *, invalid: bool = False) -> tuple[Case, ...]:
    """Return those of `cases` that are about one kind of layer, valid or invalid ones."""
    return tuple(case for case in cases if case.kind == kind and case.invalid is invalid)
