"""Conv2d: the output, the three gradients, and errors for arguments that make no sense.

Trusted side.
"""

import pytest


@pytest.mark.criterion("conv2d.forward")
@pytest.mark.cases("conv2d")
def test_output(case, expect):
    expect(case, "output")


@pytest.mark.criterion("conv2d.grad_x")
@pytest.mark.cases("conv2d")
def test_grad_x(case, expect):
    expect(case, "grad_x")


@pytest.mark.criterion("conv2d.grad_weight")
@pytest.mark.cases("conv2d")
def test_grad_weight(case, expect):
    expect(case, "grad_weight")


@pytest.mark.criterion("conv2d.grad_bias")
@pytest.mark.cases("conv2d")
def test_grad_bias(case, expect):
    expect(case, "grad_bias")


@pytest.mark.criterion("conv2d.errors")
@pytest.mark.cases("conv2d", invalid=True)
def test_wrong_arguments_raise(case, submission):
    submission.expect_error(case)
