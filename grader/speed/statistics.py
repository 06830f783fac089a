"""Medians of paired ratios, and how sure they are.

Trusted side; pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 500
CONFIDENCE = 0.99
SEED = 20_250_101


@dataclass(frozen=True, slots=True)
class Estimate:
    """A median and the interval that holds the true one with probability `CONFIDENCE`."""

    median: float
    low: float
    high: float

    def times(self, factor: float) -> "Estimate":
        """Return the estimate of so many times the value."""
        return Estimate(factor * self.median, factor * self.low, factor * self.high)

    def widened(self, factor: float) -> "Estimate":
        """Return the estimate with an interval that is wider by this factor on both sides."""
        return Estimate(self.median, self.low / factor, self.high * factor)


def bootstrap_median(values: Sequence[float]) -> Estimate:
    """Estimate a median by resampling (Efron, Annals of Statistics 7, 1979: the percentile method).

    Examples
    --------
    >>> bootstrap_median([2.0, 2.0, 2.0])
    Estimate(median=2.0, low=2.0, high=2.0)
    """
    array = np.asarray(values, dtype=float)
    picks = np.random.default_rng(SEED).integers(0, len(array), (RESAMPLES, len(array)))
    medians = np.median(array[picks], axis=1)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(medians, [tail, 1 - tail])
    return Estimate(float(np.median(array)), float(low), float(high))
