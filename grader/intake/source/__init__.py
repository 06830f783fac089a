"""Sources: choose the main file, keep its definitions, and list what was skipped.

Trusted side. `read_program` is what the rest of the grader calls; it parses and never executes.
"""

from grader.intake.source.listing import Listing
from grader.intake.source.program import Program, read_program

__all__ = ["Listing", "Program", "read_program"]
