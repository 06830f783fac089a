"""Speed -> share of the points, in quarters, so that noise seldom changes a score.

Trusted side; pure.
"""

import math
from collections.abc import Sequence

from grader.assignment.speed_policy import SpeedPolicy
from grader.speed.statistics import Estimate

STEPS = 4


def speed_credit(speedup: float, ratio: float, policy: SpeedPolicy) -> float:
    """Return the share of the points: 0, 1/4, 1/2, 3/4 or 1.

    Linear in the logarithm from `zero_speedup` to `full_speedup`, to the nearest quarter; full within
    `full_ratio` of the reference's time.

    Parameters
    ----------
    speedup : float
        Time of the nested loops over the submission's.
    ratio : float
        The submission's time over the reference's.

    Examples
    --------
    >>> [speed_credit(speedup, 100.0, SpeedPolicy()) for speedup in (1, 3, 10, 20, 50)]
    [0.0, 0.0, 0.5, 0.75, 1.0]
    >>> speed_credit(10.0, ratio=2.0, policy=SpeedPolicy())
    1.0
    """
    if ratio <= policy.full_ratio:
        return 1.0
    reach = math.log(policy.full_speedup / policy.zero_speedup)
    share = math.log(max(speedup, 1e-9) / policy.zero_speedup) / reach
    return min(1.0, max(0.0, math.floor(STEPS * share + 0.5) / STEPS))


def possible_credits(speedup: Estimate, ratio: Estimate, policy: SpeedPolicy) -> tuple[float, float]:
    """Return the least and the most that the intervals allow."""
    return speed_credit(speedup.low, ratio.high, policy), speed_credit(speedup.high, ratio.low, policy)


def less_loops(share: float, loops: Sequence[str], policy: SpeedPolicy) -> float:
    """Return the rest of a share where the assignment forbids some Python loops.

    Examples
    --------
    >>> less_loops(1.0, ["N", "K_h"], SpeedPolicy(vectorised_over=("N", "H")))
    0.5
    """
    wanted = policy.vectorised_over
    kept = [name for name in wanted if name not in loops]
    return share * len(kept) / len(wanted) if wanted else share
