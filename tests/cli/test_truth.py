"""`grader truth` makes ground truth, and says what it needs where PyTorch is missing."""

import sys

import pytest


@pytest.mark.parametrize("seed", [False, True], ids=["public", "hidden"])
def test_truth_without_pytorch_says_how_to_get_it_and_writes_nothing(grader, monkeypatch, tmp_path, seed):
    for name in [name for name in sys.modules if name.startswith("grader.cases.generate.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "secret.txt").write_text("a secret")
    chosen = ["--seed-file", tmp_path / "secret.txt"] if seed else []
    ran = grader("truth", *chosen, "-o", tmp_path / "out")
    assert ran.status == 2
    assert "truth: needs PyTorch (grading does not): pip install torch==2.13.0" in ran.err
    assert not (tmp_path / "out").exists()
