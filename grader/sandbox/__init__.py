"""Start, limit, watch and end the untrusted side.

Trusted side. The worker's own code is `grader.worker`, which is sent there as text.
"""

from grader.assignment.limits import Limits
from grader.sandbox.answers import Answer, Reply
from grader.sandbox.backends.choose import examine, open_backend
from grader.sandbox.client import Client
from grader.sandbox.interpreter import find_interpreter
from grader.sandbox.process import Backend

__all__ = ["Answer", "Backend", "Client", "Limits", "Reply", "examine", "find_interpreter", "open_backend"]
