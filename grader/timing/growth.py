"""How a submission's time grows with each size: the exponents of power laws, reported and not graded.

Trusted side. Convolution and pooling, forward and backward apart; an exponent near 1 is proportional growth.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from grader.outcomes import Outcome
from grader.sandbox import Client
from grader.timing.sizes import PARTS, SMALL, Array, Size
from grader.timing.statistics import log_slope
from grader.timing.stopwatch import PHASES

FACTORS = (1, 2, 4)
REPEATS = 3
BUDGET_SECONDS = 0.8
CONV_DIMENSIONS = {"N": ("N",), "C": ("C_in", "C_out"), "H*W": ("H", "W"), "K": ("K_h", "K_w")}
POOL_DIMENSIONS = {"N": 0, "C": 1, "H*W": 2}

Call = tuple[str, Mapping[str, Any], Mapping[str, Array], Sequence[str]]


def growth(client: Client, base: Size = SMALL, clock: Callable[[], float] = time.monotonic) -> dict[str, Any]:
    """Fit time against N, C, H*W and K.

    Parameters
    ----------
    client : Client
    base : Size
        The smallest convolution; every dimension goes up to four times its own.
    clock : callable
        For the budget: what does not fit into it is left out.

    Returns
    -------
    dict
        ``{"conv2d": {"forward": {"N": 0.9, ...}, "backward": {...}}, "max_pool2d": {...}}``, JSON-ready.
    """
    end = clock() + BUDGET_SECONDS
    series = {
        "conv2d": {
            name: [_conv(base.times(k, *names)) for k in FACTORS] for name, names in CONV_DIMENSIONS.items()
        },
        "max_pool2d": {name: [_pool(axis, k) for k in FACTORS] for name, axis in POOL_DIMENSIONS.items()},
    }
    slopes: dict[str, Any] = {}
    for kind, calls_by_name in series.items():
        for name, calls in calls_by_name.items():
            seconds = [_seconds(client, call) for call in calls] if clock() < end else []
            if seconds and all(seconds):
                for phase in PHASES:
                    times = [one[phase] for one in seconds]
                    exponents = slopes.setdefault(kind, {}).setdefault(phase, {})
                    exponents[name] = round(log_slope(FACTORS, times), 2)
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


def _conv(size: Size) -> Call:
    return "conv2d", size.params, size.draw(np.random.default_rng()), PARTS


def _pool(axis: int, factor: int) -> Call:
    """Return a pooling by 2 x 2 windows with one axis, or both of the image, `factor` times as large."""
    rng = np.random.default_rng()
    N, C, H, W = ([2, 4, 8, 8][place] * (factor if min(place, 2) == axis else 1) for place in range(4))
    arrays = {"x": rng.normal(size=(N, C, 2 * H, 2 * W)), "grad_output": rng.normal(size=(N, C, H, W))}
    return "max_pool2d", {"kernel_size": (2, 2), "stride": (2, 2), "padding": (0, 0)}, arrays, PARTS[:2]
