"""Compare a gradient with the submission's own forward pass, by directional differences.

Trusted side; pure but for the calls of `run`. A wrong forward does not hide a right derivative: for random
directions d, ``<grad_output, forward(x + h d) - forward(x - h d)> / 2h = <grad_x, d>`` must hold for the
student's own forward, and alike for weight and bias.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

GradientRun = Callable[[Mapping[str, NDArray[Any]]], Mapping[str, NDArray[Any]]]
"""Calls the student's layer on arrays; returns the parts that came back as arrays."""

DIRECTIONS = 2
STEP = 1e-5
"""The step h: rounding costs (unit roundoff / h), curvature h^2, and few kinks lie that near."""

ACCURACY = 1e-6
"""What rounding and curvature may leave between the two sides, as a share of the terms that are summed."""

_OF_PART = {"grad_x": "x", "grad_weight": "weight", "grad_bias": "bias", "grad_logits": "logits"}


@dataclass(frozen=True, slots=True)
class OwnForward:
    """Which gradients are right for the student's own forward.

    Attributes
    ----------
    holds : Mapping of str to bool
        By part; parts that cannot be judged (no array, wrong shape) are False.
    calls : int
        How many calls that took.
    """

    holds: Mapping[str, bool]
    calls: int


def own_forward(inputs: Mapping[str, NDArray[Any]], run: GradientRun, rng: np.random.Generator) -> OwnForward:
    """Compare each gradient with differences of the forward that made it.

    Parameters
    ----------
    inputs : Mapping of str to ndarray
        A plain case's arrays (scenario ``once``); taken as float64.
    run : callable
        Calls the student's layer: one call first, one more if its output has another shape than the
        upstream gradient, then two for each direction and input, 14 at most. Forward alone is needed for
        all but the first two.
    rng : numpy.random.Generator
        Draws directions, and the upstream gradient where the output's shape asks for another.

    Returns
    -------
    OwnForward

    Notes
    -----
    One direction hides a wrong gradient only where the error is orthogonal to it, which for a random one
    has probability zero; the second guards against a coincidence in floating point.
    """
    arrays = {name: _widened(array) for name, array in inputs.items() if not name.startswith("warmup_")}
    counter = _Counter(run)
    answer, arrays = _answered(arrays, counter, rng)
    holds = {}
    for part, name in _OF_PART.items():
        if name in arrays and "output" in answer:
            holds[part] = part in answer and _holds(arrays, name, answer[part], counter, rng)
    return OwnForward(holds, counter.calls)


class _Counter:
    """Counts the calls of `run`."""

    def __init__(self, run: GradientRun) -> None:
        self._run = run
        self.calls = 0

    def __call__(self, arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        self.calls += 1
        return self._run(arrays)


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _answered(
    arrays: dict[str, NDArray[Any]], run: GradientRun, rng: np.random.Generator
) -> tuple[Mapping[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """Call forward and backward, with an upstream gradient of the shape of the student's own output."""
    answer = run(arrays)
    upstream, output = arrays.get("grad_output"), answer.get("output")
    if upstream is not None and output is not None and output.shape != upstream.shape:
        arrays = {**arrays, "grad_output": rng.standard_normal(output.shape)}
        answer = run(arrays)
    return answer, arrays


def _is_real(answer: Mapping[str, NDArray[Any]]) -> bool:
    return "output" in answer and answer["output"].dtype.kind == "f"


def _holds(
    arrays: Mapping[str, NDArray[Any]],
    name: str,
    gradient: NDArray[Any],
    run: GradientRun,
    rng: np.random.Generator,
) -> bool:
    if gradient.shape != arrays[name].shape or gradient.dtype.kind != "f":
        return False
    grad = gradient.astype(np.float64)
    for _ in range(DIRECTIONS):
        direction = rng.standard_normal(grad.shape)
        sides = [run({**arrays, name: arrays[name] + sign * STEP * direction}) for sign in (1, -1)]
        if not all(_is_real(side) for side in sides) or sides[0]["output"].shape != sides[1]["output"].shape:
            return False
        above, below = (side["output"].astype(np.float64) for side in sides)
        upstream = np.asarray(arrays.get("grad_output", 1.0))
        terms = upstream * (above - below) / (2 * STEP)
        scale = np.abs(terms).sum() + np.abs(grad * direction).sum()
        # Not "greater than": NaN must not pass.
        if not abs(terms.sum() - (grad * direction).sum()) <= ACCURACY * scale:
            return False
    return True
