"""The benchmark's bookkeeping; no test asks how fast anything is."""

import json
from dataclasses import replace

import numpy as np
import pytest

from cnn_reference import bench


def row(shape, ratio, dtype="float32", rival="PyTorch"):
    return bench.Timing(shape, "forward", dtype, 1, rival, ratio, 1.0, ratio)


def test_summaries_give_geometric_mean_and_worst_against_torch_only():
    timings = [row("a", 0.5), row("b", 2.0), row("c", 3.0, "float64"), row("d", 1e-3, rival="loops")]
    found = bench.summaries(timings)
    assert found["1 thread(s), float32, forward"] == (pytest.approx(1.0), timings[1])
    assert found["1 thread(s), float64, forward"] == (pytest.approx(3.0), timings[2])
    assert len(found) == 2


def test_table_names_every_shape_and_the_worst():
    text = bench.table([row("small", 0.5), row("large", 2.0)])
    assert "small" in text
    assert "1.00   2.00 (large)" in text


@pytest.mark.parametrize("shape", bench.SHAPES, ids=lambda shape: shape.name)
def test_ours_and_torch_do_the_same_work(shape):
    """What is timed is right: both sides give the same arrays."""
    for ours, rival in bench.ours_and_torch(replace(shape, N=1), "float32").values():
        mine, theirs = ours(), rival()
        if not isinstance(mine, tuple):
            mine, theirs = (mine,), (theirs,)
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3 * float(abs(b).max()))


def test_shapes_are_ten_or_more_with_names_of_their_own():
    assert len({shape.name for shape in bench.SHAPES}) == len(bench.SHAPES) >= 10


def test_main_writes_table_json_and_chart(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bench, "SHAPES", (bench.Shape("tiny", 1, 1, 6, 2, 3),))
    monkeypatch.setattr(bench, "FEWEST_PAIRS", 1)
    monkeypatch.setattr(bench, "SECONDS_EACH", 0)
    monkeypatch.setattr(bench, "in_own_process", bench.against_torch)
    bench.main(["-o", str(tmp_path)])
    printed = capsys.readouterr().out
    assert printed == (tmp_path / "bench.txt").read_text()
    rows = json.loads((tmp_path / "bench.json").read_text())["timings"]
    assert {r["rival"] for r in rows} == {"loops", "PyTorch"}
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
