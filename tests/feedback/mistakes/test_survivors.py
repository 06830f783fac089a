"""A hidden set of a course's own seed is as strong as the public one."""

from grader.cases.generate.make import make_hidden_set
from grader.cases.ground_truth import load_ground_truth
from grader.feedback.mistakes.survivors import survivors


def test_survivors_of_catalogue_on_a_hidden_set_are_none(tmp_path):
    seed = tmp_path / "seed.txt"
    seed.write_text("a secret of this test", encoding="utf-8")
    make_hidden_set(tmp_path / "hidden", seed)
    truth = load_ground_truth(tmp_path / "hidden")
    assert truth.hidden
    assert list(survivors(truth)) == []
