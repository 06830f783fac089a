"""What right answers lose: the ``[penalties]`` table of an assignment file.

Trusted side; pure data.
"""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le

Share = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True, slots=True)
class Penalties:
    """Shares of a criterion's points, taken once, however many of its cases show the fault.

    Attributes
    ----------
    modified_input : float
        The call changed an array that it was given.
    gradient_order : float
        ``backward`` returned gradients in another order, or several where one is asked for.
    other_names : float
        The layer has other names for parameters, attributes or methods than the template.
    """

    modified_input: Share = 0.1
    gradient_order: Share = 0.1
    other_names: Share = 0.0


REASONS = {
    "modified_input": "the answer is right, but the call changed an array that it was given",
    "gradient_order": "the answer is right, but backward returned it in another form than asked for",
    "other_names": "the answer is right, but names differ from the template's",
}
"""What students read, by the name of the penalty."""
