"""What the checks ask, and what their items say."""

from grader.assignment.interface import load_interface
from grader.cases.ground_truth import load_ground_truth
from grader.checks.run_pytest import CHECKS, criteria_of, run_checks
from grader.checks.submission import Student, Unavailable
from grader.feedback.conventions import convention
from grader.feedback.mistakes import mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.results import Outcome


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
