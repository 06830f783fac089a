"""Mutants of the reference that a tool made: the cases kill them, or a table says why not.

A sample is run here; ``python -m tests.quality.mutants`` runs all of them.
"""

import pytest

from grader.cases.ground_truth import load_ground_truth
from tests.quality.mutants import (
    EQUIVALENT,
    FOLDER,
    FUNCTIONS,
    LIST,
    Mutant,
    fate,
    read_equivalents,
    read_mutants,
    wanted_lines,
)

MUTANTS = read_mutants(LIST)
REASONS = read_equivalents(EQUIVALENT)
TRUTH = load_ground_truth()


def test_mutants_are_many_and_most_are_no_equivalents() -> None:
    assert len(MUTANTS) >= 600
    equivalent = sum(mutant.after.strip() in REASONS for mutant in MUTANTS)
    assert equivalent < len(MUTANTS) / 5


def test_mutants_are_still_lines_of_the_reference() -> None:
    assert [mutant.before for mutant in MUTANTS if mutant.text() is None] == []


@pytest.mark.parametrize("module", FUNCTIONS)
def test_mutants_change_lines_of_every_module_in_the_functions_that_are_wanted(module: str) -> None:
    source = (FOLDER / module).read_text(encoding="utf-8")
    lines = source.splitlines()
    wanted = {lines[number] for number in wanted_lines(source, FUNCTIONS[module])}
    changed = {mutant.before for mutant in MUTANTS if mutant.module == module}
    assert changed
    assert changed <= wanted


def test_wanted_lines_of_function_that_is_gone_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"does not define: Conv2d\.forwards, _columns"):
        wanted_lines("def f():\n    return 1\n", ["f", "_columns", "Conv2d.forwards"])


def test_wanted_lines_are_bodies_without_docstrings() -> None:
    source = 'class A:\n    def f(self):\n        """Say."""\n        return 1\n\ndef g():\n    return 2\n'
    assert wanted_lines(source, ["A.f"]) == {3}
    assert wanted_lines(source, ["A.f", "g"]) == {3, 6}


@pytest.mark.parametrize("mutant", MUTANTS[::12], ids=lambda mutant: mutant.after.strip()[:60])
def test_mutant_is_killed_or_known_as_equivalent(mutant: Mutant) -> None:
    assert fate(mutant, TRUTH) or mutant.after.strip() in REASONS


def test_fate_of_unchanged_reference_is_survival() -> None:
    for module in ("conv.py", "pooling.py", "loss.py", "windows.py"):
        line = "from __future__ import annotations"
        assert fate(Mutant(module, "none", line, line, 0), TRUTH) == ""


def test_fate_of_wrong_sign_is_the_case_that_kills() -> None:
    line = "    result: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))"
    mutant = Mutant("loss.py", "own", line, line.replace("shifted -", "shifted +"), 0)
    assert fate(mutant, TRUTH) == "cross-entropy"


def test_fate_of_line_that_is_gone_says_so() -> None:
    assert fate(Mutant("loss.py", "own", "no such line", "", 0), TRUTH) == "gone"


def test_equivalents_all_have_a_reason() -> None:
    assert all(len(reason) > 20 for reason in REASONS.values())
