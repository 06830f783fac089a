"""scores.json keeps its fixed schema; scores.csv opens in a spreadsheet without running anything."""

import csv
import io
import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.reports.scores import no_formula, scores_csv, scores_json
from grader.results import Outcome, Result, Speed


def test_scores_json_wrong_submission_has_every_fixed_key(wrong: Result):
    document = json.loads(scores_json([wrong], "Convolution", 100.0))
    assert (document["schema"], document["assignment"], document["max_points"]) == (1, "Convolution", 100)
    (entry,) = document["submissions"]
    fixed = {
        "id": "bob",
        "name": "Bob",
        "participant": 10,
        "status": "graded",
        "points": 70.0,
        "warnings": ["line 120 was skipped: it trains"],
        "files": [],
        "seconds": 0.0,
    }
    assert {key: entry[key] for key in fixed} == fixed
    scores = {"name": "conv2d.grad_x", "points": 10.0, "max_points": 40.0, "passed": 1, "total": 4}
    assert entry["criteria"][1].items() >= scores.items()
    mistake = {"mistake": "ignores_stride", "criterion": "conv2d.grad_x", "line": 41, "explains": 3}
    mistake |= {"file": "cnn.ipynb", "cell": 2}
    assert entry["diagnoses"][0]["title"] == "Stride ignored in grad_x"
    assert entry["diagnoses"][0].items() >= mistake.items()
    speed = {"speedup_over_loops": 2.5, "ratio_to_reference": None, "python_loops": ["N", "K_h"]}
    assert entry["speed"].items() >= (speed | {"conclusive": False}).items()


def test_scores_json_outcomes_name_every_word_zeros_included(wrong: Result):
    (entry,) = json.loads(scores_json([wrong], "", 100.0))["submissions"]
    assert set(entry["outcomes"]) == {str(outcome) for outcome in Outcome}
    assert (entry["outcomes"]["passed"], entry["outcomes"]["wrong_value"]) == (3, 2)
    assert entry["outcomes"]["crashed"] == 0


def test_scores_json_no_speed_and_no_participant_are_null(hostile: Result):
    (entry,) = json.loads(scores_json([hostile], "", 100.0))["submissions"]
    assert entry["speed"] is None
    assert entry["participant"] is None


def test_scores_json_infinite_ratio_is_null(right: Result):
    fast = replace(right, speed=Speed(math.inf, math.nan, (), True))
    (entry,) = json.loads(scores_json([fast], "", 100.0))["submissions"]
    assert (entry["speed"]["speedup_over_loops"], entry["speed"]["ratio_to_reference"]) == (None, None)


def test_scores_json_name_with_lone_surrogate_reads_back(right: Result):
    text = scores_json([replace(right, name="Ren\udce9")], "", 100.0)
    assert json.loads(text.encode("utf-8"))["submissions"][0]["name"] == "Ren\udce9"


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_scores_csv_begins_with_a_byte_order_mark(right: Result):
    assert scores_csv([right]).startswith(b"\xef\xbb\xbfid,name,")


def test_scores_csv_has_a_column_for_each_criterion(right: Result, unloadable: Result):
    first, second = rows(scores_csv([right, unloadable]))
    assert first["points"] == "100.0"
    assert (first["conv2d.forward"], first["conv2d.grad_x"]) == ("60.0", "40.0")
    assert (second["conv2d.forward"], second["conv2d.grad_x"]) == ("0.0", "")
    assert (second["main_outcome"], second["warnings"]) == ("import_failed", "0")


def test_scores_csv_grader_error_has_empty_points_not_zero(failed: Result):
    (row,) = rows(scores_csv([failed]))
    assert (row["status"], row["points"]) == ("grader_error", "")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_no_formula_start_of_a_formula_gets_an_apostrophe(start: str):
    assert no_formula(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("a;b;@SUM(A1)", "a;b;'@SUM(A1)"),
        ("a\t=1", "a\t'=1"),
        ("a|-1", "a|'-1"),
        ("a\n=1", "a\n'=1"),
        ("a\r\n+1", "a\r'\n'+1"),
        ('a;"=1+1"', 'a;"\'=1+1"'),
        ('" =1', "\" '=1"),
        ("a, =1", "a, '=1"),
        ("Anne-Marie; b = 1", "Anne-Marie; b = 1"),
        ("a;;＝1", "a;;'＝1"),
    ],
)
def test_no_formula_after_any_separator_gets_an_apostrophe(text: str, safe: str):
    assert no_formula(text) == safe


@given(st.text(st.sampled_from("a=+-@;,|\t\n\r \"'＝1")), st.sampled_from(";,|\t"))
def test_scores_csv_no_cell_is_a_formula_whatever_separates_cells(name: str, separator: str):
    result = Result("a", name, 1, "graded", 1.0, 2.0)
    text = scores_csv([result]).decode("utf-8-sig")
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting)
        cells = [cell.lstrip(' "') for line in lines for cell in line]
        assert not any(cell.startswith(("=", "+", "-", "@", "＝")) for cell in cells)


@given(st.text())
def test_scores_csv_any_name_stays_in_its_cell_and_is_no_formula(name: str):
    result = Result("a", name, 1, "graded", 1.0, 2.0)
    (row,) = rows(scores_csv([result]))
    assert row["name"].replace("'", "") == name.replace("'", "")
    assert not row["name"].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert row["participant"] == "1"
