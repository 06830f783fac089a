"""Softmax cross-entropy: the mean loss and its gradient for the logits.

Trusted side.
"""

import pytest

from grader.cases import Case
from grader.checks.plugin import Expect


@pytest.mark.criterion("cross_entropy.loss")
@pytest.mark.cases("cross_entropy")
def test_loss(case: Case, expect: Expect) -> None:
    expect(case, "output")


@pytest.mark.criterion("cross_entropy.grad_logits")
@pytest.mark.cases("cross_entropy")
def test_grad_logits(case: Case, expect: Expect) -> None:
    expect(case, "grad_logits")
