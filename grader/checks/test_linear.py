"""Linear layer: the output and its three gradients.

Trusted side.
"""

import pytest


@pytest.mark.criterion("linear.forward")
@pytest.mark.cases("linear")
def test_output(case, expect):
    expect(case, "output")


@pytest.mark.criterion("linear.grad_x")
@pytest.mark.cases("linear")
def test_grad_x(case, expect):
    expect(case, "grad_x")


@pytest.mark.criterion("linear.grad_weight")
@pytest.mark.cases("linear")
def test_grad_weight(case, expect):
    expect(case, "grad_weight")


@pytest.mark.criterion("linear.grad_bias")
@pytest.mark.cases("linear")
def test_grad_bias(case, expect):
    expect(case, "grad_bias")
