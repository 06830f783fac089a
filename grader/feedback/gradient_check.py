"""Compare a gradient with the submission's own forward pass, by directional differences.

Trusted side; pure but for the calls of `run`. A wrong forward does not hide a right derivative: for random
directions d, ``<grad_output, forward(x + h d) - forward(x - h d)> / 2h = <grad_x, d>`` must hold for the
student's own forward, and alike for weight and bias. The forward itself must come near the layer:
see `grader.feedback.likeness`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.cases import Case
from grader.feedback.likeness import (
    SEVERAL,
    CaseArrays,
    Floats,
    Forward,
    Reactions,
    derives_like,
    difference,
    is_alike,
    reactions,
)
from grader.feedback.mistakes import Form
from grader.feedback.mistakes.simulate import quick_part

GradientRun = Callable[[CaseArrays, bool], CaseArrays]
"""Calls the student's layer on arrays, with backward or without; returns the parts that came back."""

DIRECTIONS, MOST_DIRECTIONS = 2, 6
ACCURACY = 1e-6
"""What rounding and curvature may leave between the two sides, as a share of the terms that are summed."""
LEAST = 1e-3
"""A direction along which the sum is a smaller share of its terms says nothing, and another one is drawn."""

_OF_PART = {"grad_x": "x", "grad_weight": "weight", "grad_bias": "bias", "grad_logits": "logits"}


@dataclass(frozen=True, slots=True)
class OwnForward:
    """Which gradients of one case are right for the student's own forward.

    Attributes
    ----------
    holds : Mapping of str to bool or None
        By part. False also where the output or the gradient is missing or has the wrong shape; None where
        the output is constant here, so that nothing can be said.
    reactions : Mapping of str to Reactions
        By part: how the output reacts to what the gradient is for.
    calls : int
        How many calls that took.
    """

    holds: Mapping[str, bool | None]
    reactions: Mapping[str, Reactions]
    calls: int


def right_gradients(found: Sequence[OwnForward]) -> frozenset[str]:
    """Return the parts that are right for the student's own forward, over several cases of a kind.

    Parameters
    ----------
    found : sequence of OwnForward
        What `own_forward` found in each.

    Notes
    -----
    A gradient counts if

    1. the output has the right shape in every case;
    2. over all cases, the output reacts to single elements of x and of the weight (for the bias's gradient
       also of the bias) about as in the right layer, see `is_alike`: each of its elements depends on about as
       many of them, and they have effects of their own;
    3. the derivative changes with what the right derivative changes with, see `derives_like`;
    4. along `DIRECTIONS` random directions in which the output changes, the difference of the output and the
       gradient agree. One direction hides a wrong gradient only where the error is orthogonal to it; the
       second guards against a coincidence in floating point.

    So a flipped kernel, wrong padding, a shift, a factor or a forgotten bias leave the gradients their worth.
    Zeros, constants, a sum over everything, and copies of pixels do not.
    """
    alike = {
        part for part in _OF_PART if is_alike([one.reactions[part] for one in found if part in one.reactions])
    }
    needed = {part for one in found for part in one.reactions} - {"grad_bias"}
    verdicts = {part: [one.holds.get(part, False) for one in found] for part in alike}
    return frozenset(
        part for part, mine in verdicts.items() if needed <= alike and True in mine and False not in mine
    )


def own_forward(
    inputs: CaseArrays,
    run: GradientRun,
    right: Forward,
    rng: np.random.Generator,
    parts: Collection[str] = tuple(_OF_PART),
) -> OwnForward:
    """Compare each gradient with differences of the forward that made it.

    Parameters
    ----------
    inputs : Mapping of str to ndarray
        A plain case's arrays (scenario ``once``); taken as float64.
    run : callable
        Calls the student's layer: once for all parts, then up to 60 times for the output alone; a few times
        where no gradient agrees.
    right : callable
        Returns the right output.
    rng : numpy.random.Generator
        Draws directions, and other values for some of the inputs.
    parts : collection of str
        Which gradients to judge.
    """
    arrays = {name: _widened(array) for name, array in inputs.items() if not name.startswith("warmup_")}
    wanted = right(arrays)
    student = _Student(run, () if wanted is None else wanted.shape)
    answer = student.answer(arrays)
    if "output" not in answer:
        return OwnForward({}, {}, student.calls)
    names = {part: name for part, name in _OF_PART.items() if name in arrays}
    judged = {part: name for part, name in names.items() if part in parts}
    holds: dict[str, bool | None] = dict.fromkeys(judged, False)
    if wanted is not None and student.forward(arrays) is not None:
        holds |= {
            part: _agrees(arrays, name, answer[part], student.forward, rng)
            for part, name in judged.items()
            if part in answer
        }
    if all(verdict is False for verdict in holds.values()):
        return OwnForward(holds, {}, student.calls)
    found = {part: reactions(student.forward, right, arrays, name, rng) for part, name in names.items()}
    known = {part: reacting for part, reacting in found.items() if reacting is not None}
    if len(known) < len(found):
        return OwnForward(dict.fromkeys(judged, False), known, student.calls)
    for part in [part for part, verdict in holds.items() if verdict]:
        several = known[part].own.spread > SEVERAL
        holds[part] = derives_like(student.forward, right, arrays, names[part], rng, reads_several=several)
    return OwnForward(holds, known, student.calls)


def right_forward(case: Case) -> Forward:
    """Return what computes the right output of a case's layer."""

    def right(arrays: CaseArrays) -> Floats | None:
        output = quick_part(case.kind, Form(), "output", case.params, arrays)
        return None if output is None else np.asarray(output, np.float64)

    return right


class _Student:
    """Calls the student's layer, and counts the calls."""

    def __init__(self, run: GradientRun, shape: tuple[int, ...]) -> None:
        self._run, self._shape = run, shape
        self._first: tuple[CaseArrays, CaseArrays] | None = None
        self.calls = 0

    def answer(self, arrays: CaseArrays) -> CaseArrays:
        """Return all parts; those for the first arrays are kept."""
        if self._first is not None and arrays is self._first[0]:
            return self._first[1]
        self.calls += 1
        answer = self._run(arrays, self._first is None)
        self._first = self._first or (arrays, answer)
        return answer

    def forward(self, arrays: CaseArrays) -> Floats | None:
        """Return the output, if it consists of finite floats and has the right shape."""
        output = self.answer(arrays).get("output")
        if output is None or output.shape != self._shape or output.dtype.kind != "f":
            return None
        return output.astype(np.float64) if np.isfinite(output).all() else None


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _agrees(
    arrays: CaseArrays, name: str, gradient: NDArray[Any], forward: Forward, rng: np.random.Generator
) -> bool | None:
    """Tell whether a gradient agrees with differences of the output; None where both are zero."""
    if gradient.shape != arrays[name].shape or gradient.dtype.kind != "f":
        return False
    grad, upstream = gradient.astype(np.float64), np.asarray(arrays.get("grad_output", 1.0))
    counted = 0
    for _ in range(MOST_DIRECTIONS):
        direction = rng.standard_normal(grad.shape)
        slope = difference(forward, arrays, name, direction)
        if slope is None:
            return False
        terms = upstream * slope
        scale = np.abs(terms).sum() + np.abs(grad * direction).sum()
        # Not "greater than": NaN must not pass.
        if not abs(terms.sum() - (grad * direction).sum()) <= ACCURACY * scale:
            return False
        counted += bool(abs(terms.sum()) > LEAST * np.abs(terms).sum())
        if counted == DIRECTIONS:
            return True
        if scale == 0:
            return None
    return False
