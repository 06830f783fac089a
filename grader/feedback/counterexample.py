"""The smallest setting in which a submission still fails, in numbers that can be checked by hand.

Trusted side. Calls the submission through the sandbox like a check does, within a budget; its inputs
are drawn here, so that a hidden case's arrays never reach feedback.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.cases import LAYERS, Case, criterion_of
from grader.cases.model import Arrays
from grader.checks.submission import Caller
from grader.feedback.array_diff import differs, side_by_side
from grader.feedback.small_cases import Setting, draw, expected, setting_of
from grader.results import Counterexample, Outcome, trail
from grader.sandbox import Answer

MAX_CALLS = 60
MAX_SECONDS = 5.0
_TELLING = frozenset({Outcome.RAISED, Outcome.OUT_OF_BOUNDS_VIEW})


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """A setting in which the submission fails, with the arrays that show it."""

    setting: Setting
    arrays: Arrays
    answer: Answer


def smallest_counterexample(
    case: Case,
    part: str,
    caller: Caller,
    rng: np.random.Generator,
    *,
    max_calls: int = MAX_CALLS,
    max_seconds: float = MAX_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Counterexample | None:
    """Shrink a failing case as long as the submission still fails.

    Parameters
    ----------
    case : Case
        One whose part the submission got wrong; only its setting is used, not its arrays.
    part : str
    caller : Caller
        Calls the submission.
    rng : numpy.random.Generator
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
    candidates = iter([start])
    while calls < max_calls and clock() < ends:
        setting = next(candidates, None)
        if setting is None:
            break
        if repr(setting) in tried:
            continue
        tried.add(repr(setting))
        calls += 1
        failure = _try(setting, part, caller, rng)
        if failure is not None:
            smallest, candidates = failure, setting.smaller()
    return Counterexample(criterion_of(case.kind, part), describe(smallest, part)) if smallest else None


def _try(setting: Setting, part: str, caller: Caller, rng: np.random.Generator) -> Failure | None:
    arrays = draw(setting, rng)
    parts = LAYERS[setting.kind].parts
    reply = caller.run(setting.kind, setting.params(), arrays, parts=parts, scenario=setting.scenario)
    answer = reply.answers[part]
    if answer.array is None:
        return Failure(setting, arrays, answer) if answer.outcome in _TELLING else None
    wanted = expected(setting, arrays)[part]
    same = answer.array.shape == wanted.shape and answer.array.dtype == wanted.dtype
    if same and not differs(answer.array, wanted).any():
        return None
    return Failure(setting, arrays, answer)


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
        raised = [f"{part}: {answer.message}", *trail(answer.location)]
        lines += [*raised, f"expected {part} = {_literal(wanted)}"]
    elif answer.array.dtype != wanted.dtype:
        lines.append(f"{part} has dtype {answer.array.dtype}, expected {wanted.dtype}")
    else:
        lines += [f"{part}:", side_by_side(answer.array, wanted)]
    return "\n".join(lines)


def _literal(array: NDArray[Any]) -> str:
    """Return an array as a nested list, whole numbers without a point."""
    whole = array.dtype.kind == "f" and np.array_equal(array, np.round(array))
    return str((array.astype(np.int64) if whole else array.round(4)).tolist())
