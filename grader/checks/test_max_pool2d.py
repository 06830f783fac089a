"""Max pooling: the output and where its gradient goes.

Trusted side.
"""

import pytest

from grader.cases import Case
from grader.checks.plugin import Expect


@pytest.mark.criterion("max_pool2d.forward")
@pytest.mark.cases("max_pool2d")
def test_output(case: Case, expect: Expect) -> None:
    expect(case, "output")


@pytest.mark.criterion("max_pool2d.grad_x")
@pytest.mark.cases("max_pool2d")
def test_grad_x(case: Case, expect: Expect) -> None:
    expect(case, "grad_x")
