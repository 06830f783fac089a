"""The gradebook: every run and every result, in one SQLite file in the results folder.

Trusted side.
"""

from grader.gradebook.book import FILE_NAME, Gradebook
from grader.gradebook.rows import Run

__all__ = ["FILE_NAME", "Gradebook", "Run"]
