"""Why a name is missing when a program is called: where it would have been set, and why that was not run.

Trusted side; pure. The names are read in the source; what a worker says decides only which are with_reason.
"""

import re
from collections.abc import Mapping

_MISSING = re.compile(
    r"name '(?P<name>\w+)' is not defined"
    r"|^(?P<graded>\w+) is not defined"
    r"|module '[\w.]+' has no attribute '(?P<attribute>\w+)'"
    r"|cannot import name '(?P<imported>\w+)'"
)
_LONGEST_SEARCHED = 1_000


def with_reason(message: str, absent: Mapping[str, str]) -> str:
    """Return an error's message, and where the name that it misses should have been set.

    Parameters
    ----------
    message : str
    absent : Mapping of str to str
        A sentence for each name that is known to be missing.

    Examples
    --------
    >>> absent = {"RATE": "RATE is set in cnn.py, line 3, which was not run"}
    >>> with_reason("NameError: name 'RATE' is not defined", absent)
    "NameError: name 'RATE' is not defined; RATE is set in cnn.py, line 3, which was not run"
    >>> with_reason("NameError: name 'other' is not defined", absent)
    "NameError: name 'other' is not defined"
    """
    found = _MISSING.search(message[:_LONGEST_SEARCHED])
    sentence = absent.get(found[found.lastgroup or 0]) if found else None
    return f"{message}; {sentence}" if sentence else message
