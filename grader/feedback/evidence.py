"""What a submission answered, sorted by criterion into right and wrong, and when two answers are alike.

Trusted side; pure. This is the input of the diagnosis; it has no messages and no source code.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grader.cases import Case, criterion_of, parts_of
from grader.cases.compare import compare
from grader.cases.ground_truth import GroundTruth
from grader.results import Outcome
from grader.sandbox import Answer, Reply

MUTE = frozenset(
    {
        Outcome.TIMED_OUT,
        Outcome.OUT_OF_MEMORY,
        Outcome.TOO_MUCH_OUTPUT,
        Outcome.CRASHED,
        Outcome.IMPORT_FAILED,
        Outcome.NOT_RUN,
        Outcome.GRADER_ERROR,
    }
)
"""Outcomes that say nothing about the mathematics."""

NOT_RIGHT = frozenset(
    {
        Outcome.WRONG_VALUE,
        Outcome.WRONG_SHAPE,
        Outcome.WRONG_DTYPE,
        Outcome.NOT_FINITE,
        Outcome.RAISED,
        Outcome.OUT_OF_BOUNDS_VIEW,
    }
)
"""Outcomes of code that was run and is not right."""

_CLOSE: Mapping[str, float] = {"float64": 1e-9, "float32": 3e-5, "float16": 3e-2}


@dataclass(frozen=True, slots=True, eq=False)
class AskedPart:
    """One part of one case's answer.

    Attributes
    ----------
    case : Case
    part : str
    answer : Answer
    right : bool
    stopped_by : str
        The earlier part of the same call that stopped, so that this one was never computed; empty if none.
    misshapen : bool
        Whether there is an array of another shape than the right one's.
    modified : tuple of str
        Arrays that the call changed. This is a fault only where nothing else is wrong in the criterion.
    """

    case: Case
    part: str
    answer: Answer
    right: bool
    stopped_by: str = ""
    misshapen: bool = False
    modified: tuple[str, ...] = ()

    @property
    def inherited(self) -> bool:
        """Whether an earlier part stopped."""
        return bool(self.stopped_by)


def evidence(truth: GroundTruth, replies: Mapping[str, Reply]) -> dict[str, tuple[AskedPart, ...]]:
    """Sort a submission's replies by the criterion that each part counts for.

    Parameters
    ----------
    truth : GroundTruth
    replies : Mapping of str to Reply
        By case id, as far as the submission was asked.

    Returns
    -------
    dict of str to tuple of AskedPart
        In the order of the truth's cases; answers that say nothing (a time-out, say) are left out.
    """
    found: dict[str, list[AskedPart]] = {}
    for case in truth.cases:
        if case.id in replies:
            for criterion, item in _items(case, truth, replies[case.id]):
                if item.answer.outcome not in MUTE:
                    found.setdefault(criterion, []).append(item)
    return {criterion: _with_changes(items) for criterion, items in found.items()}


def _with_changes(items: Sequence[AskedPart]) -> tuple[AskedPart, ...]:
    """Count changed inputs as wrong where all answers are right: wrong ones have a cause of their own."""
    if not all(item.right and not item.case.invalid for item in items):
        return tuple(items)
    return tuple(
        replace(item, modified=item.answer.modified, right=False) if item.answer.modified else item
        for item in items
    )


def _items(case: Case, truth: GroundTruth, reply: Reply) -> Iterator[tuple[str, AskedPart]]:
    if case.invalid:
        answer = reply.answers["output"]
        yield f"{case.kind}.errors", AskedPart(case, "output", answer, answer.outcome is not None)
        return
    stopped = ""
    for part in parts_of(case):
        answer = reply.answers[part]
        right = _is_right(answer, truth, case, part)
        array, shape = answer.shown, truth[case.id].expected[part].values.shape
        misshapen = array is not None and array.shape != shape
        before = stopped if array is None else ""
        yield criterion_of(case.kind, part), AskedPart(case, part, answer, right, before, misshapen)
        stopped = stopped or (part if array is None else "")


def _is_right(answer: Answer, truth: GroundTruth, case: Case, part: str) -> bool:
    if answer.array is None:
        return False
    return compare(answer.array, truth[case.id].expected[part], case.dtype, part).passed


def is_right(truth: GroundTruth, item: AskedPart, reply: Reply) -> bool:
    """Tell whether another reply is right where an item stands."""
    if item.case.invalid:
        return reply.answers[item.part].outcome is not None
    return _is_right(reply.answers[item.part], truth, item.case, item.part)


def alike(item: AskedPart, reply: Reply) -> bool:
    """Tell whether another reply explains an item: the same array, or the same failure in the same part."""
    answer = reply.answers[item.part]
    changed = item.modified and item.modified != answer.modified
    given, other = item.answer.shown, answer.shown
    if (given is None) != (other is None) or changed:
        return False
    if given is None or other is None:
        return True
    return arrays_alike(given, other, item.case.dtype)


def arrays_alike(given: NDArray[np.generic], other: NDArray[np.generic], dtype: str) -> bool:
    """Tell whether two arrays come from the same formula, up to rounding.

    Parameters
    ----------
    given, other : ndarray
    dtype : str
        Of the inputs. A more precise dtype counts as equal, a less precise one does not.
    """
    wanted = np.dtype(dtype)
    if given.shape != other.shape or _precision(given, wanted) != _precision(other, wanted):
        return False
    coarsest = min((given.dtype, other.dtype, wanted), key=lambda one: one.itemsize)
    close = _CLOSE.get(str(coarsest), _CLOSE["float64"])
    first, second = given.astype(np.float64), other.astype(np.float64)
    finite = np.isfinite(second)
    if not np.array_equal(first[~finite], second[~finite], equal_nan=True):
        return False
    scale = float(np.max(np.abs(second[finite]), initial=0.0))
    return bool((np.abs(first[finite] - second[finite]) <= close * scale).all())


def _precision(array: NDArray[np.generic], wanted: np.dtype[np.generic]) -> str:
    """Return the dtype where it is another kind or less precise than the inputs', else nothing."""
    enough = array.dtype.kind == "f" and array.dtype.itemsize >= wanted.itemsize
    return "" if enough else str(array.dtype)
