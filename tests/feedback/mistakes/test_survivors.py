"""A hidden set of a course's own seed is as strong as the public one, and so are fresh sets."""

from dataclasses import replace

from grader.cases.generate.make import make_hidden_set
from grader.cases.ground_truth import load_ground_truth
from grader.feedback.mistakes import CATALOGUE
from grader.feedback.mistakes.survivors import survivors
from tests.quality.kill_matrix import fresh_survivors


def test_survivors_of_catalogue_on_a_hidden_set_are_none(tmp_path):
    seed = tmp_path / "seed.txt"
    seed.write_text("a secret of this test", encoding="utf-8")
    make_hidden_set(tmp_path / "hidden", seed)
    truth = load_ground_truth(tmp_path / "hidden")
    assert truth.hidden
    assert list(survivors(truth)) == []


def test_survivors_of_catalogue_on_a_fresh_set_are_none():
    """`make kill-matrix` looks at a dozen sets."""
    assert list(fresh_survivors([101])) == []


def test_survivors_of_too_few_cases_are_named_by_title_criterion_and_count():
    truth = load_ground_truth()
    relu = [case for case in truth.cases if case.kind == "relu"][:1]
    entry = next(entry for entry in CATALOGUE if entry.kind == "relu" and "relu.forward" in entry.criteria)
    sentences = list(survivors(replace(truth, cases=tuple(relu)), [entry]))
    start = f"of the 3 required cases catch '{entry.title}' in relu.forward ({entry.name}, form 0)"
    assert any(start in sentence for sentence in sentences)
