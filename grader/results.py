"""What one submission came to: the frozen records that travel to gradebook and reports.

Trusted side; pure data, no behaviour beyond conversion to JSON-ready values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class Outcome(StrEnum):
    """What became of one check of one submission."""

    PASSED = "passed"
    WRONG_DTYPE = "wrong_dtype"
    WRONG_SHAPE = "wrong_shape"
    WRONG_VALUE = "wrong_value"
    NOT_FINITE = "not_finite"
    # Only of earlier gradebooks and a course's own checks: the shipped ones charge a penalty instead.
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
class Place:
    """One line of a submission as the student sees it in their editor.

    Attributes
    ----------
    file : str
        The file's path in the submission.
    cell : int or None
        Which code cell of a notebook, from 1; None in a plain file.
    line : int
        From 1, within the cell or the file.
    text : str
        The line itself, without its indentation; shortened where it is very long.
    function : str
        The function around the line; empty outside of functions.
    """

    file: str
    cell: int | None
    line: int
    text: str = ""
    function: str = ""

    def __str__(self) -> str:
        """Name file, cell and line.

        Examples
        --------
        >>> print(Place("cnn.ipynb", 2, 16, "return x @ w", "forward"))
        cnn.ipynb, code cell 2, line 16
        >>> print(Place("cnn.py", None, 41))
        cnn.py, line 41
        """
        cell = "" if self.cell is None else f"code cell {self.cell}, "
        return f"{self.file}, {cell}line {self.line}"

    def quoted(self) -> str:
        """Name the place and its function, and quote the line.

        Examples
        --------
        >>> print(Place("cnn.py", None, 41, "grad = self._unpad(g)", "backward").quoted())
        cnn.py, line 41, in backward: `grad = self._unpad(g)`
        """
        inside = f", in {self.function}" if self.function else ""
        return f"{self}{inside}: `{self.text}`"


def trail(location: Sequence[Place]) -> list[str]:
    """Return a line of text for where the code raised, and one for each call that led there.

    Examples
    --------
    >>> there = Place("cnn.py", None, 9, "return x[1]", "pad"), Place("cnn.py", None, 4, "pad(x)", "forward")
    >>> trail(there)
    ['at cnn.py, line 9, in pad: `return x[1]`', 'called from cnn.py, line 4, in forward: `pad(x)`']
    """
    starts = ["at", *["called from"] * len(location)]
    return [f"{start} {place.quoted()}" for start, place in zip(starts, location, strict=False)]


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
        Whether the check is about questions that students have not got. Such an item says nothing but its
        outcome: see `grader.grading.explain`.
    about : str
        The case in words: its parameters and what it is there to catch; empty where the check has no case.
    credit : float or None
        The share of its points that a passed check earns, from 0 to 1; None: all of them.
    convention : str
        The accepted convention under which a passed check is right; empty where it is plainly right.
    right_for_own_forward : bool or None
        Whether a wrong gradient is right for the forward pass in the submission; None: not tried.
    location : tuple of Place
        Where the student's code raised, then the student's own calls that led there, innermost first.
    traceback : str
        Where the grader itself failed in this check, for whoever repairs it; empty otherwise.
    penalties : tuple of str
        Names of the assignment's ``[penalties]`` that a passed check incurs, such as ``modified_input``.
    """

    criterion: str
    case: str
    outcome: Outcome
    message: str = ""
    seconds: float = 0.0
    hidden: bool = False
    about: str = ""
    credit: float | None = None
    convention: str = ""
    right_for_own_forward: bool | None = None
    location: tuple[Place, ...] = ()
    traceback: str = ""
    penalties: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values, for `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the item with these fields."""
        location = tuple(Place(**place) for place in values["location"])
        given = {"outcome": Outcome(values["outcome"]), "location": location}
        return cls(**{**values, **given, "penalties": tuple(values.get("penalties", ()))})


@dataclass(frozen=True, slots=True)
class GroupScore:
    """Points for one group of a criterion's cases, such as those with a stride, and how many passed."""

    name: str
    points: float
    max_points: float
    passed: int
    total: int


@dataclass(frozen=True, slots=True)
class CriterionScore:
    """Points for one criterion and how many of its items passed; by group, where its groups have points."""

    name: str
    points: float
    max_points: float
    passed: int
    total: int
    note: str = ""
    groups: tuple[GroupScore, ...] = ()


@dataclass(frozen=True, slots=True)
class Penalty:
    """What a criterion lost although its answers are right: a name of ``[penalties]``, points and why."""

    name: str
    criterion: str
    points: float
    reason: str


@dataclass(frozen=True, slots=True)
class Condition:
    """Which cases of a criterion fail, as a rule over their settings: a sentence for the student.

    ``exact`` says that all cases under the rule fail and no others do; otherwise others fail too.
    """

    criterion: str
    sentence: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A known mistake that explains what went wrong in one criterion.

    ``sentence`` is for the student, ``link`` an anchor into the derivation note,
    ``place`` where the source shows it (None where it does not), ``explains`` how many
    failed items it accounts for, ``title`` what headings call it (empty in a gradebook
    that was written before mistakes had titles), ``follows_from`` the criterion whose fault
    this one only passes on (empty: the fault is here).
    """

    mistake: str
    criterion: str
    sentence: str
    link: str
    place: Place | None
    explains: int
    title: str = ""
    follows_from: str = ""


@dataclass(frozen=True, slots=True)
class Counterexample:
    """The smallest case that still fails: text for the student, ready to print."""

    criterion: str
    text: str


Interval = tuple[float, float, float]
"""A measured ratio: its median, and the low and the high end of its interval."""


@dataclass(frozen=True, slots=True)
class PhaseSpeed:
    """What was measured of one phase, and the credit that it earns.

    ``speedup`` is the loops' time over the submission's, ``ratio`` the submission's over the reference's.
    """

    phase: str
    credit: float
    speedup: Interval
    ratio: Interval
    conclusive: bool


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast the submission is, compared with nested loops and the reference.

    Ratios only: times of one machine mean nothing on another.
    """

    speedup_over_loops: float | None
    ratio_to_reference: float | None
    python_loops: tuple[str, ...]
    conclusive: bool
    note: str = ""
    phases: tuple[PhaseSpeed, ...] = ()


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

    ``status`` is ``graded``, ``needs_attention`` (a person has to look at the upload) or ``grader_error``;
    only ``graded`` has points that count. ``fingerprint`` is the SHA-256 over everything that decides
    the score (files, assignment, ground truth, grader version), so that an unchanged submission need
    not be graded twice; ``conditions`` say which cases fail, ``penalties`` what right answers lost;
    ``examples`` are public questions that were failed, asked where the graded ones are
    hidden; ``printed`` is the end of what the student's code printed; ``traceback`` is where the grader
    itself failed, for whoever repairs it (empty otherwise).
    """

    id: str
    name: str
    participant: int | None
    status: str
    points: float
    max_points: float
    criteria: tuple[CriterionScore, ...] = ()
    items: tuple[Item, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    conditions: tuple[Condition, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    counterexamples: tuple[Counterexample, ...] = ()
    examples: tuple[Item, ...] = ()
    speed: Speed | None = None
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    printed: str = ""
    seconds: float = 0.0
    standing: Standing | None = None
    fingerprint: str = ""
    traceback: str = ""
