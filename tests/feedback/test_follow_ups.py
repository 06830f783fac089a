"""What only follows from another fault is said to follow from it, in a sentence that is true of it."""

import pytest

from grader.cases.ground_truth import load_ground_truth
from grader.checks.submission import Student
from grader.feedback.diagnose import diagnose
from grader.feedback.evidence import AskedPart
from grader.feedback.follow_ups import FOLLOWS, follow_up, speed_follow_ups, stopped_before
from grader.feedback.mistakes import mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.intake.source import Program
from grader.results import Item, Outcome
from grader.sandbox import Answer, Reply
from tests.quality.unknown import Edited, edited

TRUTH = load_ground_truth()


def diagnosed(program, *changes):
    changed = Edited(program, changes=changes)
    return diagnose(TRUTH, changed.replies(TRUTH), Program("cnn.py", {"cnn.py": changed.source()}))


def by_criterion(found):
    return {one.criterion.partition(".")[2]: (one.mistake, one.follows_from) for one in found}


@pytest.mark.parametrize("program", sorted({one.program for one in edited()}))
def test_diagnose_of_right_program_says_nothing_but_what_it_accepts(program):
    assert {one.criterion for one in diagnosed(program)} <= {"conv2d.errors"}


def test_diagnose_of_exchanged_strides_that_stop_backward_names_one_mistake():
    found = by_criterion(diagnosed("columns", ("both(stride), both", "both(stride)[::-1], both")))
    assert found["forward"] == ("swaps_stride_axes_in_forward", "")
    gradients = [found[name] for name in ("grad_x", "grad_weight", "grad_bias")]
    assert gradients == [(FOLLOWS, "conv2d.forward"), (FOLLOWS, "conv2d.forward"), (FOLLOWS, "conv2d.grad_x")]


def test_diagnose_of_padded_input_that_backward_uses_too_names_it_once():
    found = diagnosed("columns", ("(ph, ph), (pw, pw)", "(0, 2 * ph), (0, 2 * pw)"))
    assert by_criterion(found) == {
        "forward": ("pads_one_side", ""),
        "grad_weight": ("pads_one_side", "conv2d.forward"),
    }
    assert found[1].sentence == "The answers are those of the same mistake as in conv2d.forward."


def test_diagnose_of_mistake_beside_an_error_in_some_cases_names_the_mistake():
    refuse = ("        c, i, j, rows", "        assert C > 1\n        c, i, j, rows")
    found = diagnosed("columns", (" + self.bias.reshape(-1, 1)", ""), refuse)
    assert by_criterion(found)["forward"] == ("forgets_bias", "")


@pytest.mark.parametrize(
    "error", ["ImportError('no numba')", "NameError('x')", "AttributeError('x')", "RuntimeError('x')"]
)
def test_diagnose_of_an_error_that_is_not_about_arguments_names_no_mistake(error):
    line = "        if x.shape[2] != x.shape[3]:\n            raise " + error + "\n        self.x = x\n"
    found = by_criterion(diagnosed("loops", ("        self.x = x\n", line)))
    assert {name for name, _ in found.values()} == {FOLLOWS}


def test_diagnose_of_an_error_that_is_about_arguments_names_it():
    line = "        if x.shape[2] != x.shape[3]:\n            raise ValueError\n        self.x = x\n"
    found = by_criterion(diagnosed("loops", ("        self.x = x\n", line)))
    assert found["forward"] == ("handles_square_images_only", "")
    assert {found[f"grad_{name}"] for name in ("x", "weight", "bias")} == {(FOLLOWS, "conv2d.forward")}


def test_diagnose_of_an_error_on_every_call_names_it_only_if_the_error_says_it():
    always = ("        self.x = x\n", "        raise ValueError('not square')\n")
    sizes = ("// self.sh + 1", "/ self.sh + 1")
    names = {one.mistake for one in diagnosed("loops", always)}
    assert names == {FOLLOWS}
    assert "computes_float_sizes" in {one.mistake for one in diagnosed("loops", sizes)}


def test_diagnose_of_crop_in_forward_blames_no_crop_in_backward():
    crop = "        out[:, :, self.ph : -self.ph, self.pw : -self.pw] = x\n"
    found = diagnosed(
        "loops", ("        out[:, :, self.ph : self.ph + H, self.pw : self.pw + W] = x\n", crop)
    )
    assert "crops_from_the_end" not in {one.mistake for one in found}


