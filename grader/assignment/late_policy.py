"""What lateness costs: the ``[late]`` table of an assignment file.

Trusted side; pure data.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from annotated_types import Ge, Le


@dataclass(frozen=True, slots=True)
class LatePolicy:
    """What lateness costs.

    Attributes
    ----------
    per : str
        ``day`` or ``hour``: each one begun costs the same.
    points : float
        Points taken for each; or
    percent : float
        per cent of the assignment's maximum taken for each. One of the two is 0.
    grace_minutes : float
        Lateness up to this costs nothing; beyond it, all of it counts.
    cap : float or None
        The most that is taken, in the unit that is used (points or per cent); None takes all.
    due : datetime or None
        In the worksheet's zone (one given here is not looked at, since the worksheet names none); None
        leaves lateness to the worksheet's Status.
    """

    per: Literal["day", "hour"] = "day"
    points: Annotated[float, Ge(0)] = 0.0
    percent: Annotated[float, Ge(0), Le(100)] = 0.0
    grace_minutes: Annotated[float, Ge(0)] = 0.0
    cap: Annotated[float, Ge(0)] | None = None
    due: datetime | None = None
