"""What a student is told: the known mistake, and whether a gradient is right for their own forward."""

import pytest

from tests.cli.conftest import ROOT

SAMPLES = ROOT / "data" / "sample_submissions"
ASSIGNMENT = """
name = "Convolution"
own_forward_credit = 0.5
[points]
"conv2d.forward" = 40
"conv2d.grad_x" = 40
"conv2d.grad_weight" = 20
"""


@pytest.fixture
def graded(grader, read_scores, tmp_path):
    """Return a function that grades a sample with some of its text replaced."""

    def grade(sample, *replacements, accept=""):
        text = (SAMPLES / f"{sample}.py").read_text()
        for old, new in replacements:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        file = tmp_path / "ada.py"
        file.write_text(text)
        (tmp_path / "assignment.toml").write_text(accept + ASSIGNMENT)
        ran = grader("run", file, "-o", tmp_path / "out", "--assignment", tmp_path / "assignment.toml")
        assert ran.status == 0, ran.err
        return read_scores(tmp_path / "out")["ada"], (tmp_path / "out" / "feedback" / "ada.html").read_text()

    return grade


def _points(score):
    return {criterion["name"]: criterion["points"] for criterion in score["criteria"]}


def test_gradients_right_for_a_wrong_forward_earn_their_share_and_say_so(graded):
    score, page = graded(
        "im2col",
        ("rows = self.columns @", "rows = 2 * self.columns @"),
        ("(rows.T @ self.columns)", "2 * (rows.T @ self.columns)"),
        ("taps = (rows @", "taps = (2 * rows @"),
    )
    # A few cases are of zeros, and twice zero is right.
    assert _points(score) == pytest.approx(
        {"conv2d.forward": 0, "conv2d.grad_x": 20, "conv2d.grad_weight": 10}, abs=1
    )
    assert "right for the forward that was handed in" in page


def test_gradients_wrong_for_a_wrong_forward_earn_nothing(graded):
    score, _ = graded(
        "im2col",
        ("rows = self.columns @", "rows = 2 * self.columns @"),
        ("(rows.T @ self.columns)", "3 * (rows.T @ self.columns)"),
        ("taps = (rows @", "taps = (3 * rows @"),
    )
    assert max(_points(score).values()) < 1


@pytest.mark.parametrize(
    ("sample", "mistake", "criterion"),
    [
        ("batch_mean", "averages_over_batch", "conv2d.grad_weight"),
        ("kernel_flipped", "flips_kernel_in_forward", "conv2d.forward"),
        ("stride_ignored_in_backward", "ignores_stride_in_grad_x", "conv2d.grad_x"),
        ("remainder_assertion", "refuses_remainder", "conv2d.forward"),
    ],
)
def test_known_mistake_is_named_with_its_criterion(graded, sample, mistake, criterion):
    score, page = graded(sample)
    named = {(diagnosis["mistake"], diagnosis["criterion"]) for diagnosis in score["diagnoses"]}
    assert (mistake, criterion) in named
    assert "DERIVATION.md" in page


def test_right_submission_is_told_of_no_mistake(graded):
    score, _ = graded("as_strided_einsum")
    assert score["diagnoses"] == []
    assert score["points"] == 100


def test_mistake_that_nobody_knows_is_not_guessed_at(graded):
    score, _ = graded("im2col", ("rows = self.columns @", "rows = 1.25 * self.columns @"))
    assert _points(score)["conv2d.forward"] < 1
    assert score["diagnoses"] == []


def test_accepted_convention_earns_full_points_and_says_so(graded):
    score, page = graded("batch_mean", accept='accept = ["batch_mean"]')
    assert score["points"] == 100
    assert "right by the convention that this course accepts: batch_mean" in page


def test_unknown_convention_is_refused_with_those_that_there_are(grader, tmp_path):
    path = tmp_path / "assignment.toml"
    path.write_text('accept = ["mean"]' + ASSIGNMENT)
    ran = grader("run", SAMPLES / "im2col.py", "-o", tmp_path / "out", "--assignment", path)
    assert ran.status == 2
    assert "accept: no convention 'mean'; there are batch_mean" in ran.err
