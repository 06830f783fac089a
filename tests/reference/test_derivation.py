"""The note's examples run, its links lead somewhere, and its figures are those that the script draws."""

import doctest
import re
from pathlib import Path

import pytest

import cnn_reference
from cnn_reference import figures

NOTE = Path(cnn_reference.__file__).parents[1] / "DERIVATION.md"


def anchors(text):
    """Return the anchors that GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_derivation_examples_run():
    failed, attempted = doctest.testfile(str(NOTE), module_relative=False, encoding="utf-8")
    assert failed == 0
    assert attempted > 50


def test_derivation_links_within_lead_to_a_heading():
    text = NOTE.read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) <= anchors(text)


def test_derivation_files_linked_exist():
    text = NOTE.read_text(encoding="utf-8")
    for name in re.findall(r"\]\(((?!http|#)[\w./]+)\)", text):
        assert (NOTE.parent / name).exists(), name


@pytest.mark.parametrize(
    "anchor",
    [
        "output-size-and-remainder", "grad-bias", "grad-weight", "grad-x-by-scattering", "grad-x-by-dilating",
        "padding-and-cropping", "windows-as-a-view", "adjoint-check", "numerical-gradients", "max-pooling",
        "average-pooling", "relu", "linear", "softmax-cross-entropy", "training-step", "dtype", "batch-sums",
        "common-mistakes",
    ],
)  # fmt: skip
def test_derivation_anchor_that_feedback_links_to_exists(anchor):
    assert anchor in anchors(NOTE.read_text(encoding="utf-8"))


def test_figures_script_draws_every_figure_of_the_note(tmp_path):
    figures.main(["-o", str(tmp_path)])
    drawn = {path.name for path in tmp_path.iterdir()}
    used = set(re.findall(r"figures/([\w.]+)\)", NOTE.read_text(encoding="utf-8")))
    assert drawn == used == {path.name for path in figures.FOLDER.iterdir()}
    assert all((tmp_path / name).read_text(encoding="utf-8").lstrip().startswith("<?xml") for name in drawn)


def test_central_difference_error_is_small_at_the_best_step():
    assert figures.central_difference_error(1e-5, float) < 1e-8
