"""Which errors count where a layer must refuse its arguments: the ``[errors]`` table of an assignment file.

Trusted side; pure data.
"""

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from annotated_types import MinLen
from pydantic import AfterValidator


def _is_exception(name: str) -> str:
    found = getattr(builtins, name, None)
    if not (isinstance(found, type) and issubclass(found, Exception)):
        raise ValueError("the name of one of Python's exceptions, such as 'ValueError'")
    return name


ErrorName = Annotated[str, AfterValidator(_is_exception)]


@dataclass(frozen=True, slots=True)
class ErrorPolicy:
    """Which errors count where a layer must refuse its arguments.

    Attributes
    ----------
    accepted : sequence of str
        Names of Python's exceptions; subclasses count too, and so do a student's own exceptions.
    own_only : bool
        Whether the error must come from a ``raise`` or ``assert`` of the student's own, and not from NumPy.
    """

    accepted: Annotated[Sequence[ErrorName], MinLen(1)] = (
        "ValueError",
        "AssertionError",
        "TypeError",
        "IndexError",
    )
    own_only: bool = False

    def accepts(self, name: str) -> bool:
        """Say whether an exception of this name counts.

        Examples
        --------
        >>> [ErrorPolicy().accepts(name) for name in ("UnicodeError", "ZeroDivisionError", "MyShapeError")]
        [True, False, True]
        """
        raised = getattr(builtins, name, None)
        if not (isinstance(raised, type) and issubclass(raised, BaseException)):
            return True  # not one of Python's, so somebody chose to raise it
        return issubclass(raised, tuple(getattr(builtins, accepted) for accepted in self.accepted))
