"""Compare an answered array with the right one: dtype, shape, finiteness, values -> verdict.

Trusted side; pure. The tolerance is a bound from the arithmetic, not a hand-picked number. A sum of
n products computed in any order with unit roundoff u satisfies

    |computed - exact| <= gamma_n * sum(|a_i| * |b_i|),    gamma_n = n u / (1 - n u)

(Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, section 3.1 and lemma 3.1), and
the sum of absolute values, the magnitude, is stored with the truth. `SAFETY` covers what the bound
leaves out: the truth's own rounding, a product rounded before it is summed, blocked sums put together.

Fast algorithms (FFT, Winograd) do not satisfy it: they add and subtract numbers that the sum itself does not
contain. Their error grows with the largest inputs, wherever an element lies. `NORMWISE` allows for that where
a layer sums products; docs/tolerance.md has the measurements and sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.cases.digits import enough_digits
from grader.cases.error_map import wrong_positions
from grader.cases.ground_truth import Part
from grader.results import Outcome

SAFETY = 4
"""Factor on Higham's bound."""

NORMWISE = 16
"""Factor on ``u * terms * max|a| * max|b|`` for layers that sum products of a and b."""

AXES: Mapping[str, tuple[str, ...]] = {
    "output": ("n", "c", "i", "j"),
    "grad_x": ("n", "c", "i", "j"),
    "grad_weight": ("c_out", "c_in", "u", "v"),
    "grad_bias": ("c_out",),
    "grad_logits": ("n", "c"),
    "losses": ("step",),
}


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What the comparison found.

    Attributes
    ----------
    outcome : Outcome
    message : str
        For the student; empty where passed.
    deviation : float
        The largest absolute deviation; 0 where nothing could be compared.
    worst : tuple of int
        Where it is.
    wrong : ndarray of bool or None
        Which positions are outside the tolerance.
    convention : str
        The accepted convention under which the answer is right; empty where it is plainly right or wrong.
    penalties : tuple of str
        What a right answer incurs for how it was given: names of the assignment's ``[penalties]``.
    """

    outcome: Outcome
    message: str = ""
    deviation: float = 0.0
    worst: tuple[int, ...] = ()
    wrong: NDArray[np.bool_] | None = None
    convention: str = ""
    penalties: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the answer is right."""
        return self.outcome is Outcome.PASSED


def error_bound(truth: Part, dtype: str) -> NDArray[np.float64]:
    """Return how far an element may be from the truth when computed in `dtype`.

    Parameters
    ----------
    truth : Part
    dtype : str
        Of the arithmetic: the inputs' dtype.

    Returns
    -------
    ndarray of float64, the truth's shape
        ``SAFETY * gamma_n * magnitude + floor``.
    """
    return elementwise_bound(truth, dtype) + floor(truth, dtype)


def elementwise_bound(truth: Part, dtype: str) -> NDArray[np.float64]:
    """Return how far an element may be from the truth if its terms are added up in any order."""
    unit = float(np.finfo(dtype).eps) / 2
    terms = truth.terms + 2
    gamma = terms * unit / (1 - terms * unit)
    bound: NDArray[np.float64] = SAFETY * gamma * truth.magnitude
    return bound


def floor(truth: Part, dtype: str) -> float:
    """Return how far every element may be from the truth, also one that sums little or nothing.

    One unit roundoff of the array's largest magnitude, so that a zero that was reached by cancellation
    counts as zero; for sums of products, what fast algorithms need.
    """
    unit = float(np.finfo(dtype).eps) / 2
    largest = float(np.max(truth.magnitude, initial=0.0))
    return unit * max(largest, NORMWISE * truth.terms * truth.largest_product)


def compare(actual: NDArray[np.generic], truth: Part, dtype: str, part: str = "output") -> Verdict:
    """Judge an answered array.

    Parameters
    ----------
    actual : ndarray
        As the wire delivered it.
    truth : Part
    dtype : str
        ``float64`` or ``float32``: what the inputs were. An answer of more precision than its inputs is
        accepted, one of less is not.
    part : str
        Names the axes in messages.

    Returns
    -------
    Verdict
    """
    expected_dtype = np.dtype(dtype)
    if actual.dtype.kind != "f" or actual.dtype.itemsize < expected_dtype.itemsize:
        message = f"expected dtype {expected_dtype}, got {actual.dtype}"
        return Verdict(Outcome.WRONG_DTYPE, message)
    if actual.shape != truth.values.shape:
        message = f"expected shape {truth.values.shape}, got {actual.shape}"
        return Verdict(Outcome.WRONG_SHAPE, message)
    got = actual.astype(np.float64)
    finite = np.isfinite(got)
    if not finite.all():
        return _not_finite(got, ~finite, part)
    deviation = np.abs(got - truth.values)
    wrong = deviation > error_bound(truth, dtype)
    if not wrong.any():
        return Verdict(Outcome.PASSED, deviation=float(np.max(deviation, initial=0.0)))
    return _wrong_value(got, truth.values, deviation, wrong, part)


def _not_finite(got: NDArray[np.float64], bad: NDArray[np.bool_], part: str) -> Verdict:
    worst = _position(np.argmax(bad), bad.shape)
    message = (
        f"{bad.sum()} of {bad.size} values are NaN or infinite, the first at "
        f"{position(worst, part)}: {got[worst]}\n{wrong_positions(bad)}"
    )
    return Verdict(Outcome.NOT_FINITE, message.rstrip(), worst=worst, wrong=bad)


def _wrong_value(
    got: NDArray[np.float64],
    expected: NDArray[np.float64],
    deviation: NDArray[np.float64],
    wrong: NDArray[np.bool_],
    part: str,
) -> Verdict:
    worst = _position(np.argmax(np.where(wrong, deviation, -1.0)), wrong.shape)
    digits = enough_digits([(expected[worst], got[worst])], usual=6)
    message = (
        f"{wrong.sum()} of {wrong.size} values are wrong; the largest deviation is {deviation[worst]:.3g} "
        f"at {position(worst, part)}: expected {expected[worst]:.{digits}g}, got {got[worst]:.{digits}g}"
        f"\n{wrong_positions(wrong)}"
    )
    return Verdict(Outcome.WRONG_VALUE, message.rstrip(), float(deviation[worst]), worst, wrong)


def _position(flat: np.intp, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(index) for index in np.unravel_index(flat, shape))


def position(index: tuple[int, ...], part: str) -> str:
    """Name a position by its axes.

    Examples
    --------
    >>> position((0, 2, 1, 3), "grad_x")
    '[n=0, c=2, i=1, j=3]'
    """
    names = AXES.get(part, ())[: len(index)]
    names += tuple(f"axis{k}" for k in range(len(names), len(index)))
    inside = ", ".join(f"{name}={i}" for name, i in zip(names, index, strict=True))
    return f"[{inside}]" if index else "[]"
