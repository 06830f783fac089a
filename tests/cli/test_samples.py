"""Every sample gets the result that expected.toml gives, through the command line, in one run."""

import hashlib
import json
import tomllib

import pytest

from tests.cli.conftest import ROOT

SAMPLES = ROOT / "data" / "sample_submissions"
EXPECTED = tomllib.loads((SAMPLES / "expected.toml").read_text())


def _files(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def results(grader, tmp_path_factory):
    before = _files(SAMPLES)
    folder = tmp_path_factory.mktemp("samples")
    ran = grader("run", SAMPLES, "-o", folder)
    assert ran.status == 0, ran.err
    assert _files(SAMPLES) == before, "something was written where the submissions lie"
    return folder, ran


@pytest.fixture(scope="module")
def scores(results, read_scores):
    return read_scores(results[0])


def test_run_finds_every_sample_and_nothing_else(scores):
    assert set(scores) == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_run_gives_points_in_the_expected_range(scores, name):
    lowest, highest = EXPECTED[name]["points"]
    assert lowest <= scores[name]["points"] <= highest


@pytest.mark.parametrize("name", EXPECTED)
def test_run_takes_points_exactly_where_the_sample_is_wrong(scores, name):
    lost = {c["name"] for c in scores[name]["criteria"] if c["points"] < c["max_points"] and not _is_speed(c)}
    expected = {criterion for criterion in EXPECTED[name]["loses"] if not _is_speed({"name": criterion})}
    every = {c["name"] for c in scores[name]["criteria"] if not _is_speed(c)}
    assert lost == (every if expected == {"*"} else expected)


def _is_speed(criterion):
    return "speed" in criterion["name"]


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("endless_loop", "timed_out"),
        ("memory_hog", "out_of_memory"),
        ("syntax_error", "import_failed"),
        ("empty_template", "not_implemented"),
        ("missing_package", "raised"),
        ("padded_shape_returned", "wrong_shape"),
        ("kernel_flipped", "wrong_value"),
    ],
)
def test_run_names_the_outcome(scores, name, outcome):
    assert scores[name]["outcomes"][outcome] > 0


def test_run_writes_every_report(results, scores):
    folder, ran = results
    assert {"gradebook.sqlite", "scores.json", "scores.csv", "report.html"} <= {
        p.name for p in folder.iterdir()
    }
    assert {path.stem for path in (folder / "feedback").iterdir()} == set(scores)
    whole = json.loads((folder / "scores.json").read_text())
    assert (whole["schema"], whole["max_points"]) == (1, 100)
    assert "im2col" in ran.out
    assert "report.html" in ran.out


def test_run_again_keeps_what_is_unchanged_and_report_rebuilds_it(results, grader, read_scores):
    folder, _ = results
    before = read_scores(folder)
    ran = grader("run", SAMPLES, "-o", folder)
    assert ran.status == 0
    assert read_scores(folder) == before
    (folder / "report.html").unlink()
    assert grader("report", folder).status == 0
    assert (folder / "report.html").exists()
    assert "nobody moved" in grader("diff", folder).out
