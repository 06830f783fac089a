"""Softmax cross-entropy: the mean loss and its gradient for the logits.

Trusted side.
"""

import pytest


@pytest.mark.criterion("cross_entropy.loss")
@pytest.mark.cases("cross_entropy")
def test_loss(case, expect):
    expect(case, "output")


@pytest.mark.criterion("cross_entropy.grad_logits")
@pytest.mark.cases("cross_entropy")
def test_grad_logits(case, expect):
    expect(case, "grad_logits")
