"""Average pooling: padding counts as zeros, as in PyTorch's default. The default assignment leaves it out.

Trusted side.
"""

import pytest

from grader.cases import Case
from grader.checks.plugin import Expect


@pytest.mark.criterion("avg_pool2d.forward")
@pytest.mark.cases("avg_pool2d")
def test_output(case: Case, expect: Expect) -> None:
    expect(case, "output")


@pytest.mark.criterion("avg_pool2d.grad_x")
@pytest.mark.cases("avg_pool2d")
def test_grad_x(case: Case, expect: Expect) -> None:
    expect(case, "grad_x")
