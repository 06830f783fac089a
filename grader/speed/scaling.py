"""How a submission's time grows with each size: the exponents of power laws, reported and not graded.

Trusted side. Convolution and pooling, forward and backward apart; an exponent near 1 is proportional growth.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grader.results import Outcome
from grader.sandbox import Client
from grader.speed.statistics import log_slope
from grader.speed.stopwatch import PHASES
from grader.speed.workloads import PARTS, SMALL, Array, Size

FACTORS = (1, 2, 3)
REPEATS = 3
BUDGET_SECONDS = 0.6
CONV_SIDES = {"N": ("N",), "C": ("C_in", "C_out"), "H*W": ("H", "W"), "K": ("K_h", "K_w")}
POOL_AXES = {"N": (0,), "C": (1,), "H*W": (2, 3)}
POWERS = {"H*W": 2}
"""Pixels grow with the square of a side; C and K are counted by one of their two sides."""

Call = tuple[str, Mapping[str, Any], Mapping[str, Array], Sequence[str]]


def growth(client: Client, base: Size = SMALL) -> dict[str, Any]:
    """Fit time against N, C, H*W and K, as far as `BUDGET_SECONDS` of processor time reach.

    Parameters
    ----------
    client : Client
    base : Size
        The smallest convolution; every side goes up to three times its own.

    Returns
    -------
    dict
        Exponents, of times with the transfer in, JSON-ready:
        ``{"conv2d": {"forward": {"N": 0.9, ...}, "backward": {...}}, "max_pool2d": {...}}``.
    """
    end = client.cpu_seconds + BUDGET_SECONDS
    slopes: dict[str, Any] = {}
    for kind, name in [("conv2d", name) for name in CONV_SIDES] + [
        ("max_pool2d", name) for name in POOL_AXES
    ]:
        if client.cpu_seconds > end:
            break
        seconds = [_seconds(client, _call(kind, name, factor, base)) for factor in FACTORS]
        sizes = [factor ** POWERS.get(name, 1) for factor in FACTORS]
        if all(seconds):
            for phase in PHASES:
                exponents = slopes.setdefault(kind, {}).setdefault(phase, {})
                exponents[name] = round(log_slope(sizes, [one[phase] for one in seconds]), 2)
    return slopes


def _seconds(client: Client, call: Call) -> dict[str, float]:
    """Return the least processor time by phase, since noise only adds; nothing where the call fails."""
    kind, params, arrays, parts = call
    found: dict[str, list[float]] = {phase: [] for phase in PHASES}
    for _ in range(REPEATS):
        answers = list(client.time(kind, params, arrays, parts=parts).answers.values())
        if any(answer.outcome not in (None, Outcome.PASSED) for answer in answers):
            return {}
        found["forward"].append(answers[0].cpu_seconds)
        found["backward"].append(sum(answer.cpu_seconds for answer in answers[1:]))
    return {phase: max(min(values), 1e-6) for phase, values in found.items()}


def _call(kind: str, name: str, factor: int, base: Size) -> Call:
    """Return a call with one size `factor` times as large; pooling is by 2 x 2 windows."""
    rng = np.random.default_rng()
    if kind == "conv2d":
        size = base.times(factor, *CONV_SIDES[name])
        return kind, size.params, size.draw(rng), PARTS
    axes = POOL_AXES[name]
    N, C, H, W = (side * (factor if axis in axes else 1) for axis, side in enumerate((2, 4, 8, 8)))
    arrays = {"x": rng.normal(size=(N, C, 2 * H, 2 * W)), "grad_output": rng.normal(size=(N, C, H, W))}
    return kind, {"kernel_size": (2, 2), "stride": (2, 2), "padding": (0, 0)}, arrays, PARTS[:2]