def test_diagnose_speaks_of_the_crop_only_where_the_source_shows_it():
    shown = diagnosed("taps", ("P1 : P1 + H, P2 : P2 + W", "P1:-P1, P2:-P2"))
    hidden = ("P1 : P1 + H, P2 : P2 + W", "P1 : 0 - P1, P2 : 0 - P2")
    assert shown[0].title == "Border cut off with p:-p"
    assert diagnosed("taps", hidden)[0].title == "grad_x lost where the padding is 0"


def _asked(part, count, **seen):
    cases = [case for case in TRUTH.cases if case.kind == "conv2d" and not case.invalid]
    return [AskedPart(case, part, Answer(part, Outcome.RAISED), **seen) for case in cases[:count]]


def test_stopped_before_counts_only_the_cases_that_the_named_part_stopped():
    items = _asked("grad_weight", 9, right=False, stopped_by="output")
    items += _asked("grad_weight", 4, right=False, stopped_by="grad_x")
    (found,) = stopped_before("conv2d.grad_weight", items)
    assert (found.follows_from, found.explains) == ("conv2d.forward", 9)
    assert (
        found.sentence
        == "conv2d.forward stopped with an error in some cases, so this was not computed there."
    )


def test_follow_up_of_a_misshapen_output_speaks_only_of_what_was_computed():
    forward = [
        *_asked("output", 4, right=False, misshapen=True),
        *_asked("output", 40, right=True)[4:],
    ]
    items = [*_asked("grad_x", 4, right=False), *_asked("grad_x", 40, right=True)[4:]]
    found = follow_up("conv2d.grad_x", items, forward)
    assert found.sentence.startswith("Where it is computed, it fails only in cases in which conv2d.forward")


def test_speed_follow_ups_name_the_wrong_criterion_of_the_phase():
    def item(criterion, outcome):
        return Item(criterion, "case", outcome)

    items = [
        item("conv2d.forward", Outcome.PASSED),
        item("conv2d.grad_weight", Outcome.WRONG_VALUE),
        item("conv2d.speed_forward", Outcome.WRONG_VALUE),
        item("conv2d.speed_backward", Outcome.WRONG_VALUE),
    ]
    (found,) = speed_follow_ups(items)
    assert (found.criterion, found.follows_from) == ("conv2d.speed_backward", "conv2d.grad_weight")


def test_diagnose_of_a_gradient_that_differs_between_learning_rates_names_the_update():
    """What the interface for layers that update themselves says in place of such a gradient."""
    message = "grad_x differs: it is computed with weights that were already updated"
    replies = {}
    for case_id, reply in Edited("loops").replies(TRUTH).items():
        late = {
            part: Answer(part, Outcome.WRONG_VALUE, None, message) if part == "grad_x" else answer
            for part, answer in reply.answers.items()
        }
        replies[case_id] = Reply(late)
    found = [one for one in diagnose(TRUTH, replies) if one.criterion == "conv2d.grad_x"]
    assert [(one.mistake, one.explains) for one in found] == [("updates_weight_before_grad_x", 109)]


def network_replies(form, source):
    pupil = Student(InProcess(student("network", form)), TRUTH)
    cases = [case for case in TRUTH.cases if case.kind == "network"]
    for case in cases:
        pupil.reply(case)
    return diagnose(TRUTH, pupil.replies, Program("cnn.py", {"cnn.py": source}))


def test_diagnose_of_layers_that_are_not_reversed_needs_the_line():
    (form,) = mistake("passes_layers_in_forward_order").forms
    loop = "def backward(self, grad):\n    for layer in self.layers:\n        grad = layer.backward(grad)\n"
    (found,) = network_replies(form, loop)
    assert (found.mistake, found.place.line) == ("passes_layers_in_forward_order", 2)
    assert network_replies(form, loop.replace("self.layers", "reversed(self.layers)")) == ()


def test_diagnose_of_a_layer_that_is_not_written_says_nothing():
    unwritten = ("        self.x = x\n", "        raise NotImplementedError\n")
    assert {one.criterion for one in diagnosed("loops", unwritten)} <= {"conv2d.errors"}


def test_diagnose_of_a_network_with_a_wrong_layer_says_which():
    wrong = student("conv2d", mistake("forgets_bias").forms[0])
    pupil = Student(InProcess(wrong), TRUTH)
    for case in TRUTH.cases:
        if case.kind in ("conv2d", "network") and not case.invalid:
            pupil.reply(case)
    found = {one.criterion: one for one in diagnose(TRUTH, pupil.replies)}
    assert found["network.training"].follows_from == "conv2d.forward"
    assert found["network.training"].mistake == FOLLOWS
