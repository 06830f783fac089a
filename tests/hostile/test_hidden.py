"""Nothing of a hidden question is on any page, and answers that were stored earn nothing and are flagged."""

import contextlib
import csv
import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from grader.cases.generate.fresh import draw_set
from grader.cases.ground_truth import load_ground_truth
from grader.grading.gradebook import Gradebook
from grader.grading.run import grade_folder
from grader.reports.writing import write_reports
from tests.hostile import stored_answers
from tests.hostile.conftest import HOSTILE, submission

READERS = sorted(HOSTILE.glob("read_question_*.py"))
POINTS = """
name = "Hidden"
whole_file = true
[points]
"relu.forward" = 10
"relu.grad_x" = 10
"linear.forward" = 40
"linear.grad_x" = 40
"""
CLOCK = """
name = "Against the clock"
[points]
"conv2d.forward" = 50
"conv2d.speed_forward" = 50
"""
BY_CLOCK = """
import numpy as np
SEEN = []

class Conv2d:
    def __init__(self, *a, **k): pass
    def forward(self, x):
        SEEN.append(x.tobytes().hex()[:400])
        raise ValueError(" ".join(SEEN))
    def backward(self, grad_output): raise ValueError(" ".join(SEEN))
"""


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hidden") / "questions"
    draw_set(folder, seed=20_000)
    return folder


def graded(folder, questions, assignment):
    """Grade a folder by hidden questions; return the text of all that the run wrote, and the results."""
    results = folder / "results"
    (folder / "assignment.toml").write_text(assignment)
    run = grade_folder(
        [folder / "class"], results, assignment=folder / "assignment.toml", questions=questions
    )
    write_reports(results, run.run, run.results)
    written = [path for path in results.rglob("*") if path.suffix in (".html", ".json", ".csv")]
    texts = {str(path.relative_to(results)): path.read_text("utf-8", "replace") for path in written}
    texts.pop("questions/manifest.json")
    with contextlib.closing(sqlite3.connect(results / "gradebook.sqlite")) as book:
        tables = [name for (name,) in book.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            texts[table] = "\n".join(str(row) for row in book.execute(f"SELECT * FROM {table}"))
    return texts, {result.id: result for result in run.results}


def spellings(truth, kinds):
    """Return each number of some hidden arrays as a program can write it, with where it stands."""
    found = {}
    for case in truth.cases:
        if case.kind in kinds:
            for name, array in truth[case.id].inputs.items():
                for value in array.ravel():
                    if array.dtype.kind == "f" and value != np.round(value):
                        for text in (value.tobytes().hex(), repr(float(value)), f"{value:.9g}"):
                            found[text] = f"{case.id} {name}"
    return found


@pytest.fixture(scope="module")
def readers(questions, tmp_path_factory):
    """Grade everybody who tries to carry a question out."""
    folder = tmp_path_factory.mktemp("readers")
    (folder / "class").mkdir()
    for path in READERS:
        (folder / "class" / path.name).write_bytes(submission(path) + b"\n" * 10_000)
    return graded(folder, questions, POINTS)


def test_no_number_of_a_hidden_question_is_written_anywhere(readers, questions):
    texts, results = readers
    assert set(results) == {path.stem for path in READERS}
    everything = "\n".join(texts.values()).lower()
    hidden = spellings(load_ground_truth(questions), ("linear", "relu"))
    assert {where for text, where in hidden.items() if text in everything} == set()


def test_public_numbers_are_shown_or_the_test_above_would_mean_nothing(readers):
    texts, results = readers
    public = spellings(load_ground_truth(), ("linear",))
    for name in ("by_error", "by_type_name", "by_dtype", "by_print"):
        page = texts[f"feedback/read_question_{name}.html"].lower()
        assert any(text in page for text in public), name
    assert results["read_question_by_line"].examples[0].location


@pytest.mark.parametrize("path", READERS, ids=lambda path: path.stem)
def test_items_of_hidden_questions_say_no_more_than_their_outcome(readers, path):
    result = readers[1][path.stem]
    assert result.points == 20
    assert {item.hidden for item in result.items} == {True}
    for item in result.items:
        assert item.location == ()
        # The trusted side's own sentence: "not called again after 10 crashes".
        assert not item.message or item.outcome == "not_run"
    assert all(not item.hidden for item in result.examples)
    assert result.examples


def test_shapes_of_hidden_answers_are_not_written(readers, questions):
    texts, _ = readers
    truth = load_ground_truth(questions)
    everything = "\n".join(texts.values())
    for case in truth.cases:
        if case.kind == "linear":
            shape = tuple(1 + byte for byte in truth[case.id].inputs["x"].tobytes()[:3])
            assert str(shape) not in everything


def test_lines_of_hidden_errors_are_not_written(readers):
    shown = {place.line for item in readers[1]["read_question_by_line"].examples for place in item.location}
    public = load_ground_truth()
    allowed = {
        1 + int(abs(array.ravel()[0]) * 1e4) % 10_000
        for case in public.cases
        for name, array in public[case.id].inputs.items()
        if name.endswith("x")
    }
    own = range(1, 60)
    assert shown - {*own} <= allowed


def test_timed_worker_has_seen_no_question(questions, tmp_path):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "clock.py").write_text(BY_CLOCK)
    texts, results = graded(tmp_path, questions, CLOCK)
    everything = "\n".join(texts.values()).lower()
    hidden = spellings(load_ground_truth(questions), ("conv2d",))
    assert {where for text, where in hidden.items() if text in everything} == set()
    timed = [item for item in results["clock"].items if item.criterion == "conv2d.speed_forward"]
    assert [(item.hidden, item.outcome) for item in timed] == [(False, "raised")]
    assert "ValueError" in timed[0].message


@pytest.fixture(scope="module")
def stored(questions, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stored")
    (folder / "class").mkdir()
    (folder / "class" / "stored.py").write_text(stored_answers.source(load_ground_truth()))
    return folder


DEFAULT = Path(__file__).parents[2] / "grader" / "assignment" / "default.toml"


def test_stored_public_answers_earn_little_and_are_flagged(stored, questions):
    texts, results = graded(stored, questions, DEFAULT.read_text())
    result = results["stored"]
    assert result.points <= 20
    assert any("its literals and comments hold" in warning for warning in result.warnings)
    flag = r"conv2d.forward: right on all"
    (said,) = [warning for warning in result.warnings if warning.startswith(flag)]
    assert said.endswith(" fresh ones")
    assert "public questions, wrong on" in said
    row = next(csv.DictReader(texts["scores.csv"].removeprefix("\ufeff").splitlines()))
    assert int(row["warnings"]) == len(result.warnings)
    assert said in json.loads(texts["scores.json"])["submissions"][0]["warnings"]
    assert said in texts["report.html"]


def test_stored_public_answers_are_right_where_the_public_questions_are_asked(stored, tmp_path):
    (tmp_path / "public.toml").write_text(DEFAULT.read_text().replace('"fresh"', '"public"'))
    graded = grade_folder([stored / "class"], tmp_path / "out", assignment=tmp_path / "public.toml")
    assert graded.results[0].points > 70
    with Gradebook.open(tmp_path / "out") as book:
        assert book.latest_results()[0].examples == ()
