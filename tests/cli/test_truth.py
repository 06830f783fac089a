"""`grader truth` says in plain words when a set is too weak."""

from grader.cases.generate import make
from grader.feedback.mistakes import survivors
from tests.cli.conftest import ROOT


def test_truth_too_weak_set_is_told_with_what_to_do(grader, tmp_path, monkeypatch):
    def found(truth):
        yield "only 2 of the 3 required cases catch 'Stride ignored'"

    monkeypatch.setattr(make, "make_hidden_set", lambda *_: None)
    monkeypatch.setattr(survivors, "survivors", found)
    ran = grader("truth", "--seed-file", tmp_path / "seed.txt", "-o", ROOT / "data" / "ground_truth")
    assert ran.status == 1
    told = "too weak: only 2 of the 3 required cases catch 'Stride ignored'. Try another seed."
    assert f"This hidden set is {told}" in ran.err
