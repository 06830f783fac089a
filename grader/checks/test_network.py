"""A whole network: twenty SGD steps from given weights on given batches, step by step as PyTorch.

Trusted side.
"""

import pytest

from grader.cases import Case, parts_of
from grader.checks.plugin import Expect


@pytest.mark.criterion("network.training")
@pytest.mark.cases("network")
def test_losses(case: Case, expect: Expect) -> None:
    expect(case, "losses")


@pytest.mark.criterion("network.training")
@pytest.mark.cases("network")
def test_final_parameters(case: Case, expect: Expect) -> None:
    for part in parts_of(case)[1:]:
        expect(case, part)
