"""Intake: folders, archives and Moodle downloads become submissions, with nothing executed or extracted.

Trusted side. `collect` is what the rest of the grader calls.
"""

from grader.intake.submissions.intake import collect, gather
from grader.intake.submissions.model import Intake, SourceFile, Submission

__all__ = ["Intake", "SourceFile", "Submission", "collect", "gather"]
