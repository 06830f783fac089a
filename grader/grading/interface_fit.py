"""Does the interface fit the class? A layer that hardly anybody's code answers is asked in the wrong way.

Trusted side; pure. One submission cannot tell a wrong setting of the assignment from a student's fault; a
class can.
"""

from collections.abc import Sequence

from grader.cases import LAYERS
from grader.results import Outcome, Result

ENOUGH_SUBMISSIONS = 3
"""Fewer submissions without an answer are no sign of a wrong setting."""

_SHARE = 0.5
"""The share of the submissions that has to be without an answer."""

_NO_ANSWER = frozenset({Outcome.RAISED, Outcome.NOT_IMPLEMENTED, Outcome.NOT_RUN})


def interface_doubts(results: Sequence[Result], interface: str) -> tuple[str, ...]:
    """Return a warning for the layers that most submissions never answered.

    Parameters
    ----------
    results : sequence of Result
        A run's. Those that did not load, or handed nothing in, do not count.
    interface : str
        Its name.

    Returns
    -------
    tuple of str
        For whoever grades: one warning for all layers that equally many did not answer.
    """
    counts: dict[str, list[bool]] = {}
    for result in results:
        for kind, answered in _answered(result).items():
            counts.setdefault(kind, []).append(answered)
    kinds: dict[tuple[int, int], list[str]] = {}
    for kind, answers in counts.items():
        silent = answers.count(False)
        if silent >= max(ENOUGH_SUBMISSIONS, _SHARE * len(answers)):
            kinds.setdefault((silent, len(answers)), []).append(kind)
    under = f"under the interface {interface}" if interface else "under this interface"
    return tuple(
        f"{', '.join(names)} never answered {under}: {silent} of {total} submissions so; "
        "does the assignment file fit?"
        for (silent, total), names in kinds.items()
    )


def _answered(result: Result) -> dict[str, bool]:
    """Tell for each kind of layer that a submission was asked for whether it gave any array."""
    outcomes: dict[str, set[Outcome]] = {}
    for item in result.items if result.status == "graded" else ():
        kind, _, name = item.criterion.partition(".")
        # Not the checks of errors, which want one, nor those of speed.
        if kind in LAYERS and name in LAYERS[kind].criteria:
            outcomes.setdefault(kind, set()).add(item.outcome)
    if Outcome.IMPORT_FAILED in set().union(*outcomes.values()):
        return {}
    return {kind: not found <= _NO_ANSWER for kind, found in outcomes.items() if found != {Outcome.NOT_RUN}}
