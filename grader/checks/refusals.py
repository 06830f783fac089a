"""Does an error count as a refusal of wrong arguments? Judge the exception and the line that raised it.

Trusted side. Both are the worker's word: they decide here only, and a lie wins no more than a raise would.
"""

import re

from grader.assignment.error_policy import ErrorPolicy
from grader.sandbox import Answer

_RAISES = re.compile(r"(?:^|[:;])\s*(?:raise|assert)\b")


def refusal_problem(answer: Answer, policy: ErrorPolicy) -> str:
    """Say why an error that was raised does not count; empty where it does."""
    name = answer.message.partition(":")[0].strip()
    if not policy.accepts(name):
        return f"{name} does not count as a refusal; {_any_of(policy)} does"
    if policy.own_only and not (answer.location and _RAISES.search(answer.location[0].text)):
        return f"{name} was raised by code that you called; check the arguments and raise {_any_of(policy)}"
    return ""


def _any_of(policy: ErrorPolicy) -> str:
    *others, last = policy.accepted
    return f"{', '.join(others)} or {last}" if others else last
