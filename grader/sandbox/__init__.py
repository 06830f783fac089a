"""Start, limit, watch and end the untrusted side.

Trusted side, except `zygote`, which is handed to the untrusted one as text.
"""

from grader.assignment.limits import Limits
from grader.sandbox.answers import Answer, Reply
from grader.sandbox.backends.choose import examine, open_backend
from grader.sandbox.client import Client
from grader.sandbox.process import Backend

__all__ = ["Answer", "Backend", "Client", "Limits", "Reply", "examine", "open_backend"]
