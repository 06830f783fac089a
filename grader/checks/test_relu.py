"""ReLU: the output and its gradient.

Trusted side.
"""

import pytest


@pytest.mark.criterion("relu.forward")
@pytest.mark.cases("relu")
def test_output(case, expect):
    expect(case, "output")


@pytest.mark.criterion("relu.grad_x")
@pytest.mark.cases("relu")
def test_grad_x(case, expect):
    expect(case, "grad_x")
