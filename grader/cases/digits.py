"""Numbers as text, with enough digits that a wrong one never looks like the right one.

Trusted side; pure.
"""

from collections.abc import Iterable

_MOST = 17
"""Digits that tell any two numbers of float64 apart."""


def enough_digits(pairs: Iterable[tuple[float, float]], usual: int) -> int:
    """Return with how many significant digits the two numbers of each pair print as different texts.

    Parameters
    ----------
    pairs : iterable of (float, float)
        Pairs of the same number do not count.
    usual : int
        The answer where it is enough.

    Examples
    --------
    >>> enough_digits([(1.5, 2.5), (0.1234567, 0.1234568)], usual=4)
    7
    """
    digits = usual
    for one, other in pairs:
        while digits < _MOST and one != other and f"{one:.{digits}g}" == f"{other:.{digits}g}":
            digits += 1
    return digits
