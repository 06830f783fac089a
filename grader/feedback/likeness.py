"""Does a wrong forward pass still read its inputs as the layer does?

Trusted side; pure but for the calls of the student's forward. A gradient that is right for a wrong forward is
worth something only if it was work to derive. For zeros, a sum over everything, or a copy it is not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CaseArrays = Mapping[str, NDArray[Any]]
Forward = Callable[[CaseArrays], Floats | None]
"""Returns the output for some arrays; None where there is none of the right shape."""

PROBES = 6
"""How many sets of elements of an input are exchanged, one after the other."""
SMALL_SHARE = 0.25
"""A set is so small that at most this share of the right output reacts, or it is one element."""
MORE, FEWER = 3.0, 5.0
"""An element of the output may depend on so many times as many, or as few, elements of an input as in the
right layer. Wrong padding, a shift, a forgotten channel change less; a sum over the image or a copy, more."""
LEAST_SPREAD = 0.75
"""If half of an input is exchanged, at least this share of what the right layer changes must change: where an
element of the output depends on one element of the input, half changes; where on several, nearly all."""
SEVERAL = 0.7
"""If half of an input is exchanged and more than this share changes, elements depend on several elements."""
LEAST_OWN = 0.7
"""Of what changes the output, at least this share must change it in a way of its own, compared with the right
layer: the elements of a sum all have the same effect."""
UNCHANGED = 1e-11
"""What rounding may change, as a share of the largest output."""
STEP = 1e-5
"""The step h of a difference: rounding costs (unit roundoff / h), curvature h^2; few kinks lie that near."""
ALIKE = 1e-3
"""Two derivatives along one direction that differ less, as a share of their size, are the same one."""
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Reaction:
    """How an output reacted to a few exchanged elements of an input.

    Attributes
    ----------
    read : float
        How many elements of the input an element of the output depends on, about.
    spread : float
        The share of the output that changed when half of the input was exchanged.
    sets, rank : int
        How many sets changed it, and how many of these changes are independent of each other.
    """

    read: float
    spread: float
    sets: int
    rank: int


@dataclass(frozen=True, slots=True)
class Reactions:
    """Of the student's output and of the right one, to the same exchanges."""

    own: Reaction
    right: Reaction


def is_alike(cases: Sequence[Reactions]) -> bool:
    """Tell whether an input is read about as in the right layer, over several cases.

    Examples
    --------
    >>> right, flipped = Reaction(9.0, 1.0, 6, 6), Reaction(8.0, 1.0, 6, 5)
    >>> one_sum = Reaction(9.0, 1.0, 6, 1)
    >>> is_alike([Reactions(flipped, right)]), is_alike([Reactions(one_sum, right)])
    (True, False)
    """
    if not cases:
        return False
    own, right = _summed([case.own for case in cases]), _summed([case.right for case in cases])
    return (
        0 < right.read / FEWER <= own.read <= right.read * MORE
        and own.spread >= LEAST_SPREAD * right.spread
        and own.rank / own.sets >= LEAST_OWN * right.rank / right.sets
    )


def _summed(cases: Sequence[Reaction]) -> Reaction:
    return Reaction(
        sum(case.read for case in cases),
        sum(case.spread for case in cases),
        sum(case.sets for case in cases),
        sum(case.rank for case in cases),
    )


