"""Mutants of the reference that a tool made: the cases kill them, or a table says why not.

A sample is run here; ``python -m tests.quality.mutants tests/quality/mutants/mutants.json`` runs all of them.
"""

from pathlib import Path

import pytest

from grader.cases.ground_truth import load_ground_truth
from tests.quality.mutants import Mutant, fate, read_equivalents, read_mutants

HERE = Path(__file__).parent / "mutants"
MUTANTS = read_mutants(HERE / "mutants.json")
EQUIVALENT = read_equivalents(HERE / "equivalent.toml")
TRUTH = load_ground_truth()


def test_mutants_are_many_and_most_are_no_equivalents():
    assert len(MUTANTS) >= 150
    assert {mutant.module for mutant in MUTANTS} == {"conv.py", "pooling.py", "loss.py", "windows.py"}
    equivalent = sum(mutant.after.strip() in EQUIVALENT for mutant in MUTANTS)
    assert equivalent < len(MUTANTS) / 5


def test_mutants_are_still_lines_of_the_reference():
    there = [mutant for mutant in MUTANTS if mutant.text() is not None]
    assert len(there) >= 150


@pytest.mark.parametrize("mutant", MUTANTS[::12], ids=lambda mutant: mutant.after.strip()[:60])
def test_mutant_is_killed_or_known_as_equivalent(mutant):
    assert fate(mutant, TRUTH) or mutant.after.strip() in EQUIVALENT


def test_fate_of_unchanged_reference_is_survival():
    for module in ("conv.py", "pooling.py", "loss.py", "windows.py"):
        line = "from __future__ import annotations"
        assert fate(Mutant(module, "none", line, line, 0), TRUTH) == ""


def test_fate_of_wrong_sign_is_the_case_that_kills():
    line = "    result: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))"
    mutant = Mutant("loss.py", "own", line, line.replace("shifted -", "shifted +"), 0)
    assert fate(mutant, TRUTH) == "cross-entropy"


def test_fate_of_line_that_is_gone_says_so():
    assert fate(Mutant("loss.py", "own", "no such line", "", 0), TRUTH) == "gone"


def test_equivalents_all_have_a_reason():
    assert all(len(reason) > 20 for reason in EQUIVALENT.values())
