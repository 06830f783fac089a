"""The words for what became of one check, and what each means to a student.

Trusted side; pure data. DESIGN's outcome words, in the order in which reports list them.
"""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one check of one submission."""

    PASSED = "passed"
    WRONG_DTYPE = "wrong_dtype"
    WRONG_SHAPE = "wrong_shape"
    WRONG_VALUE = "wrong_value"
    NOT_FINITE = "not_finite"
    MODIFIED_INPUT = "modified_input"
    RAISED = "raised"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    TOO_MUCH_OUTPUT = "too_much_output"
    CRASHED = "crashed"
    OUT_OF_BOUNDS_VIEW = "out_of_bounds_view"
    IMPORT_FAILED = "import_failed"
    NOT_IMPLEMENTED = "not_implemented"
    NOT_RUN = "not_run"
    GRADER_ERROR = "grader_error"
