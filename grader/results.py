"""What one submission came to: the frozen records that travel to gradebook and reports.

Trusted side; pure data, no behaviour beyond conversion to JSON-ready values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Item:
    """One check of one case: what pytest calls an item.

    Attributes
    ----------
    criterion : str
        What it counts for, such as ``conv2d.grad_x``.
    case : str
        The case's id, such as ``k3x2-s2x3-p1x0-r1x0``.
    outcome : Outcome
        What became of it.
    message : str
        For the student: what is wrong, in a sentence or a few lines; empty where passed.
    seconds : float
        Wall time of the call that answered it, as seen from the trusted side.
    hidden : bool
        Whether the case is one that students have not got.
    detail : Mapping
        JSON-ready extras by the check that made it (sizes, deviation, convention, ...).
    """

    criterion: str
    case: str
    outcome: Outcome
    message: str = ""
    seconds: float = 0.0
    hidden: bool = False
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CriterionScore:
    """Points for one criterion and how many of its items passed."""

    name: str
    points: float
    max_points: float
    passed: int
    total: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A known mistake that explains what went wrong in one criterion.

    ``sentence`` is for the student, ``link`` an anchor into the derivation note,
    ``line`` where the source shows it (None where it does not), ``explains`` how many
    failed items it accounts for.
    """

    mistake: str
    criterion: str
    sentence: str
    link: str
    line: int | None
    explains: int


@dataclass(frozen=True, slots=True)
class Counterexample:
    """The smallest case that still fails: text for the student, ready to print."""

    criterion: str
    text: str


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast the submission is, beside nested loops and the reference.

    Ratios only: times of one machine mean nothing on another.
    """

    speedup_over_loops: float | None
    ratio_to_reference: float | None
    python_loops: tuple[str, ...]
    conclusive: bool
    note: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the learning platform's worksheet says of one participant.

    ``state`` is ``submitted``, ``draft``, ``nothing`` or ``reopened``; ``late_seconds`` is 0 where in time,
    None where unknown; ``deduction`` is what the late policy took, in points, with ``deduction_reason``.
    """

    state: str
    status: str = ""
    email: str = ""
    id_number: str = ""
    group: str = ""
    late_seconds: float | None = None
    deduction: float = 0.0
    deduction_reason: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """All that is known of one graded submission.

    ``status`` is ``graded`` or ``grader_error``; ``fingerprint`` is the SHA-256 over everything
    that decides the score (files, assignment, ground truth, grader version), so that an unchanged
    submission need not be graded twice; ``printed`` is the end of what the student's code printed.
    """

    id: str
    name: str
    participant: int | None
    status: str
    points: float
    max_points: float
    criteria: tuple[CriterionScore, ...] = ()
    items: tuple[Item, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    counterexamples: tuple[Counterexample, ...] = ()
    speed: Speed | None = None
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    printed: str = ""
    seconds: float = 0.0
    standing: Standing | None = None
    fingerprint: str = ""
