"""Exponents of growth, with a runner whose time is a known power law."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from grader.results import Outcome
from grader.sandbox import Answer, Reply
from grader.speed.scaling import growth


class PowerLaw:
    """Forward takes as long as its output has elements, backward the square of that."""

    def __init__(self, cost: float = 0.0) -> None:
        self.cost, self.cpu_seconds = cost, 0.0

    def time(
        self, kind: str, params: Mapping[str, Any], arrays: Mapping[str, Any], *, parts: Sequence[str]
    ) -> Reply:
        if kind == "max_pool2d":
            return Reply({part: Answer(part, Outcome.NOT_IMPLEMENTED) for part in parts})
        self.cpu_seconds += self.cost
        size = arrays["grad_output"].size * 1e-2
        seconds = dict.fromkeys(parts, 0.0) | {parts[0]: size, parts[1]: size**2}
        return Reply({part: Answer(part, array=np.zeros(1), cpu_seconds=seconds[part]) for part in parts})


def test_growth_power_law_gives_its_exponents() -> None:
    slopes = growth(PowerLaw())["conv2d"]  # type: ignore[arg-type]
    assert slopes["forward"] == pytest.approx({"N": 1.0, "C": 1.0, "H*W": 1.0, "K": 0.0})
    assert slopes["backward"] == pytest.approx({"N": 2.0, "C": 2.0, "H*W": 2.0, "K": 0.0})


def test_growth_layer_that_fails_is_left_out() -> None:
    assert "max_pool2d" not in growth(PowerLaw())  # type: ignore[arg-type]


def test_growth_what_does_not_fit_the_budget_is_left_out() -> None:
    slopes = growth(PowerLaw(cost=0.1))  # type: ignore[arg-type]
    assert list(slopes["conv2d"]["forward"]) == ["N"]
