"""A results folder's questions are drawn once, whole, and asked again in every run into it."""

import contextlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.assignment.interface import load_interface
from grader.assignment.load import load_assignment
from grader.cases import suite
from grader.cases.generate import fresh
from grader.cases.generate.agreement import answers_of, disagreements
from grader.cases.generate.fresh import draw_fresh_set, draw_set
from grader.cases.generate.reference import reference_answers
from grader.cases.ground_truth import load_ground_truth, public_folder
from grader.errors import GraderError, InputError
from grader.grading import questions
from grader.grading.gradebook import Gradebook
from grader.grading.job import Job
from grader.grading.plan import Plan
from grader.grading.questions import known_questions, stored_questions, with_questions
from grader.grading.run import grade_folder, versions

RIGHT = Path(__file__).parents[2] / "data" / "sample_submissions" / "im2col.py"
SHORT = 'name = "Short"\n[points]\n"relu.forward" = 1\n'
PUBLIC = load_ground_truth()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return the folder of a set that was drawn with PyTorch at hand, named by a relative path as usual."""
    results = tmp_path_factory.mktemp("results")
    with contextlib.chdir(results.parent):
        draw_fresh_set(Path(results.name) / "questions")
    return results / "questions"


@pytest.fixture
def assignment(tmp_path):
    (tmp_path / "short.toml").write_text(SHORT)
    return tmp_path / "short.toml"


def test_drawn_set_is_answered_by_pytorch_and_says_so(drawn):
    truth = load_ground_truth(drawn)
    assert (truth.name, truth.hidden) == ("fresh", True)
    assert truth.source.startswith("PyTorch 2.")
    assert "seed" not in json.loads((drawn / "manifest.json").read_text())
    assert not list(drawn.parent.glob(".questions-*"))


def test_drawn_set_has_new_numbers_everywhere_and_new_sizes_for_half(drawn):
    truth = load_ground_truth(drawn)
    assert [case.id for case in truth.cases] == [case.id for case in suite()]
    for case in truth.cases:
        for name, array in truth[case.id].inputs.items():
            public = PUBLIC[case.id].inputs[name]
            if array.dtype.kind == "f" and case.values != "ties":
                chance = 2 if array.dtype == np.float32 else 0  # equal by chance
                assert np.isin(array, public).sum() <= chance, (case.id, name)
    changed = sum(new.sizes != old.sizes for new, old in zip(truth.cases, suite(), strict=True))
    assert changed == (len(suite()) + 1) // 2


def test_two_drawn_sets_differ(drawn, tmp_path):
    draw_set(tmp_path / "one", 1)
    draw_set(tmp_path / "two", 2)
    one, two = load_ground_truth(tmp_path / "one"), load_ground_truth(tmp_path / "two")
    assert one.digest != two.digest
    assert [case.sizes for case in one.cases] != [case.sizes for case in two.cases]


def test_drawn_set_without_pytorch_is_answered_by_the_reference(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    truth = draw_fresh_set(tmp_path / "questions")
    assert truth.source == "the reference"
    assert not list(disagreements(truth, answers_of(reference_answers, truth)))


def test_pytorch_that_cannot_be_loaded_is_as_good_as_none(monkeypatch, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "torch.py").write_text("raise ImportError('libcudart.so.12: cannot open')\n")
    monkeypatch.syspath_prepend(tmp_path / "broken")
    assert draw_fresh_set(tmp_path / "questions").source == "the reference"


def test_pytorch_that_fails_stops_the_run(monkeypatch, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "torch.py").write_text("raise RuntimeError('no such device')\n")
    monkeypatch.syspath_prepend(tmp_path / "broken")
    with pytest.raises(GraderError, match=r"PyTorch could not answer .*: RuntimeError: no such device"):
        draw_fresh_set(tmp_path / "questions")
    assert not list(tmp_path.glob("*questions*"))


def wrong_in_one(source, kind, part):
    def answers(asked, params, arrays):
        found = source(asked, params, arrays)
        return {**found, part: found[part] + 1e-6} if asked == kind else found

    return answers


@pytest.mark.parametrize(
    ("name", "kind", "part", "who"),
    [
        ("plain_answers", "linear", "grad_x", "nested loops"),
        ("reference_answers", "relu", "output", "the ref"),
    ],
)
def test_sources_that_disagree_stop_the_run_by_case_and_part(monkeypatch, tmp_path, name, kind, part, who):
    monkeypatch.setattr(fresh, name, wrong_in_one(getattr(fresh, name), kind, part))
    with pytest.raises(GraderError, match=f"Nothing is graded: {who}.* case {kind}.*, {part}: .*wrong"):
        draw_fresh_set(tmp_path / "questions")
    assert not (tmp_path / "questions").exists()


def test_reference_that_disagrees_with_the_public_set_is_not_used_without_pytorch(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    wrong = wrong_in_one(fresh.reference_answers, "conv2d", "grad_bias")
    monkeypatch.setattr(fresh, "reference_answers", wrong)
    with pytest.raises(GraderError, match=r"the reference and PyTorch 2.* the public questions: case k"):
        draw_fresh_set(tmp_path / "questions")


def test_two_runs_at_once_get_one_set(tmp_path):
    folder = tmp_path / "questions"
    draw_set(tmp_path / "a", 1)
    draw_set(tmp_path / "b", 2)
    # Both have drawn before either is there; one after the other, as the system renames them.
    first, second = (fresh.place_set(tmp_path / name, folder) for name in "ab")
    assert first.digest == second.digest == load_ground_truth(folder).digest


def test_runs_into_one_folder_ask_the_same_and_keep_what_is_unchanged(tmp_path, assignment):
    first = grade_folder([RIGHT], tmp_path / "out", assignment=assignment)
    truth = load_ground_truth(tmp_path / "out" / "questions")
    said = f"fresh {truth.digest[:12]} (answers: the reference)"
    assert first.run.versions["ground truth"] == said
    again = grade_folder([RIGHT], tmp_path / "out", assignment=assignment)
    assert again.run.versions["ground truth"] == said
    assert again.kept == ("im2col",)
    assert {item.hidden for result in again.results for item in result.items} == {True}


def planned(results, given=None, chosen="fresh"):
    """Return the plan of a run into a results folder, once its questions are known."""
    job = Job(replace(load_assignment(), ground_truth=chosen), load_interface("layers"))
    return with_questions(Plan(job, (), (), {}), results, given)


def said_by_runs(results, *ground_truths):
    """Record runs that were done with some ground truth."""
    with Gradebook.open(results) as gradebook:
        for said in ground_truths:
            gradebook.start_run("A", "", 1.0, roster=[], versions={"ground truth": said})


def test_two_results_folders_have_questions_of_their_own_unless_given(monkeypatch, tmp_path):
    seeds = iter((1, 2))
    monkeypatch.setattr(questions, "draw_fresh_set", lambda folder: draw_set(folder, next(seeds)))
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    digests = [
        planned(folder, given).job.ground_truth().digest
        for folder, given in ((one, None), (two, one), (three, None), (one, None), (two, one / "questions"))
    ]
    assert digests[0] == digests[1] == digests[3] == digests[4] != digests[2]
    others = (
        r"--questions: .*one already has questions of its own .*three has others .*another results folder"
    )
    with pytest.raises(InputError, match=others):
        planned(one, three)
    assert planned(one).job.ground_truth().digest == digests[0]
    assert not list(tmp_path.glob("*/.questions-*"))


def test_questions_that_are_not_there_or_not_asked_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"nothing: has no questions \(neither questions/manifest\.json nor"):
        planned(tmp_path / "out", tmp_path / "nothing")
    asks_others = '--questions: the assignment sets ground_truth = "public", not "fresh"'
    with pytest.raises(InputError, match=asks_others):
        planned(tmp_path / "out", tmp_path / "nothing", "public")


def test_public_questions_are_named_as_known_to_students(tmp_path):
    said = versions(planned(tmp_path, chosen="public").job)["ground truth"]
    assert said.startswith(f"public {PUBLIC.digest[:12]} (students have these; answers: PyTorch 2.13.0")
    assert not (tmp_path / "questions").exists()
    # Who asked for the public ones and then for fresh ones gets these.
    said_by_runs(tmp_path, said)
    plan = planned(tmp_path)
    assert plan.warnings == ()
    assert plan.job.ground_truth().name == "fresh"


def test_folder_of_an_older_version_keeps_the_public_questions_and_says_so(tmp_path):
    said_by_runs(tmp_path, f"public {PUBLIC.digest[:12]}")
    for _ in range(2):
        plan = planned(tmp_path)
        assert plan.warnings == (
            f"{tmp_path} was made by an earlier version, so its public questions are kept; "
            "a new results folder gets fresh ones",
        )
        said = versions(plan.job)["ground truth"]
        assert said.startswith("public ")
        said_by_runs(tmp_path, said)
    assert not (tmp_path / "questions").exists()


def test_folder_of_an_older_version_with_a_hidden_set_gets_fresh_questions(tmp_path):
    said_by_runs(tmp_path, "hidden autumn 0123456789ab")
    assert planned(tmp_path).job.ground_truth().name == "fresh"


def test_results_folder_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(questions, "draw_fresh_set", draw_fresh_set)
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match=r"out: its questions cannot be written \(File exists\)"):
        planned(tmp_path / "out")


def test_job_without_questions_grades_nothing(tmp_path):
    job = Job(load_assignment(), load_interface("layers"))
    assert not job.has_questions
    with pytest.raises(GraderError, match="no questions have been drawn"):
        job.ground_truth()
    assert known_questions(job, tmp_path) == job
    assert replace(job, questions=public_folder()).ground_truth().digest == PUBLIC.digest


def test_stored_questions_are_found_in_results_and_in_their_own_folder(drawn):
    assert stored_questions(drawn).digest == stored_questions(drawn.parent).digest
