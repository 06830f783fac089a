"""Runs and results as rows of the gradebook's tables, and back.

Trusted side; pure. Scalars are columns, so that SQL can ask for them; what is nested is JSON.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from grader.results import (
    Condition,
    Counterexample,
    CriterionScore,
    Diagnosis,
    GroupScore,
    Item,
    Outcome,
    Penalty,
    PhaseSpeed,
    Place,
    Result,
    Speed,
    Standing,
)


@dataclass(frozen=True, slots=True)
class Run:
    """One call of ``grader run``: its submissions, rules and versions.

    Attributes
    ----------
    started : datetime
        When, in UTC, to the second.
    assignment_text : str
        The assignment file as it was, so that a score can be explained next year.
    roster : tuple of str
        The ids of all submissions that were there, also of those that this run did not grade
        (``--only``, or killed half-way).
    """

    id: int
    started: datetime
    assignment_name: str
    assignment_text: str
    max_points: float
    roster: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)


def storable(text: str) -> str:
    """Return the text as SQLite takes it."""
    # A file name that is not UTF-8 reaches us with lone surrogates, which SQLite refuses.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def to_json(value: object) -> str:
    """Return a JSON-ready value as text that SQLite takes."""
    return storable(json.dumps(value, ensure_ascii=False))


def result_row(result: Result) -> dict[str, object]:
    """Return the columns of the table ``results``, without those of the run."""
    return {
        "submission": storable(result.id),
        "name": storable(result.name),
        "participant": result.participant,
        "status": result.status,
        "points": result.points,
        "max_points": result.max_points,
        "criteria": to_json([asdict(score) for score in result.criteria]),
        "diagnoses": to_json([asdict(diagnosis) for diagnosis in result.diagnoses]),
        "counterexamples": to_json([asdict(example) for example in result.counterexamples]),
        "penalties": to_json([asdict(penalty) for penalty in result.penalties]),
        "conditions": to_json([asdict(condition) for condition in result.conditions]),
        "examples": to_json([item.to_json() for item in result.examples]),
        "speed": to_json(asdict(result.speed) if result.speed else None),
        "files": to_json(result.files),
        "warnings": to_json(result.warnings),
        "notes": to_json(result.notes),
        "standing": to_json(asdict(result.standing) if result.standing else None),
        "printed": storable(result.printed),
        "seconds": result.seconds,
        "fingerprint": result.fingerprint,
        "traceback": storable(result.traceback),
    }


def item_row(item: Item) -> tuple[object, ...]:
    """Return the columns of the table ``items`` behind result and position."""
    words = (storable(item.criterion), storable(item.case), str(item.outcome), storable(item.message))
    location = to_json([asdict(place) for place in item.location])
    about, trace = storable(item.about), storable(item.traceback)
    return (
        *words,
        item.seconds,
        item.hidden,
        about,
        item.credit,
        storable(item.convention),
        item.right_for_own_forward,
        location,
        trace,
        to_json(item.penalties),
    )


def read_run(row: sqlite3.Row) -> Run:
    """Return the run that a row of ``runs`` holds."""
    return Run(
        id=row["id"],
        started=datetime.fromisoformat(row["started"]),
        assignment_name=row["assignment_name"],
        assignment_text=row["assignment_text"],
        max_points=row["max_points"],
        roster=tuple(json.loads(row["roster"])),
        versions=json.loads(row["versions"]),
        options=json.loads(row["options"]),
    )


def read_result(row: sqlite3.Row, items: Sequence[sqlite3.Row]) -> Result:
    """Return the result that a row of ``results`` and its items hold."""
    speed: dict[str, Any] | None = json.loads(row["speed"])
    standing: dict[str, Any] | None = json.loads(row["standing"])
    return Result(
        id=row["submission"],
        name=row["name"],
        participant=row["participant"],
        status=row["status"],
        points=row["points"],
        max_points=row["max_points"],
        criteria=tuple(_read_criterion(score) for score in json.loads(row["criteria"])),
        items=tuple(_read_item(item) for item in items),
        diagnoses=tuple(_read_diagnosis(diagnosis) for diagnosis in json.loads(row["diagnoses"])),
        counterexamples=tuple(Counterexample(**example) for example in json.loads(row["counterexamples"])),
        penalties=tuple(Penalty(**penalty) for penalty in json.loads(row["penalties"])),
        conditions=tuple(Condition(**condition) for condition in json.loads(row["conditions"])),
        examples=tuple(Item.from_json(item) for item in json.loads(row["examples"])),
        speed=_read_speed(speed) if speed else None,
        files=tuple(json.loads(row["files"])),
        warnings=tuple(json.loads(row["warnings"])),
        notes=tuple(json.loads(row["notes"])),
        printed=row["printed"],
        seconds=row["seconds"],
        standing=Standing(**standing) if standing else None,
        fingerprint=row["fingerprint"],
        traceback=row["traceback"],
    )


def _read_criterion(values: Mapping[str, Any]) -> CriterionScore:
    groups = tuple(GroupScore(**group) for group in values.get("groups", ()))
    return CriterionScore(**{**values, "groups": groups})


def _read_diagnosis(values: Mapping[str, Any]) -> Diagnosis:
    place = values["place"]
    return Diagnosis(**{**values, "place": Place(**place) if place else None})


def _read_speed(values: Mapping[str, Any]) -> Speed:
    phases = tuple(
        PhaseSpeed(**{**phase, "speedup": tuple(phase["speedup"]), "ratio": tuple(phase["ratio"])})
        for phase in values["phases"]
    )
    return Speed(**{**values, "python_loops": tuple(values["python_loops"]), "phases": phases})


def _read_item(row: sqlite3.Row) -> Item:
    own_forward = row["right_for_own_forward"]
    return Item(
        criterion=row["criterion"],
        case=row["case_id"],
        outcome=Outcome(row["outcome"]),
        message=row["message"],
        seconds=row["seconds"],
        hidden=bool(row["hidden"]),
        about=row["about"],
        credit=row["credit"],
        convention=row["convention"],
        right_for_own_forward=None if own_forward is None else bool(own_forward),
        location=tuple(Place(**place) for place in json.loads(row["location"])),
        traceback=row["traceback"],
        penalties=tuple(json.loads(row["penalties"])),
    )
