"""Cases that an interface cannot express are not asked, and count neither for nor against a student."""

from grader.assignment.interface import load_interface
from grader.cases.ground_truth import load_ground_truth
from grader.checks.run_pytest import CHECKS, criteria_of, run_checks
from grader.checks.submission import Student, Unavailable
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
