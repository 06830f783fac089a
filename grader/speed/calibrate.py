"""Measure this machine once, so that a speed score can be explained next year.

Trusted side. The record goes into the gradebook; no score depends on it, since every submission is timed
beside loops and reference of its own.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from grader.sandbox import Backend
from grader.speed.baselines import Opponents, open_opponents
from grader.speed.core_lock import timing_slot
from grader.speed.statistics import bootstrap_median
from grader.speed.stopwatch import PHASES, Lap, time_call
from grader.speed.workloads import LARGE, SMALL, Size

ROUNDS = 15


def calibrate(backend: Backend, rounds: int = ROUNDS) -> dict[str, Any]:
    """Time loops, reference and transfer on a free core.

    Parameters
    ----------
    backend : Backend
        Where the workers run; the one that grades.
    rounds : int
        How often each is timed.

    Returns
    -------
    dict
        JSON-ready: the machine, the sizes, and by phase the processor seconds of ``loops`` (at the small
        size), ``reference`` and ``transfer`` (at the large one), the reference's ``speedup`` over the
        loops with its interval, and ``noise``: the relative spread of one round's ratio, half the distance
        between the quartiles over the median.
    """
    with timing_slot() as core, open_opponents(backend) as opponents:
        laps = _laps(opponents, core, rounds)
    return {
        "machine": machine(),
        "sandbox": backend.name,
        "core": core,
        "rounds": rounds,
        "sizes": {"small": asdict(SMALL), "large": asdict(LARGE)},
        "phases": {phase: summary(laps, phase) for phase in PHASES},
    }


def machine() -> dict[str, Any]:
    """Return what tells this machine from others; nothing that tells its owner."""
    return {
        "processor": platform.processor() or platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def _laps(opponents: Opponents, core: int | None, rounds: int) -> dict[str, list[Lap]]:
    rng = np.random.default_rng()
    clients = {
        "loops": (opponents.loops, SMALL),
        "reference": (opponents.reference, LARGE),
        "transfer": (opponents.idle, LARGE),
    }
    laps: dict[str, list[Lap]] = {name: [] for name in clients}
    for number in range(rounds + 1):
        for name, (client, size) in clients.items():
            lap = time_call(client, size, size.draw(rng), core)
            # The first round pays for memory and imports.
            if number:
                laps[name].append(lap)
    return laps


def summary(
    laps: Mapping[str, Sequence[Lap]], phase: str, small: Size = SMALL, large: Size = LARGE
) -> dict[str, Any]:
    """Return one phase's medians, the reference's speed-up and the noise; see `calibrate`."""
    seconds = {name: np.array([getattr(lap.cpu, phase) for lap in own]) for name, own in laps.items()}
    transfer = float(np.median(seconds["transfer"]))
    loops = seconds["loops"] * (large.products / small.products)
    ratios = loops / np.maximum(seconds["reference"] - transfer, 1e-9)
    low, high = np.quantile(ratios, [0.25, 0.75])
    estimate = bootstrap_median(list(ratios))
    return {
        "seconds": {name: float(np.median(values)) for name, values in seconds.items()},
        "speedup": [estimate.median, estimate.low, estimate.high],
        "noise": float((high - low) / 2 / estimate.median),
    }
