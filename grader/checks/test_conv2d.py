"""Conv2d: the output, the three gradients, and errors for arguments that make no sense.

Trusted side.
"""

import pytest

from grader.cases import Case
from grader.checks.plugin import Expect
from grader.checks.submission import Student


@pytest.mark.criterion("conv2d.forward")
@pytest.mark.cases("conv2d")
def test_output(case: Case, expect: Expect) -> None:
    expect(case, "output")


@pytest.mark.criterion("conv2d.grad_x")
@pytest.mark.cases("conv2d")
def test_grad_x(case: Case, expect: Expect) -> None:
    expect(case, "grad_x")


@pytest.mark.criterion("conv2d.grad_weight")
@pytest.mark.cases("conv2d")
def test_grad_weight(case: Case, expect: Expect) -> None:
    expect(case, "grad_weight")


@pytest.mark.criterion("conv2d.grad_bias")
@pytest.mark.cases("conv2d")
def test_grad_bias(case: Case, expect: Expect) -> None:
    expect(case, "grad_bias")


@pytest.mark.criterion("conv2d.errors")
@pytest.mark.cases("conv2d", invalid=True)
def test_wrong_arguments_raise(case: Case, submission: Student) -> None:
    submission.expect_error(case)
