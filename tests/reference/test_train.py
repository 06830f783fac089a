"""The training program on the bundled digits; few epochs, since only the way there is tested."""

import hashlib

import numpy as np
import pytest

from cnn_reference import train


def test_load_digits_splits_all_digits_once():
    training, held_out = train.load_digits(np.random.default_rng(0))
    assert training.x.shape == (1438, 1, 8, 8)
    assert held_out.x.shape == (359, 1, 8, 8)
    assert training.x.dtype == np.float32
    assert set(training.labels) == set(held_out.labels) == set(range(10))
    together = np.concatenate([training.x, held_out.x]).reshape(1797, 64)
    with np.load(train.DIGITS) as file:
        assert sorted(together.sum(axis=1)) == pytest.approx(
            sorted(((file["images"].astype(float) - 5) / 6).sum(axis=(1, 2))), abs=1e-4
        )


def test_digits_file_holds_the_numbers_that_the_readme_names():
    with np.load(train.DIGITS) as file:
        digest = hashlib.sha256(file["images"].tobytes() + file["labels"].tobytes()).hexdigest()
    assert digest in (train.DIGITS.parent / "README.md").read_text()


def test_load_digits_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="run from a clone"):
        train.load_digits(np.random.default_rng(0), tmp_path / "digits.npz")


def test_main_reaches_97_percent_and_draws(tmp_path, capsys):
    train.main(["-o", str(tmp_path), "--epochs", "15", "--seed", "0"])
    accuracy = float(capsys.readouterr().out.split("held-out digits: ")[1].split("%")[0])
    assert accuracy >= 97
    for name in ("history.png", "filters.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_main_without_digits_ends_with_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(
        train, "load_digits", lambda rng: (_ for _ in ()).throw(FileNotFoundError("no digits"))
    )
    with pytest.raises(SystemExit, match="no digits"):
        train.main(["-o", str(tmp_path)])
