"""No attacker gains a point, escapes or harms a neighbour; the run ends in bounded time."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
HOSTILE = HERE.parent / "fixtures" / "hostile"
ROOT = HERE.parents[1]
ATTACKS = sorted(path for path in HOSTILE.glob("*.py") if not path.name.startswith("fake_speed"))
FAKES = sorted(HOSTILE.glob("fake_speed_*.py"))
RELU = 20.0
CERTAIN = "# Honest part: ReLU. Linear has no answer of its own.\n"
MADE = {
    "deny_deep_brackets": ("import_failed", None),
    "deny_deep_minuses": ("import_failed", None),
    "deny_f_string": ("import_failed", None),
    "deny_gzip_streams": ("not_run", "it is made of more than 5000 packed streams"),
    "deny_huge_notebook": ("not_run", "it has 200 MiB, the limit is 16 MiB"),
    "deny_names_without_end": ("import_failed", None),
    "deny_online_text": ("import_failed", None),
    "deny_row_of_marks": ("import_failed", None),
    "deny_tar_sparse": ("not_run", "it has sparse files"),
    "deny_zip64_directory": ("not_run", "its directory has 26.3 MiB, the limit is 24 MiB"),
    "deny_zip_bomb": ("not_run", "it has 100 MiB, the limit is 2 MiB"),
    "deny_zip_bzip2": ("not_run", "it is packed in an unusual way"),
    "deny_zip_climbs": ("not_run", "its path leads out of the archive"),
    "deny_zip_deep_folders": ("not_run", "it is more than 40 folders deep"),
    "read_zip_links": ("not_run", "it is a link or a device"),
}
"""What conftest makes: the outcome of every check, and why each of its files was left out."""
LIMITS = tomllib.loads((HERE / "assignment.toml").read_text(encoding="utf-8"))["limits"]
OWN_SECONDS = 6.0
"""What the grader may need itself for a submission, on a machine with other things to do."""
START_SECONDS = 30.0
"""What starting the run and writing the reports may take."""


def test_corpus_has_every_kind_of_attack():
    everything = sorted(HOSTILE.glob("*.py"))
    kinds = {path.stem.partition("_")[0] for path in everything}
    assert kinds == {"read", "forge", "fake", "borrow", "deny", "reach"}
    assert len(everything) >= 50
    for path in everything:
        lines = path.read_text(errors="replace").splitlines()
        assert lines[0].startswith("# Tries: ")
        assert lines[1].startswith("# Honest part: ")


@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.stem)
def test_attack_gains_no_more_than_its_honest_part(corpus, path):
    entry = corpus.submissions[path.stem]
    earned = {criterion["name"]: criterion["points"] for criterion in entry["criteria"]}
    assert {name for name, points in earned.items() if points} <= {"relu.forward", "relu.grad_x"}
    assert entry["points"] <= RELU
    assert entry["status"] == "graded"
    if CERTAIN in path.read_text(encoding="utf-8") and not path.stem.startswith("deny"):
        assert entry["points"] == RELU


@pytest.mark.parametrize("name", MADE)
def test_made_attack_gains_nothing(corpus, name):
    outcome, reason = MADE[name]
    entry = corpus.submissions[name]
    assert entry["status"] == "graded"
    assert entry["points"] == 0
    assert {name for name, count in entry["outcomes"].items() if count} == {outcome}
    assert all(reason in warning for warning in entry["warnings"])
    assert bool(entry["warnings"]) == bool(reason)


def test_attacks_leave_no_trace(corpus):
    assert corpus.traces == ()
    assert corpus.processes == ()
    assert corpus.reached == ()


def test_attacks_escape_nowhere(corpus):
    assert "CANARY" in corpus.text, "what is printed must be looked at for this to mean anything"
    assert "ESCAPED" not in corpus.text


def test_attacks_put_no_markup_into_reports(corpus):
    assert "alert(1)" in corpus.html
    assert "<script>alert(1)" not in corpus.html


@pytest.mark.timed
@pytest.mark.parametrize("path", FAKES, ids=lambda path: path.stem)
def test_fake_speed_earns_what_loops_earn(against_the_clock, path):
    assert against_the_clock.speed_points("fake_speed_none_at_all") == 0
    assert against_the_clock.speed_points(path.stem) == 0


def test_neighbours_score_as_they_do_alone(corpus, grade):
    alone = grade(HERE.parent / "fixtures" / "neighbours")
    assert alone.points("honest") == corpus.points("honest") == 100.0
    assert alone.points("mistaken") == corpus.points("mistaken") < 100.0


def test_corpus_run_has_a_verdict_for_everybody(corpus):
    assert corpus.status == 0
    assert set(corpus.submissions) == {path.stem for path in ATTACKS} | {*MADE, "honest", "mistaken"}


def test_corpus_submission_takes_no_longer_than_its_limits_allow(corpus):
    bound = LIMITS["load_seconds"] + LIMITS["submission_seconds"] + OWN_SECONDS
    slow = {name: entry["seconds"] for name, entry in corpus.submissions.items() if entry["seconds"] > bound}
    assert slow == {}
    # Nothing is waited for that is no submission's own: a dead worker, say, or a process left over.
    assert corpus.seconds < sum(entry["seconds"] for entry in corpus.submissions.values()) + START_SECONDS


def test_names_that_attacks_look_for_exist():
    """An attack on a module that was renamed since tries nothing."""
    quoted = r'"((?:grader|cnn_reference|data)[./][\w./]+)"'
    names = {name for path in ATTACKS for name in re.findall(quoted, path.read_text(errors="replace"))}
    assert len(names) >= 6
    for name in names:
        assert (ROOT / name).exists() if "/" in name else importlib.util.find_spec(name), name
