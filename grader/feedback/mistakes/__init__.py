"""The catalogue: known ways to get a layer wrong, each a right layer with some steps replaced.

Trusted side. One table serves the kill matrix (no wrong layer survives), the diagnosis (which mistake
explains an answer) and accepted conventions.
"""

from grader.feedback.mistakes.conv_backward import BACKWARD_MISTAKES
from grader.feedback.mistakes.conv_forward import FORWARD_MISTAKES
from grader.feedback.mistakes.dense import DENSE_MISTAKES
from grader.feedback.mistakes.families import FAMILIES
from grader.feedback.mistakes.model import Form, Mistake, combine
from grader.feedback.mistakes.pooling import AVERAGE_MISTAKES, POOLING_MISTAKES
from grader.feedback.mistakes.state import STATE_MISTAKES
from grader.feedback.mistakes.training import TRAINING_MISTAKES

__all__ = ["CATALOGUE", "Form", "Mistake", "combine", "mistake"]

CATALOGUE: tuple[Mistake, ...] = (
    *FAMILIES,
    *FORWARD_MISTAKES,
    *BACKWARD_MISTAKES,
    *POOLING_MISTAKES,
    *AVERAGE_MISTAKES,
    *DENSE_MISTAKES,
    *STATE_MISTAKES,
    *TRAINING_MISTAKES,
)


def mistake(name: str) -> Mistake:
    """Return a catalogued mistake.

    Raises
    ------
    KeyError
        There is none of that name.

    Examples
    --------
    >>> mistake("forgets_bias").criteria
    ('conv2d.forward',)
    """
    return _BY_NAME[name]


_BY_NAME = {entry.name: entry for entry in CATALOGUE}
