"""Read the assignment file: criteria, points and limits.

Trusted side. The file is TOML. All of it is checked here, and error messages name the key and the allowed
values, so that no other module needs to check it again.
"""

import difflib
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Le, MinLen
from pydantic import ConfigDict, TypeAdapter, ValidationError

from grader.assignment.late_policy import LatePolicy
from grader.assignment.limits import Limits
from grader.assignment.penalties import Penalties
from grader.assignment.speed_policy import SpeedPolicy
from grader.cases.layers import all_criteria
from grader.errors import AssignmentError

CRITERIA = all_criteria()
"""The criteria that the shipped checks count for."""

DEFAULT_FILE = Path(__file__).parent / "default.toml"

Fraction = Annotated[float, Ge(0), Le(1)]
Points = Annotated[float, Ge(0)]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A validated assignment file.

    Attributes
    ----------
    name : str
    points : Mapping of str to float
        Points of each criterion that is graded; a criterion that is left out is not graded.
    interface : str
        Name of a shipped interface, or path of a file, from the assignment file's folder.
    interface_settings : Mapping
        Handed to the interface: names, argument order, layouts.
    ground_truth : str
        ``fresh`` (drawn once for each results folder), ``public``, or the folder of a set made with
        ``grader truth``.
    whole_file : bool
        Whether the student's file is executed whole instead of its definitions only.
    imports : sequence of str
        Top-level modules that a student's code may import besides the harmless part of the standard library.
    accept : sequence of str
        Conventions that earn full points, by their names in the catalogue of mistakes.
    own_forward_credit : float
        What share of a gradient's points is earned where it is wrong, but right for the student's own
        forward.
    limits, speed, late, penalties
        What a submission may use, how speed earns points, what lateness costs, and what right answers lose.
    text : str
        The file's text, kept so that a score can be explained later.
    """

    name: Annotated[str, MinLen(1)]
    points: Mapping[str, Points]
    interface: str = "layers"
    interface_settings: Mapping[str, Any] = field(default_factory=dict)
    ground_truth: str = "fresh"
    whole_file: bool = False
    imports: Sequence[str] = ("numpy",)
    accept: Sequence[str] = ()
    own_forward_credit: Fraction = 0.0
    limits: Limits = field(default_factory=Limits)
    speed: SpeedPolicy = field(default_factory=SpeedPolicy)
    late: LatePolicy | None = None
    penalties: Penalties = field(default_factory=Penalties)
    text: str = ""
    folder: str = ""

    @property
    def max_points(self) -> float:
        """The sum of all criteria's points."""
        return sum(self.points.values())

    def resolve(self, path: str) -> Path:
        """Return a path that the file gives, taken from the file's own folder."""
        return Path(self.folder) / path


def load_assignment(path: Path | None = None, *, extra_criteria: bool = False) -> Assignment:
    """Read and check an assignment file.

    Parameters
    ----------
    path : Path, optional
        The shipped default if left out.
    extra_criteria : bool
        Whether criteria other than `CRITERIA` are allowed, because the course runs checks of its own.

    Raises
    ------
    AssignmentError
        The file cannot be read or breaks a rule; every broken rule is named with its key.
    """
    path = path or DEFAULT_FILE
    try:
        text = path.read_text(encoding="utf-8-sig")
        values = tomllib.loads(text)
    except OSError as error:
        raise AssignmentError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise AssignmentError(f"{path}: not TOML: {error}") from None
    reserved = sorted({"text", "folder"} & values.keys())
    if reserved:
        raise AssignmentError(f"{path}: {_unknown(reserved[0], _keys())}")
    try:
        assignment = _VALIDATOR.validate_python(values | {"text": text, "folder": str(path.resolve().parent)})
    except ValidationError as error:
        problems = "\n".join(f"{path}: {_sentence(dict(detail))}" for detail in error.errors())
        raise AssignmentError(problems) from None
    problems_found = _problems(assignment, extra_criteria=extra_criteria)
    if problems_found:
        raise AssignmentError("\n".join(f"{path}: {problem}" for problem in problems_found))
    return assignment


for _part in (Assignment, Limits, SpeedPolicy, LatePolicy, Penalties):
    _part.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[union-attr]
_VALIDATOR: TypeAdapter[Assignment] = TypeAdapter(Assignment)


def _keys(*path: str) -> tuple[str, ...]:
    """Return the keys that are allowed in the table at `path`."""
    tables: Mapping[tuple[str, ...], type] = {
        (): Assignment,
        ("limits",): Limits,
        ("speed",): SpeedPolicy,
        ("late",): LatePolicy,
        ("penalties",): Penalties,
    }
    names = getattr(tables.get(path, object), "__dataclass_fields__", {})
    return tuple(name for name in names if name not in ("text", "folder"))


def _unknown(name: str, allowed: Collection[str]) -> str:
    close = difflib.get_close_matches(name, allowed, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{name}: unknown key; {hint}allowed are {', '.join(allowed)}"


def _sentence(detail: Mapping[str, Any]) -> str:
    """Say one of the validator's findings with its key and what is allowed."""
    where = [str(step) for step in detail["loc"]]
    if detail["type"] == "unexpected_keyword_argument":
        prefix = "".join(f"{step}." for step in where[:-1])
        return prefix + _unknown(where[-1], _keys(*where[:-1]))
    if detail["type"] == "missing":
        return f"{'.'.join(where)}: missing; it must be given"
    rule = detail["msg"].removeprefix("Input should be ")
    return f"{'.'.join(where)}: must be {rule}, not {detail['input']!r}"


def _problems(assignment: Assignment, *, extra_criteria: bool) -> list[str]:
    unknown = [] if extra_criteria else [name for name in assignment.points if name not in CRITERIA]
    problems = [f"points.{_unknown(name, CRITERIA)}" for name in unknown]
    late = assignment.late
    if late and (late.points > 0) == (late.percent > 0):
        problems.append("late: give either points or percent, one of them above 0")
    if assignment.max_points <= 0:
        problems.append("points: at least one criterion must have more than 0 points")
    return problems
