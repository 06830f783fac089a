"""Sources: choose the main file, keep its definitions, and list what was skipped.

Trusted side. `read_program` is what the rest of the grader calls; it parses and never executes.
"""

from grader.intake.source.absent import with_reason
from grader.intake.source.document import read_document
from grader.intake.source.helper_modules import imported_names
from grader.intake.source.listing import Listing
from grader.intake.source.program import Program
from grader.intake.source.reading import read_program

__all__ = ["Listing", "Program", "imported_names", "read_document", "read_program", "with_reason"]
