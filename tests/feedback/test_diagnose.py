"""The diagnosis names the planted mistake, alone, or says nothing."""

import random

import numpy as np
import pytest

from grader.cases.ground_truth import load_ground_truth
from grader.checks.submission import Student
from grader.feedback.diagnose import diagnose
from grader.feedback.follow_ups import FOLLOWS
from grader.feedback.mistakes import CATALOGUE, Form, combine, mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.feedback.source_hints import EXAMPLES
from grader.intake.source import Listing, Program
from grader.results import Outcome, Place
from grader.sandbox import Answer, Reply

TRUTH = load_ground_truth()
# A fifth of the catalogue; `python -m tests.quality.accuracy` tries all of it.
FORMS = [(entry, place) for entry in CATALOGUE for place in range(len(entry.forms))][::5]


def replies_of(kind, form):
    """Let a layer of ours answer every case of its kind."""
    pupil = Student(InProcess(student(kind, form)), TRUTH)
    for case in TRUTH.cases:
        if case.kind == kind:
            pupil.reply(case)
    return pupil.replies


def named(diagnoses):
    """Return the mistakes that are named, by criterion."""
    found = {}
    for one in diagnoses:
        if one.mistake != FOLLOWS:
            found.setdefault(one.criterion, set()).add(one.mistake)
    return found


@pytest.mark.parametrize(("entry", "place"), FORMS, ids=lambda value: getattr(value, "name", value))
def test_diagnose_of_catalogued_mistake_names_it_alone(entry, place):
    program = Program("cnn.py", {"cnn.py": EXAMPLES.get(entry.hint, "")})
    found = named(diagnose(TRUTH, replies_of(entry.kind, entry.forms[place]), program))
    assert all(found[criterion] == {entry.name} for criterion in entry.criteria)
    assert set().union(*found.values()) == {entry.name}


@pytest.mark.parametrize("kind", ["conv2d", "max_pool2d", "relu", "linear", "cross_entropy", "network"])
def test_diagnose_of_right_layer_says_nothing(kind):
    assert diagnose(TRUTH, replies_of(kind, Form())) == ()


def test_diagnose_of_padding_and_stride_ignored_names_both():
    forms = [mistake(f"ignores_{what}_in_forward").forms[0] for what in ("padding", "stride")]
    found = diagnose(TRUTH, replies_of("conv2d", combine(*forms)))
    assert named(found)["conv2d.forward"] == {"ignores_padding_in_forward", "ignores_stride_in_forward"}


@pytest.mark.slow
def test_diagnose_of_random_pairs_names_no_other_mistake():
    rng = random.Random(4)
    entries = [entry for entry in CATALOGUE if entry.kind == "conv2d" and not entry.single]
    for _ in range(12):
        first, second = rng.sample(entries, 2)
        both = combine(first.forms[0], second.forms[0])
        if both is not None:
            found = named(diagnose(TRUTH, replies_of("conv2d", both)))
            assert set().union(*found.values(), set()) <= {first.name, second.name}


@pytest.mark.parametrize("part", ["output", "grad_x", "grad_weight", "grad_bias"])
def test_diagnose_of_unknown_mistake_says_nothing(part):
    def noise(result, _):
        return result + 1e-3 * np.sin(np.arange(result.size)).reshape(result.shape)

    assert diagnose(TRUTH, replies_of("conv2d", Form({f"{part}.finish": noise}))) == ()


def test_diagnose_of_mistake_on_most_cases_only_says_nothing():
    """One right answer where the mistake would be wrong clears it."""
    replies = dict(replies_of("conv2d", mistake("forgets_bias").forms[0]))
    right = replies_of("conv2d", Form())
    case_id = next(iter(replies))
    replies[case_id] = right[case_id]
    assert diagnose(TRUTH, replies) == ()


def test_diagnose_of_two_wrong_answers_says_nothing():
    wrong, right = replies_of("conv2d", mistake("forgets_bias").forms[0]), replies_of("conv2d", Form())
    first = list(wrong)[:2]
    assert diagnose(TRUTH, {**right, **{case_id: wrong[case_id] for case_id in first}}) == ()


def test_diagnose_of_time_outs_leaves_them_out():
    replies = dict(replies_of("conv2d", mistake("forgets_bias").forms[0]))
    case_id = next(iter(replies))
    late = {part: Answer(part, Outcome.TIMED_OUT) for part in replies[case_id].answers}
    replies[case_id] = Reply(late, 5.0)
    (found,) = diagnose(TRUTH, replies)
    assert (found.mistake, found.criterion) == ("forgets_bias", "conv2d.forward")


def test_diagnose_shows_the_line_that_crops():
    source = "def backward(self, g):\n    dx = scatter(g)\n    return dx[:, :, p:-p, p:-p]\n"
    program = Program("cnn.py", {"cnn.py": source})
    (found,) = diagnose(TRUTH, replies_of("conv2d", mistake("crops_from_the_end").forms[0]), program)
    assert found.place == Place("cnn.py", None, 3, "return dx[:, :, p:-p, p:-p]", "backward")
    assert found.link == mistake("crops_from_the_end").link
    assert found.title == "Border cut off with p:-p"
    assert found.explains >= 30


def test_diagnose_shows_the_cell_or_the_helper_that_crops():
    crop = "def unpad(dx, p):\n    return dx[:, :, p:-p, p:-p]\n"
    cells = "# cell 1\npass\n# cell 2\n" + crop
    listing = Listing("hw.ipynb", cells.replace("pass", "%matplotlib inline"), (1, 3))
    notebook = Program("hw.ipynb", {"hw.ipynb": cells}, listings={"hw.ipynb": listing})
    helper = Program("cnn.py", {"cnn.py": "import pad\n", "pad.py": crop})
    replies = replies_of("conv2d", mistake("crops_from_the_end").forms[0])
    shown = [one.place for program in (notebook, helper) for one in diagnose(TRUTH, replies, program)]
    text = "return dx[:, :, p:-p, p:-p]"
    assert shown == [Place("hw.ipynb", 2, 2, text, "unpad"), Place("pad.py", None, 2, text, "unpad")]


def test_diagnose_of_error_in_grad_x_does_not_blame_later_parts():
    form = combine(mistake("crops_from_the_end").forms[1], mistake("averages_over_batch").forms[0])
    found = named(diagnose(TRUTH, replies_of("conv2d", form)))
    assert "crops_from_the_end" in found["conv2d.grad_x"]
    assert found["conv2d.grad_weight"] == {"averages_over_batch"}


def test_diagnose_of_errors_alone_names_no_mistake_that_gives_arrays():
    """Exchanged strides raise in a pooling's backward by chance; so does much else."""

    def one_number(call):
        if call.stride[0] != call.stride[1]:
            raise ValueError("shapes do not match")
        return call

    found = named(diagnose(TRUTH, replies_of("max_pool2d", Form({"grad_x.arguments": one_number}))))
    assert found == {}


def test_diagnose_of_zeros_says_so_and_blames_no_pair():
    form = Form({"grad_x.finish": lambda result, _: result * 0})
    assert named(diagnose(TRUTH, replies_of("conv2d", form))) == {"conv2d.grad_x": {"answers_zeros"}}
