"""The smallest setting in which a submission still fails, in numbers that can be checked by hand.

Trusted side. Calls the submission through the sandbox like a check does, within a budget; its inputs
are drawn here, so that a hidden case's arrays never reach feedback.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.cases import LAYERS, Case, criterion_of
from grader.cases.model import Arrays
from grader.checks.submission import Caller
from grader.feedback.array_diff import differs, side_by_side
from grader.feedback.small_cases import Setting, draw, expected, setting_of
from grader.results import Counterexample, Outcome
from grader.sandbox import Answer

MAX_CALLS = 60
MAX_SECONDS = 5.0
_TELLING = frozenset({Outcome.RAISED, Outcome.OUT_OF_BOUNDS_VIEW})

Manner = tuple[Outcome, str]
"""How a case fails: the outcome and, where the code raised, the exception's name."""

Expressed = Callable[[Sequence[Case]], Sequence[Case]]
"""Returns those of some cases that the interface can express."""


def manner_of(outcome: Outcome, message: str) -> Manner:
    """Return how a case fails, by its outcome and message.

    Examples
    --------
    >>> manner_of(Outcome.RAISED, "ValueError: 3 does not fit"), manner_of(Outcome.WRONG_VALUE, "9 are wrong")
    ((<Outcome.RAISED: 'raised'>, 'ValueError'), (<Outcome.WRONG_VALUE: 'wrong_value'>, ''))
    """
    return outcome, message.partition(":")[0] if outcome is Outcome.RAISED else ""


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """A setting in which the submission fails, with the arrays that show it."""

    setting: Setting
    arrays: Arrays
    answer: Answer
    manner: Manner


def smallest_counterexample(
    case: Case,
    part: str,
    caller: Caller,
    rng: np.random.Generator,
    *,
    manner: Manner | None = None,
    expressed: Expressed = tuple,
    max_calls: int = MAX_CALLS,
    max_seconds: float = MAX_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Counterexample | None:
    """Shrink a failing case as long as the submission still fails in the same manner.

    Parameters
    ----------
    case : Case
        One whose part the submission got wrong; only its setting is used, not its arrays.
    part : str
    caller : Caller
        Calls the submission.
    rng : numpy.random.Generator
    manner : Manner, optional
        How the case fails; if left out, as its setting fails on drawn arrays.
    expressed : callable
        Settings that the interface cannot express are not tried.
    max_calls, max_seconds
        The budget; whatever is smallest when it is used up is shown.
    clock : callable
        Seconds.

    Returns
    -------
    Counterexample or None
        None where the setting does not fail on drawn arrays, or is none that can be shrunk.
    """
    start = setting_of(case)
    if start is None:
        return None
    ends, calls = clock() + max_seconds, 0
    smallest: Failure | None = None
    tried: set[str] = set()
    candidates = iter(_expressible([start], expressed))
    while calls < max_calls and clock() < ends:
        setting = next(candidates, None)
        if setting is None:
            break
        if repr(setting) in tried:
            continue
        tried.add(repr(setting))
        calls += 1
        failure = _try(setting, part, caller, rng)
        if failure is not None and failure.manner == (manner or failure.manner):
            manner, smallest = failure.manner, failure
            candidates = iter(_expressible([*setting.smaller()], expressed))
    return Counterexample(criterion_of(case.kind, part), describe(smallest, part)) if smallest else None


def _expressible(settings: Sequence[Setting], expressed: Expressed) -> Sequence[Setting]:
    """Return those of some settings that the interface can express."""
    cases = [setting.case() for setting in settings]
    kept = {id(case) for case in expressed(cases)}
    return [setting for setting, case in zip(settings, cases, strict=True) if id(case) in kept]


def _try(setting: Setting, part: str, caller: Caller, rng: np.random.Generator) -> Failure | None:
    arrays = draw(setting, rng)
    parts = LAYERS[setting.kind].parts
    reply = caller.run(setting.kind, setting.params(), arrays, parts=parts, scenario=setting.scenario)
    answer = reply.answers[part]
    if answer.array is None:
        if answer.outcome not in _TELLING:
            return None
        return Failure(setting, arrays, answer, manner_of(answer.outcome, answer.message))
    outcome = _outcome(answer.array, expected(setting, arrays)[part])
    return Failure(setting, arrays, answer, (outcome, "")) if outcome else None


def _outcome(array: NDArray[Any], wanted: NDArray[np.float64]) -> Outcome | None:
    """Return what is wrong with an answer, in the order in which checks look; None if nothing is."""
    if array.dtype.kind != "f" or array.dtype.itemsize < wanted.dtype.itemsize:
        return Outcome.WRONG_DTYPE
    if array.shape != wanted.shape:
        return Outcome.WRONG_SHAPE
    if not np.isfinite(array).all():
        return Outcome.NOT_FINITE
    return Outcome.WRONG_VALUE if differs(array, wanted).any() else None


def describe(failure: Failure, part: str) -> str:
    """Return a counterexample as text: the call, its inputs, and both answers side by side."""
    setting, arrays = failure.setting, failure.arrays
    arguments = ", ".join(f"{name}={value}" for name, value in setting.params().items())
    after = {
        "once": "",
        "twice": ", after a forward and backward on other arrays",
        "second_forward": ", after a forward on other arrays",
        "two_layers": ", while another layer is in use",
    }
    lines = [f"{setting.kind}({arguments}){after[setting.scenario]}"]
    for name, array in arrays.items():
        if not name.startswith("warmup_") and (part != "output" or name != "grad_output"):
            lines.append(f"{name} = {_literal(array)}")
    wanted = expected(setting, arrays)[part]
    answer = failure.answer
    if answer.array is None:
        # The line that raised is told with the failing cases, which fail in the same manner.
        lines += [f"{part}: {answer.message}", f"expected {part} = {_literal(wanted)}"]
    elif failure.manner[0] is Outcome.WRONG_DTYPE:
        lines.append(f"{part} has dtype {answer.array.dtype}, expected {wanted.dtype}")
    else:
        lines += [f"{part}:", side_by_side(answer.array, wanted)]
    return "\n".join(lines)


def _literal(array: NDArray[Any]) -> str:
    """Return an array as a nested list, whole numbers without a point."""
    whole = array.dtype.kind == "f" and np.array_equal(array, np.round(array))
    return str((array.astype(np.int64) if whole else array.round(4)).tolist())
