"""Max pooling: the output and where its gradient goes.

Trusted side.
"""

import pytest


@pytest.mark.criterion("max_pool2d.forward")
@pytest.mark.cases("max_pool2d")
def test_output(case, expect):
    expect(case, "output")


@pytest.mark.criterion("max_pool2d.grad_x")
@pytest.mark.cases("max_pool2d")
def test_grad_x(case, expect):
    expect(case, "grad_x")
