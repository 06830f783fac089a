"""The gradebook keeps every result as it was, and says plainly what it cannot read."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import GradebookError
from grader.grading.gradebook import FILE_NAME, Gradebook
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

finite = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 10_000)
words = st.text(max_size=20)
places = st.builds(Place, words, st.none() | counts, counts, words, words)
items = st.builds(
    Item,
    words,
    words,
    st.sampled_from(Outcome),
    words,
    finite,
    st.booleans(),
    words,
    st.none() | finite,
    words,
    st.none() | st.booleans(),
    st.lists(places, max_size=3).map(tuple),
    words,
    st.lists(words, max_size=2).map(tuple),
)
groups = st.builds(GroupScore, words, finite, finite, counts, counts)
scores = st.builds(
    CriterionScore, words, finite, finite, counts, counts, words, st.lists(groups, max_size=2).map(tuple)
)
diagnoses = st.builds(Diagnosis, words, words, words, words, st.none() | places, counts, words, words)
intervals = st.tuples(finite, finite, finite)
speeds = st.builds(
    Speed,
    st.none() | finite,
    st.none() | finite,
    st.lists(words, max_size=3).map(tuple),
    st.booleans(),
    words,
    st.lists(st.builds(PhaseSpeed, words, finite, intervals, intervals, st.booleans())).map(tuple),
)
standings = st.builds(Standing, words, words, words, words, words, st.none() | finite, finite, words)
results = st.builds(
    Result,
    id=words,
    name=words,
    participant=st.none() | counts,
    status=st.sampled_from(["graded", "grader_error"]),
    points=finite,
    max_points=finite,
    criteria=st.lists(scores, max_size=3).map(tuple),
    items=st.lists(items, max_size=4).map(tuple),
    diagnoses=st.lists(diagnoses, max_size=2).map(tuple),
    counterexamples=st.lists(st.builds(Counterexample, words, words), max_size=2).map(tuple),
    penalties=st.lists(st.builds(Penalty, words, words, finite, words), max_size=2).map(tuple),
    conditions=st.lists(st.builds(Condition, words, words, st.booleans()), max_size=2).map(tuple),
    speed=st.none() | speeds,
    files=st.lists(words, max_size=3).map(tuple),
    warnings=st.lists(words, max_size=3).map(tuple),
    notes=st.lists(words, max_size=3).map(tuple),
    printed=words,
    seconds=finite,
    standing=st.none() | standings,
    fingerprint=words,
    traceback=words,
)


def graded(submission: str, points: float = 50.0, **more: object) -> Result:
    return replace(Result(submission, submission.title(), None, "graded", points, 100.0), **more)


@pytest.fixture
def gradebook(tmp_path: Path):
    with Gradebook.open(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_gradebook(tmp_path_factory: pytest.TempPathFactory):
    with Gradebook.open(tmp_path_factory.mktemp("shared")) as opened:
        yield opened


@given(result=results)
@settings(max_examples=60, deadline=None)
def test_record_any_result_reads_back_equal(shared_gradebook: Gradebook, result: Result):
    run = shared_gradebook.start_run("conv2d", "", 100.0, roster=[result.id])
    shared_gradebook.record(run, result)
    assert shared_gradebook.results_of(run) == [result]


def test_record_name_with_lone_surrogate_is_kept_readable(gradebook: Gradebook):
    """A file name that is not UTF-8 reaches Python with lone surrogates."""
    run = gradebook.start_run("conv2d", "", 100.0, roster=["a"])
    gradebook.record(run, graded("a", name="Ren\udce9", files=("ren\udce9.py",)))
    (stored,) = gradebook.results_of(run)
    assert stored.name == "Ren\\udce9"
    assert stored.files == ("ren\udce9.py",)


def test_record_same_submission_twice_in_a_run_keeps_the_second(gradebook: Gradebook):
    run = gradebook.start_run("conv2d", "", 100.0, roster=["a"])
    gradebook.record(run, graded("a", 1.0, items=(Item("c", "k1", Outcome.PASSED),) * 3))
    gradebook.record(run, graded("a", 2.0))
    assert [result.points for result in gradebook.results_of(run)] == [2.0]
    assert gradebook.results_of(run)[0].items == ()


def test_record_before_a_crash_survives_it(tmp_path: Path):
    """What was recorded is there for the next process, without any closing word."""
    first = Gradebook.open(tmp_path)
    run = first.start_run("conv2d", "", 100.0, roster=["a", "b"])
    first.record(run, graded("a"))
    with Gradebook.open(tmp_path, create=False) as second:
        assert [result.id for result in second.results_of(run)] == ["a"]
    first.close()


def test_start_run_returns_what_runs_reads(gradebook: Gradebook):
    run = gradebook.start_run(
        "conv2d",
        'name = "conv2d"',
        40.0,
        roster=["b", "a"],
        versions={"numpy": "2.3.5"},
        options={"only": ["a"]},
    )
    assert gradebook.runs() == [run]
    assert (run.id, run.roster, run.max_points) == (1, ("b", "a"), 40.0)
    assert run.assignment_text == 'name = "conv2d"'
    assert run.started.utcoffset() is not None


def test_run_unknown_number_names_those_that_there_are(gradebook: Gradebook):
    gradebook.start_run("conv2d", "", 100.0, roster=[])
    with pytest.raises(GradebookError, match=r"has no run 7; there are: 1$"):
        gradebook.run(7)


def test_latest_results_run_of_one_keeps_the_others(gradebook: Gradebook):
    first = gradebook.start_run("conv2d", "", 100.0, roster=["a", "b"])
    gradebook.record(first, graded("b", 20.0))
    gradebook.record(first, graded("a", 10.0))
    second = gradebook.start_run("conv2d", "", 100.0, roster=["a", "b"], options={"only": ["a"]})
    gradebook.record(second, graded("a", 90.0))
    assert [(result.id, result.points) for result in gradebook.latest_results()] == [("a", 90.0), ("b", 20.0)]


def test_latest_results_submission_taken_out_is_gone(gradebook: Gradebook):
    first = gradebook.start_run("conv2d", "", 100.0, roster=["a", "b"])
    for name in first.roster:
        gradebook.record(first, graded(name))
    gradebook.start_run("conv2d", "", 100.0, roster=["b"])
    assert [result.id for result in gradebook.latest_results()] == ["b"]


def test_latest_results_no_run_yet_is_empty(gradebook: Gradebook):
    assert gradebook.latest_results() == []


def test_result_with_fingerprint_newest_verdict_is_found(gradebook: Gradebook):
    for points in (1.0, 2.0):
        run = gradebook.start_run("conv2d", "", 100.0, roster=["a"])
        gradebook.record(run, graded("a", points, fingerprint="f00d"))
    found = gradebook.result_with_fingerprint("f00d")
    assert found is not None
    assert found.points == 2.0


@pytest.mark.parametrize(
    ("fingerprint", "status"), [("f00d", "grader_error"), ("", "graded"), ("beef", "graded")]
)
def test_result_with_fingerprint_error_empty_or_other_is_none(
    gradebook: Gradebook, fingerprint: str, status: str
):
    run = gradebook.start_run("conv2d", "", 100.0, roster=["a"])
    gradebook.record(run, graded("a", status=status, fingerprint=fingerprint))
    assert gradebook.result_with_fingerprint(fingerprint if fingerprint != "beef" else "cafe") is None


def test_items_table_tells_which_case_fails_most(gradebook: Gradebook):
    run = gradebook.start_run("conv2d", "", 100.0, roster=["a", "b"])
    gradebook.record(
        run, graded("a", items=(Item("c", "k1", Outcome.PASSED), Item("c", "k2", Outcome.RAISED)))
    )
    gradebook.record(
        run, graded("b", items=(Item("c", "k1", Outcome.RAISED), Item("c", "k2", Outcome.RAISED)))
    )
    gradebook.close()
    query = (
        "SELECT case_id, sum(outcome != 'passed') AS failed FROM items GROUP BY case_id ORDER BY failed DESC"
    )
    connection = sqlite3.connect(gradebook.path)
    try:
        assert connection.execute(query).fetchall() == [("k2", 2), ("k1", 1)]
    finally:
        connection.close()


def test_open_missing_without_create_says_what_makes_one(tmp_path: Path):
    with pytest.raises(GradebookError, match=r"has no gradebook\.sqlite; `grader run -o "):
        Gradebook.open(tmp_path, create=False)
    assert list(tmp_path.iterdir()) == []


def test_open_folder_name_with_question_mark_opens_that_folder(tmp_path: Path):
    folder = tmp_path / "week 3? #1 100%"
    Gradebook.open(folder).close()
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_open_folder_is_a_file_is_named(tmp_path: Path):
    (tmp_path / "results").write_text("")
    with pytest.raises(GradebookError, match=r"results cannot be made"):
        Gradebook.open(tmp_path / "results")


def test_open_text_file_is_no_gradebook(tmp_path: Path):
    (tmp_path / FILE_NAME).write_text("hello, this is a text file\n" * 100)
    with pytest.raises(GradebookError, match=r"gradebook\.sqlite is not a gradebook"):
        Gradebook.open(tmp_path)


def sql(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_open_other_programs_database_is_no_gradebook(tmp_path: Path):
    sql(tmp_path / FILE_NAME, "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(GradebookError, match=r"gradebook\.sqlite is not a gradebook"):
        Gradebook.open(tmp_path)


def test_open_unknown_version_names_both(tmp_path: Path):
    Gradebook.open(tmp_path).close()
    sql(tmp_path / FILE_NAME, "PRAGMA user_version = 99")
    with pytest.raises(
        GradebookError, match=r"has gradebook format 99; this version of grader reads format 4"
    ):
        Gradebook.open(tmp_path)


def test_record_locked_file_says_so(gradebook: Gradebook, monkeypatch: pytest.MonkeyPatch):
    run = gradebook.start_run("conv2d", "", 100.0, roster=["a"])
    monkeypatch.setattr("grader.grading.gradebook.schema.LOCK_SECONDS", 0.0)
    other = sqlite3.connect(gradebook.path)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with (
            pytest.raises(GradebookError, match=r"gradebook\.sqlite is locked: another process"),
            Gradebook.open(gradebook.path.parent) as second,
        ):
            second.record(run, graded("a"))
    finally:
        other.close()


def test_results_of_unknown_outcome_word_is_an_error_with_the_file(gradebook: Gradebook):
    run = gradebook.start_run("conv2d", "", 100.0, roster=["a"])
    gradebook.record(run, graded("a", items=(Item("c", "k1", Outcome.PASSED),)))
    sql(gradebook.path, "UPDATE items SET outcome = 'splendid'")
    with pytest.raises(
        GradebookError, match=r"gradebook\.sqlite: a stored result cannot be read: .*splendid"
    ):
        gradebook.results_of(run)
