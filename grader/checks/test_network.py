"""A whole network: twenty SGD steps from given weights on given batches, step by step as PyTorch.

Trusted side.
"""

import pytest

from grader.cases import parts_of


@pytest.mark.criterion("network.training")
@pytest.mark.cases("network")
def test_losses(case, expect):
    expect(case, "losses")


@pytest.mark.criterion("network.training")
@pytest.mark.cases("network")
def test_final_parameters(case, expect):
    for part in parts_of(case)[1:]:
        expect(case, part)
