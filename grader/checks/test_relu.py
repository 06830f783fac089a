"""ReLU: the output and its gradient.

Trusted side.
"""

import pytest

from grader.cases import Case
from grader.checks.plugin import Expect


@pytest.mark.criterion("relu.forward")
@pytest.mark.cases("relu")
def test_output(case: Case, expect: Expect) -> None:
    expect(case, "output")


@pytest.mark.criterion("relu.grad_x")
@pytest.mark.cases("relu")
def test_grad_x(case: Case, expect: Expect) -> None:
    expect(case, "grad_x")
