"""What the checks ask, and what their items say."""

from dataclasses import replace
from functools import partial

import pytest

from grader.assignment.coverage import refusal
from grader.assignment.interface import load_interface
from grader.cases.ground_truth import load_ground_truth
from grader.checks.run_pytest import CHECKS, criteria_of, run_checks
from grader.checks.submission import Student, Unavailable
from grader.feedback.conventions import convention
from grader.feedback.mistakes import mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.results import Outcome
from grader.speed.judge import PhaseVerdict, SpeedVerdict
from grader.worker.layer_kinds import both


def nobody(**options: object) -> Student:
    return Student(Unavailable(Outcome.NOT_RUN, ""), load_ground_truth(), **options)


def test_run_checks_asks_only_what_the_interface_expresses():
    items = run_checks(nobody(expressed=load_interface("cs231n").expressed), [CHECKS])
    asked = {item.case for item in items if item.criterion == "conv2d.forward"}
    cases = [case for case in load_ground_truth().cases if case.kind == "conv2d" and not case.invalid]
    equal = {
        case.id
        for case in cases
        if not any(isinstance(case.params[name], tuple) for name in ("stride", "padding"))
    }
    assert asked == equal
    assert 0 < len(equal) < len(cases)


def test_run_checks_criterion_without_a_case_leaves_no_item():
    expressed = load_interface("layers", settings={"layouts": {"x": "NHWC"}}).expressed
    items = run_checks(nobody(expressed=expressed), [CHECKS])
    assert "network.training" not in {item.criterion for item in items}
    assert "network.training" not in criteria_of(nobody(expressed=expressed), [CHECKS])
    assert "network.training" in criteria_of(nobody(), [CHECKS])


def test_run_checks_measures_speed_after_all_cases_with_what_they_came_to(tmp_path):
    (tmp_path / "test_later.py").write_text(
        "import pytest\n\n"
        "@pytest.mark.criterion('later')\n@pytest.mark.cases('linear')\n"
        "def test_later(case, submission):\n    submission.reply(case)\n"
    )
    asked = []

    def measure(replies):
        asked.extend(replies)
        return SpeedVerdict({"forward": PhaseVerdict(1.0, Outcome.PASSED, "")}, None)

    graded = frozenset({"later", "conv2d.speed_forward"})
    items = run_checks(nobody(graded=graded, measure=measure), [CHECKS, tmp_path])
    assert items[-1].criterion == "conv2d.speed_forward"
    assert asked == [case.id for case in load_ground_truth().cases if case.kind == "linear"]


def test_run_checks_item_names_the_convention_under_which_it_is_right():
    truth, form = load_ground_truth(), mistake("averages_over_batch").forms[0]
    conventions = {"batch_mean": convention("batch_mean", truth)}
    graded = frozenset({"conv2d.grad_bias"})
    pupil = Student(InProcess(student("conv2d", form)), truth, conventions, graded=graded)
    items = run_checks(pupil, [CHECKS])
    assert {item.outcome for item in items} == {Outcome.PASSED}
    # With one image the mean is the sum.
    single = {case.id for case in truth.cases if case.sizes["N"] == 1}
    assert {item.convention for item in items if item.case not in single} == {"batch_mean"}
    assert {item.convention for item in items if item.case in single} == {""}


@pytest.mark.parametrize(
    ("name", "criterion"),
    [
        ("changes_upstream_gradient_in_place_in_relu", "relu.grad_x"),
        ("rectifies_input_in_place_in_relu", "relu.forward"),
        ("changes_bias_in_forward_in_linear", "linear.forward"),
    ],
)
def test_run_checks_changed_array_is_a_penalty_where_it_was_changed(name, criterion):
    truth, entry = load_ground_truth(), mistake(name)
    graded = frozenset(f"{entry.kind}.{what}" for what in ("forward", "grad_x"))
    items = run_checks(
        Student(InProcess(student(entry.kind, entry.forms[0])), truth, graded=graded), [CHECKS]
    )
    assert {item.criterion for item in items} == graded
    assert {item.outcome for item in items} == {Outcome.PASSED}
    charged = [item for item in items if item.penalties]
    assert {(item.criterion, item.penalties) for item in charged} == {(criterion, ("modified_input",))}
    assert len(charged) >= 3


def test_run_checks_case_that_lacks_what_is_required_fails_without_a_call():
    call = {"forward": "output = conv(x, weight, bias, padding)", "backward": "", "make": ""}
    interface = replace(load_interface("functions", settings={"conv2d": call}), required=("stride",))
    pupil = nobody(expressed=interface.expressed, refused=partial(refusal, interface))
    items = [item for item in run_checks(pupil, [CHECKS]) if item.criterion == "conv2d.forward"]
    cases = {case.id: case for case in load_ground_truth().cases}
    strided = [item for item in items if max(both(cases[item.case].params["stride"])) > 1]
    assert len(strided) > 30
    assert {item.outcome for item in strided} == {Outcome.NOT_IMPLEMENTED}
    assert "requires a stride" in strided[0].message
    assert {item.outcome for item in items if item not in strided} == {Outcome.NOT_RUN}
