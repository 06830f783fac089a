"""Read the assignment file: criteria, points and limits.

Trusted side. The file is TOML. All of it is checked here, and error messages name the key and the allowed
values, so that no other module needs to check it again.
"""

import difflib
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import ConfigDict, TypeAdapter, ValidationError

from grader.assignment.coverage import REQUIRABLE
from grader.assignment.error_policy import ErrorPolicy
from grader.assignment.late_policy import LatePolicy
from grader.assignment.limits import Limits
from grader.assignment.penalties import Penalties
from grader.assignment.speed_policy import SpeedPolicy
from grader.cases.groups import BASIC, group_names
from grader.cases.layers import LAYERS, all_criteria
from grader.errors import AssignmentError

CRITERIA = all_criteria()
"""The criteria that the shipped checks count for."""

_RESERVED = ("text", "folder", "groups", "required")
"""Fields that the file has no key for."""

_WRITTEN = {"groups": "points", "required": "interface.required"}
"""Where the file has what is kept in a field of another name."""

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
    groups : Mapping of str to Mapping of str to float
        By criterion, the points of each group of its cases, where the file gives points as a table.
    interface : str
        Name of a shipped interface, or path of a file, from the assignment file's folder.
    required : sequence of str
        What the interface may not lack, of `grader.assignment.coverage.REQUIRABLE`: cases that it cannot
        express for this reason fail.
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
    limits, speed, late, penalties, errors
        What a submission may use, how speed earns points, what lateness costs, what right answers lose, and
        which errors count where a layer must refuse its arguments.
    text : str
        The file's text, kept so that a score can be explained later.
    """

    name: Annotated[str, MinLen(1)]
    points: Mapping[str, Points]
    groups: Mapping[str, Mapping[str, Points]] = field(default_factory=dict)
    interface: str = "layers"
    required: Sequence[Literal[REQUIRABLE]] = ("stride", "padding")  # type: ignore[valid-type]
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
    errors: ErrorPolicy = field(default_factory=ErrorPolicy)
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
    reserved = sorted(set(_RESERVED) & values.keys())
    if reserved:
        raise AssignmentError(f"{path}: {_unknown(reserved[0], _keys())}")
    order, groups = list(values.get("points", ())), _tables(values)
    own = {"text": text, "folder": str(path.resolve().parent), "groups": groups}
    own |= _interface_table(path, values)
    try:
        assignment = _VALIDATOR.validate_python(values | own)
    except ValidationError as error:
        problems = "\n".join(f"{path}: {_sentence(dict(detail))}" for detail in error.errors())
        raise AssignmentError(problems) from None
    totals = {name: round(sum(table.values()), 6) for name, table in assignment.groups.items()}
    points = {**assignment.points, **totals}
    assignment = replace(assignment, points={name: points[name] for name in order})
    problems_found = _problems(assignment, extra_criteria=extra_criteria)
    if problems_found:
        raise AssignmentError("\n".join(f"{path}: {problem}" for problem in problems_found))
    return assignment


def _tables(values: dict[str, Any]) -> dict[str, Any]:
    """Take the criteria whose points are a table out of the file's values."""
    points = values.get("points")
    if not isinstance(points, dict):
        return {}
    tables = {name: table for name, table in points.items() if isinstance(table, dict)}
    values["points"] = {name: number for name, number in points.items() if name not in tables}
    return tables


def _interface_table(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Take the interface's name and what is required out of ``[interface]``, where it is a table."""
    table = values.get("interface")
    if not isinstance(table, dict):
        return {}
    allowed = ("name", "required")
    for key in table:
        if key not in allowed:
            raise AssignmentError(f"{path}: interface.{_unknown(key, allowed)}")
    del values["interface"]
    values |= {"interface": table["name"]} if "name" in table else {}
    return {"required": table["required"]} if "required" in table else {}


for _part in (Assignment, Limits, SpeedPolicy, LatePolicy, Penalties, ErrorPolicy):
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
        ("errors",): ErrorPolicy,
    }
    names = getattr(tables.get(path, object), "__dataclass_fields__", {})
    return tuple(name for name in names if name not in _RESERVED)


def _unknown(name: str, allowed: Collection[str]) -> str:
    close = difflib.get_close_matches(name, allowed, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{name}: unknown key; {hint}allowed are {', '.join(allowed)}"


def _sentence(detail: Mapping[str, Any]) -> str:
    """Say one of the validator's findings with its key and what is allowed."""
    where = [str(step) for step in detail["loc"]]
    where[0] = _WRITTEN.get(where[0], where[0])
    if detail["type"] == "unexpected_keyword_argument":
        prefix = "".join(f"{step}." for step in where[:-1])
        return prefix + _unknown(where[-1], _keys(*where[:-1]))
    if detail["type"] == "missing":
        return f"{'.'.join(where)}: missing; it must be given"
    rule = detail["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{'.'.join(where)}: must be {rule}, not {detail['input']!r}"


def _problems(assignment: Assignment, *, extra_criteria: bool) -> list[str]:
    unknown = [] if extra_criteria else [name for name in assignment.points if name not in CRITERIA]
    problems = [f"points.{_unknown(name, CRITERIA)}" for name in unknown]
    for criterion, table in assignment.groups.items():
        if criterion not in unknown:
            problems += [f"points.{criterion}{problem}" for problem in _group_problems(criterion, table)]
    late = assignment.late
    if late and (late.points > 0) == (late.percent > 0):
        problems.append("late: give either points or percent, one of them above 0")
    if assignment.max_points <= 0:
        problems.append("points: at least one criterion must have more than 0 points")
    return problems


def _group_problems(criterion: str, table: Collection[str]) -> list[str]:
    kind, _, part = criterion.partition(".")
    allowed = group_names(kind) if kind in LAYERS and part in LAYERS[kind].criteria else ()
    if not allowed:
        return [": its cases have no groups; give one number"]
    problems = [f".{_unknown(name, allowed)}" for name in table if name not in allowed]
    if BASIC not in table:
        problems.append(f".{BASIC}: missing; it has the cases that belong to no other group")
    return problems
