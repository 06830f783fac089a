"""Sources: which file is the answer, what of it is executed, and what a student must be told about it.

Trusted side. `read_program` is what the rest of the grader calls; it parses and never executes.
"""

from grader.intake.source.listing import Listing
from grader.intake.source.program import Program, read_program

__all__ = ["Listing", "Program", "read_program"]
