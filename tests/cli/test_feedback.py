"""What a student reads: the known mistake, and whether a gradient is right for their own forward."""

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


DOUBLED = (
    ("rows = self.columns @", "rows = 2 * self.columns @"),
    ("(rows.T @ self.columns)", "2 * (rows.T @ self.columns)"),
    ("taps = (rows @", "taps = (2 * rows @"),
)
TRIPLED_BACKWARD = (DOUBLED[0], *((old, new.replace("2 *", "3 *")) for old, new in DOUBLED[1:]))
CLASS = {
    "doubled": ("im2col", DOUBLED),
    "doubled_and_tripled": ("im2col", TRIPLED_BACKWARD),
    "unknown": ("im2col", (("rows = self.columns @", "rows = 1.25 * self.columns @"),)),
    "right": ("as_strided_einsum", ()),
    "batch_mean": ("batch_mean", ()),
    "kernel_flipped": ("kernel_flipped", ()),
    "stride_ignored_in_backward": ("stride_ignored_in_backward", ()),
    "remainder_assertion": ("remainder_assertion", ()),
}
"""Who is in the class: a sample, and what is replaced in its text."""


@pytest.fixture(scope="module")
def results(grader, tmp_path_factory):
    """Grade the class once; each test reads its own submission of it."""
    folder = tmp_path_factory.mktemp("class")
    for name, (sample, replacements) in CLASS.items():
        text = (SAMPLES / f"{sample}.py").read_text()
        for old, new in replacements:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (folder / f"{name}.py").write_text(text)
    return _run(grader, folder, tmp_path_factory.mktemp("out"), ASSIGNMENT)


@pytest.fixture(scope="module")
def graded(results, read_scores):
    """Return a function that gives the scores and the page of one of the class."""
    scores = read_scores(results)
    return lambda name: (scores[name], (results / "feedback" / f"{name}.html").read_text())


def _run(grader, submissions, out, assignment):
    (out / "assignment.toml").write_text(assignment)
    ran = grader("run", submissions, "-o", out, "--assignment", out / "assignment.toml")
    assert ran.status == 0, ran.err
    return out


def _points(score):
    return {criterion["name"]: criterion["points"] for criterion in score["criteria"]}


def test_gradients_right_for_a_wrong_forward_earn_their_share_and_say_so(graded):
    score, page = graded("doubled")
    # A few cases are of zeros, and twice zero is right.
    assert _points(score) == pytest.approx(
        {"conv2d.forward": 0, "conv2d.grad_x": 20, "conv2d.grad_weight": 10}, abs=1
    )
    assert "right for the forward pass of the submission" in page


def test_gradients_wrong_for_a_wrong_forward_earn_nothing(graded):
    score, _ = graded("doubled_and_tripled")
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
    score, _ = graded("right")
    assert score["diagnoses"] == []
    assert score["points"] == 100


def test_mistake_that_nobody_knows_is_not_guessed_at(graded):
    score, _ = graded("unknown")
    assert _points(score)["conv2d.forward"] < 1
    assert score["diagnoses"] == []


def test_accepted_convention_earns_full_points_and_says_so(grader, read_scores, tmp_path):
    out = _run(grader, SAMPLES / "batch_mean.py", tmp_path, 'accept = ["batch_mean"]' + ASSIGNMENT)
    page = (out / "feedback" / "batch_mean.html").read_text()
    assert read_scores(out)["batch_mean"]["points"] == 100
    assert "right by a convention that this course accepts: batch_mean" in page


def test_unknown_convention_is_refused_with_those_that_there_are(grader, tmp_path):
    path = tmp_path / "assignment.toml"
    path.write_text('accept = ["mean"]' + ASSIGNMENT)
    ran = grader("run", SAMPLES / "im2col.py", "-o", tmp_path / "out", "--assignment", path)
    assert ran.status == 2
    assert "accept: unknown convention 'mean'; known are batch_mean" in ran.err
