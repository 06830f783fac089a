"""The scores as files for other programs: scores.json and scores.csv.

Trusted side; pure.
"""

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from grader.grading.scoring import count_outcomes
from grader.reports.phrasing import main_outcome, mistake_title
from grader.results import CriterionScore, Diagnosis, Result, Speed

SCHEMA = 1
# The start of the text or of what a spreadsheet may take for a cell of its own; each sign is looked at once.
_FORMULA = re.compile('(?P<before>(?:^|[;,|\t\r\n])[ "]*+)(?=[=+@＝＋－＠\t\r\n-])')


def scores_json(results: Sequence[Result], assignment_name: str, max_points: float) -> str:
    """Return the text of scores.json.

    Parameters
    ----------
    results : sequence of Result
    assignment_name : str
    max_points : float

    Returns
    -------
    str
        JSON; text that is not Unicode (lone surrogates) stays escaped, so that it encodes as UTF-8.
    """
    document = {
        "schema": SCHEMA,
        "assignment": assignment_name,
        "max_points": max_points,
        "submissions": [_submission(result) for result in results],
    }
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _submission(result: Result) -> dict[str, Any]:
    standing = result.standing
    return {
        "id": result.id,
        "name": result.name,
        "participant": result.participant,
        "status": result.status,
        "points": round(result.points, 4) if result.status == "graded" else None,
        "max_points": result.max_points,
        "criteria": [_criterion(score) for score in result.criteria],
        "outcomes": count_outcomes(result.items),
        "penalties": [asdict(penalty) for penalty in result.penalties],
        "conditions": [asdict(condition) for condition in result.conditions],
        "diagnoses": [_diagnosis(diagnosis) for diagnosis in result.diagnoses],
        "speed": _speed(result.speed) if result.speed else None,
        "files": list(result.files),
        "warnings": list(result.warnings),
        "notes": list(result.notes),
        "state": standing.state if standing else None,
        "late_seconds": standing.late_seconds if standing else None,
        "deduction": standing.deduction if standing else 0.0,
        "seconds": round(result.seconds, 3),
    }


def _criterion(score: CriterionScore) -> dict[str, Any]:
    return {
        "name": score.name,
        "points": round(score.points, 4),
        "max_points": score.max_points,
        "passed": score.passed,
        "total": score.total,
        "note": score.note,
        "groups": [asdict(group) for group in score.groups],
    }


def _diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    place = diagnosis.place
    return {
        "mistake": diagnosis.mistake,
        "criterion": diagnosis.criterion,
        "file": place.file if place else None,
        "cell": place.cell if place else None,
        "line": place.line if place else None,
        "explains": diagnosis.explains,
        "follows_from": diagnosis.follows_from or None,
        "title": mistake_title(diagnosis.mistake, diagnosis.title),
        "sentence": diagnosis.sentence,
    }


def _speed(speed: Speed) -> dict[str, Any]:
    return {
        "speedup_over_loops": _ratio(speed.speedup_over_loops),
        "ratio_to_reference": _ratio(speed.ratio_to_reference),
        "python_loops": list(speed.python_loops),
        "conclusive": speed.conclusive,
        "note": speed.note,
    }


def _ratio(value: float | None) -> float | None:
    # JSON knows neither NaN nor infinity.
    return round(value, 4) if value is not None and math.isfinite(value) else None


def scores_csv(results: Sequence[Result]) -> bytes:
    """Return scores.csv: one row a submission, as spreadsheets read it.

    Returns
    -------
    bytes
        UTF-8 with BOM, comma, CRLF. Text that a spreadsheet would take for a formula begins with an
        apostrophe. A submission without a verdict has empty points, never 0.
    """
    criteria = list(dict.fromkeys(score.name for result in results for score in result.criteria))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    head = ["id", "name", "participant", "status", "points", *criteria, "main_outcome", "warnings"]
    writer.writerow(head)
    writer.writerows(_row(result, criteria) for result in results)
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8", "backslashreplace")


def _row(result: Result, criteria: Sequence[str]) -> list[object]:
    points = {score.name: round(score.points, 4) for score in result.criteria}
    graded = result.status == "graded"
    return [
        no_formula(result.id),
        no_formula(result.name),
        result.participant if result.participant is not None else "",
        result.status,
        round(result.points, 4) if graded else "",
        *(points.get(name, "") if graded else "" for name in criteria),
        str(main_outcome(result)),
        len(result.warnings),
    ]


def no_formula(text: str) -> str:
    """Return the text so that no spreadsheet takes it, or a part of it, for a formula.

    Which sign separates cells depends on the country and the person: where it is ``;``, a tab or ``|``, this
    text may become several cells, and a quotation mark may stand before the formula.

    Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection

    Examples
    --------
    >>> no_formula("=1+1"), no_formula("a;=1+1"), no_formula("Ada")
    ("'=1+1", "a;'=1+1", 'Ada')
    """
    return _FORMULA.sub(r"\g<before>'", text)
