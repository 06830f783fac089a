"""How speed earns points: thresholds from the assignment file.

Trusted side; pure data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Gt


@dataclass(frozen=True, slots=True)
class SpeedPolicy:
    """Thresholds of the speed criteria; between zero and full, points are linear in the logarithm.

    Attributes
    ----------
    full_speedup : float
        Full points from this many times the speed of the nested loops on.
    full_ratio : float
        Full points also within this many times the reference's time.
    zero_speedup : float
        No points below this many times the speed of the nested loops.
    vectorised_over : sequence of str
        Dimensions that must not be looped over in Python; each that is takes an equal share of the
        points away, however fast the code is. Loops are counted, and timed where the dimension is long:
        see docs/speed.md. Empty: the speed alone decides.
    budget_seconds : float
        Time that one submission's measurement may take when its result is near a boundary.
    """

    full_speedup: Annotated[float, Gt(1)] = 50.0
    full_ratio: Annotated[float, Gt(0)] = 5.0
    zero_speedup: Annotated[float, Gt(0)] = 3.0
    vectorised_over: Sequence[Literal["N", "C_in", "C_out", "H", "W", "K_h", "K_w"]] = ()
    budget_seconds: Annotated[float, Gt(0)] = 6.0
