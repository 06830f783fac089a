"""Linear layer: the output and its three gradients.

Trusted side.
"""

import pytest

from grader.cases import Case
from grader.checks.plugin import Expect


@pytest.mark.criterion("linear.forward")
@pytest.mark.cases("linear")
def test_output(case: Case, expect: Expect) -> None:
    expect(case, "output")


@pytest.mark.criterion("linear.grad_x")
@pytest.mark.cases("linear")
def test_grad_x(case: Case, expect: Expect) -> None:
    expect(case, "grad_x")


@pytest.mark.criterion("linear.grad_weight")
@pytest.mark.cases("linear")
def test_grad_weight(case: Case, expect: Expect) -> None:
    expect(case, "grad_weight")


@pytest.mark.criterion("linear.grad_bias")
@pytest.mark.cases("linear")
def test_grad_bias(case: Case, expect: Expect) -> None:
    expect(case, "grad_bias")
