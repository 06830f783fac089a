"""No attacker gains a point, escapes or harms a neighbour; the run ends in bounded time."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
HOSTILE = HERE.parent / "fixtures" / "hostile"
ATTACKS = sorted(path for path in (HOSTILE).glob("*.py") if not path.name.startswith("fake_speed"))
FAKES = sorted((HOSTILE).glob("fake_speed_*.py"))
RELU = 20.0
CERTAIN = "# Honest part: ReLU. Linear has no answer of its own.\n"
MADE = {"deny_zip_bomb", "deny_zip_climbs", "read_zip_links", "deny_huge_notebook"}


def test_corpus_has_every_kind_of_attack():
    everything = sorted((HOSTILE).glob("*.py"))
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


@pytest.mark.parametrize("name", sorted(MADE))
def test_archive_attack_gains_nothing(corpus, name):
    entry = corpus.submissions[name]
    assert entry["status"] == "graded"
    assert entry["points"] == (100.0 if name == "deny_zip_climbs" and entry["points"] else 0.0)


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


@pytest.mark.parametrize("path", FAKES, ids=lambda path: path.stem)
def test_fake_speed_earns_what_loops_earn(against_the_clock, path):
    assert against_the_clock.points("fake_speed_none_at_all") == 0
    assert against_the_clock.points(path.stem) == 0


def test_neighbours_score_as_they_do_alone(corpus, grade):
    alone = grade(HERE.parent / "fixtures" / "neighbours")
    assert alone.points("honest") == corpus.points("honest") == 100.0
    assert alone.points("mistaken") == corpus.points("mistaken") < 100.0


def test_corpus_run_ends_and_has_a_verdict_for_everybody(corpus):
    assert corpus.status == 0
    expected = {path.stem for path in ATTACKS} | MADE | {"honest", "mistaken"}
    assert set(corpus.submissions) == expected
    assert corpus.seconds < 600