def reactions(
    own: Forward, right: Forward, arrays: CaseArrays, name: str, rng: np.random.Generator
) -> Reactions | None:
    """Exchange a few elements of an input and see what reacts to it; None where an output is missing.

    Parameters
    ----------
    own, right : callable
        The student's forward and the right one.
    arrays : Mapping of str to ndarray
        A case's; floats are float64.
    name : str
        Of the input.
    rng : numpy.random.Generator

    Notes
    -----
    Costs one more call of the student's forward than there are `PROBES`, at most. Sets that the right output
    does not depend on are not asked about. All small sets are of one image (or filter), since the images
    have effects of their own even where each is only summed up.
    """
    half = {**arrays, name: _exchanged(arrays[name], slice(None), max(1, arrays[name].size // 2), rng)}
    probes = [half, *_probes(right, arrays, name, rng)]
    sides = [_reaction(forward, arrays, name, probes) for forward in (own, right)]
    return Reactions(sides[0], sides[1]) if sides[0] and sides[1] else None


def _reaction(
    forward: Forward, arrays: CaseArrays, name: str, probes: Sequence[CaseArrays]
) -> Reaction | None:
    before = forward(arrays)
    if before is None:
        return None
    changes = np.zeros((len(probes), before.size))
    for number, probe in enumerate(probes):
        after = forward(probe)
        if after is None:
            return None
        changes[number] = _change(before, after).ravel()
    half, *few = changes
    exchanged = sum(np.count_nonzero(probe[name] != arrays[name]) for probe in probes[1:])
    # Elements of the output that change for each exchanged element; in all, as many pairs as the other way.
    read = np.count_nonzero(few) / max(exchanged, 1) * arrays[name].size / max(before.size, 1)
    spread = np.count_nonzero(half) / max(before.size, 1)
    return Reaction(float(read), spread, int(changes[1:].any(axis=1).sum()), _rank(changes[1:]))


def _probes(right: Forward, arrays: CaseArrays, name: str, rng: np.random.Generator) -> Iterator[CaseArrays]:
    """Yield arrays with a few elements exchanged to which the right output reacts."""
    before = right(arrays)
    row = int(rng.integers(len(arrays[name])))
    count, found = max(1, arrays[name][row].size // 2), 0
    for _ in range(_TRIES):
        changed = {**arrays, name: _exchanged(arrays[name], slice(row, row + 1), count, rng)}
        after = right(changed)
        if before is None or after is None:
            return
        reacting = np.count_nonzero(_change(before, after))
        if reacting > SMALL_SHARE * before.size and count > 1:
            count //= 2
        elif reacting:
            found += 1
            yield changed
        if found == PROBES:
            return


def _exchanged(array: NDArray[Any], rows: slice, count: int, rng: np.random.Generator) -> NDArray[Any]:
    # Contiguous, so that its parts can be reshaped without a copy.
    exchanged = np.array(array, order="C")
    part = exchanged[rows]
    # So large that each of them is its window's maximum, and passes a ReLU.
    above = (1 + np.ptp(array)) * rng.uniform(2, 4, size=count)
    part.reshape(-1)[rng.choice(part.size, count, replace=False)] += above
    return exchanged


def _change(before: Floats, after: Floats) -> Floats:
    change = after - before
    return np.where(np.abs(change) > UNCHANGED * np.abs(before).max(initial=0.0), change, 0.0)


def _rank(changes: Floats) -> int:
    sizes = np.linalg.norm(changes, axis=1, keepdims=True)
    return int(np.linalg.matrix_rank(changes / np.where(sizes, sizes, 1.0), tol=1e-6)) if changes.size else 0


def derives_like(
    own: Forward,
    right: Forward,
    arrays: CaseArrays,
    name: str,
    rng: np.random.Generator,
    *,
    reads_several: bool,
) -> bool:
    """Tell whether the derivative by an input changes with what the layer's derivative changes with.

    That of a convolution by its pixels changes with the weight, that of a ReLU with the pixels. What is
    linear in one element of one input and ignores the others has its gradient for nothing.

    Parameters
    ----------
    own, right, arrays, name, rng
        As for `reactions`.
    reads_several : bool
        Whether an element of the student's output depends on several elements of the input. Then it may be
        linear in them: an average in place of a maximum.

    Notes
    -----
    Costs four calls of the student's forward for each change.
    """
    direction = rng.normal(size=arrays[name].shape)
    points = [{**arrays, **{other: _redrawn(arrays[other], rng) for other in arrays if other != name}}]
    if not reads_several:
        points.append({**arrays, name: _redrawn(arrays[name], rng)})
    return not any(
        _same(own, arrays, point, name, direction) and not _same(right, arrays, point, name, direction)
        for point in points
    )


def _redrawn(array: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    # Labels: each becomes the next class.
    classes = int(array.max(initial=0)) + 1 if array.dtype.kind != "f" else 0
    return (array + 1) % classes if classes else rng.normal(size=array.shape)


def _same(forward: Forward, here: CaseArrays, there: CaseArrays, name: str, direction: Floats) -> bool:
    one, other = (difference(forward, point, name, direction) for point in (here, there))
    if one is None or other is None:
        return True
    return bool(np.linalg.norm(one - other) <= ALIKE * (np.linalg.norm(one) + np.linalg.norm(other)))


def difference(forward: Forward, arrays: CaseArrays, name: str, direction: Floats) -> Floats | None:
    """Return the derivative of the output along a direction of one input; None where there is none."""
    above = forward({**arrays, name: arrays[name] + STEP * direction})
    below = forward({**arrays, name: arrays[name] - STEP * direction})
    return None if above is None or below is None else (above - below) / (2 * STEP)
