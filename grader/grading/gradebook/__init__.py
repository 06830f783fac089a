"""The gradebook: every run and every result, in one SQLite file in the results folder.

Trusted side.
"""

from grader.grading.gradebook.book import FILE_NAME, Gradebook
from grader.grading.gradebook.rows import Run

__all__ = ["FILE_NAME", "Gradebook", "Run"]
