import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from grader.cases import Case, criterion_of, of_kind, parts_of
from grader.cases.ground_truth import load_ground_truth
from grader.checks.submission import CheckFailed, Student
from grader.feedback.conventions import convention
from grader.feedback.mistakes import Form, mistake
from grader.feedback.mistakes.layers import student as wrong_layer
from grader.feedback.mistakes.simulate import InProcess
from grader.feedback.new_cases import new_questions
from grader.feedback.probe import find_conditions
from grader.results import Item, Outcome

TRUTH = load_ground_truth()


class Asked(InProcess):
    """Notes the settings that it is called with."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.settings: list[tuple[Any, ...]] = []

    def run(self, *arguments: Any, **options: Any) -> Any:
        self.settings.append(arguments[:2])
        return super().run(*arguments, **options)


def _wrong(name: str) -> Student:
    entry = mistake(name)
    return Student(Asked(wrong_layer(entry.kind, entry.forms[0])), TRUTH)


def _items(student: Student, kind: str, *, step: int = 1) -> Iterator[Item]:
    """Yield what the checks find, without pytest; of every so many cases."""
    for case in (*of_kind(TRUTH.cases, kind), *of_kind(TRUTH.cases, kind, invalid=True))[::step]:
        parts = ("errors",) if case.invalid else parts_of(case)
        for part in parts:
            outcome = Outcome.PASSED
            try:
                student.expect_error(case) if case.invalid else student.expect(case, part)
            except CheckFailed as failure:
                outcome = failure.outcome
            yield Item(f"{kind}.errors" if case.invalid else criterion_of(kind, part), case.id, outcome)


def _sentences(student: Student, kind: str) -> dict[str, str]:
    found = find_conditions(student, TRUTH.cases, tuple(_items(student, kind)))
    return {one.criterion: one.sentence for one in found}


def test_find_conditions_of_code_that_refuses_a_remainder() -> None:
    student = _wrong("refuses_remainder")
    sentences = _sentences(student, "conv2d")
    right = sum(case.id.count("-r0x0") for case in of_kind(TRUTH.cases, "conv2d"))
    wrong = len(of_kind(TRUTH.cases, "conv2d")) - right
    sentence = f"Right in all {right} cases without a remainder, wrong in all {wrong} with a remainder."
    assert sentences == dict.fromkeys(
        ("conv2d.forward", "conv2d.grad_x", "conv2d.grad_weight", "conv2d.grad_bias"), sentence
    )


@pytest.mark.parametrize(
    ("name", "kind", "criterion", "start"),
    [
        (
            "passes_gradient_at_zero",
            "relu",
            "relu.grad_x",
            "Right in all 15 cases with no input that is exactly",
        ),
        (
            "averages_over_batch_in_linear",
            "linear",
            "linear.grad_bias",
            "Right in linear-n1 only, wrong in the other 16 cases.",
        ),
        (
            "clips_kernel_to_image",
            "conv2d",
            "conv2d.errors",
            "Wrong in all 5 cases with a kernel larger than x",
        ),
    ],
)
def test_find_conditions_of_other_layers(name: str, kind: str, criterion: str, start: str) -> None:
    assert _sentences(_wrong(name), kind)[criterion].startswith(start)


def test_find_conditions_of_right_layer_asks_nothing() -> None:
    student = Student(Asked(wrong_layer("relu", Form())), TRUTH)
    items = tuple(_items(student, "relu"))
    asked = len(student.client.settings)  # type: ignore[attr-defined]
    assert find_conditions(student, TRUTH.cases, items) == ()
    assert len(student.client.settings) == asked  # type: ignore[attr-defined]


def test_find_conditions_stops_asking_when_the_time_is_over() -> None:
    student = _wrong("refuses_remainder")
    items = tuple(_items(student, "conv2d", step=4))
    asked = len(student.client.settings)  # type: ignore[attr-defined]
    seconds = itertools.count(0.0, 1.5)
    assert find_conditions(student, TRUTH.cases, items, clock=lambda: next(seconds)) == ()
    assert len(student.client.settings) - asked == 2  # type: ignore[attr-defined]


def test_find_conditions_of_what_is_not_implemented_or_has_no_verdict_says_nothing() -> None:
    student = _wrong("refuses_remainder")
    cases = of_kind(TRUTH.cases, "conv2d")
    outcomes = itertools.cycle((Outcome.NOT_IMPLEMENTED, Outcome.TIMED_OUT, Outcome.NOT_RUN))
    items = [Item("conv2d.grad_x", case.id, outcome) for case, outcome in zip(cases, outcomes, strict=False)]
    assert find_conditions(student, TRUTH.cases, items) == ()


def test_find_conditions_asks_only_what_the_interface_expresses() -> None:
    student = _wrong("refuses_remainder")

    def squares(cases: Sequence[Case]) -> list[Case]:
        return [case for case in cases if all(isinstance(value, int) for value in case.params.values())]

    student.expressed = squares
    asked_ids = {case.id for case in squares(TRUTH.cases)}
    items = tuple(
        item if item.case in asked_ids else replace(item, outcome=Outcome.NOT_IMPLEMENTED)
        for item in _items(student, "conv2d")
    )
    asked = len(student.client.settings)  # type: ignore[attr-defined]
    found = find_conditions(student, TRUTH.cases, items)
    assert [one.criterion for one in found] == [
        "conv2d." + name for name in ("forward", "grad_x", "grad_weight", "grad_bias")
    ]
    assert all(one.sentence.startswith("Right in all ") for one in found)
    new = student.client.settings[asked:]  # type: ignore[attr-defined]
    assert len(new) == 10
    assert all(isinstance(value, int) for _, params in new for value in params.values())


def test_find_conditions_accepts_a_convention_in_new_cases_too() -> None:
    """Batch means are accepted here, so what is left is the remainder that is refused."""
    entry, other = mistake("averages_over_batch"), mistake("refuses_remainder")
    assert entry.kind == other.kind == "conv2d"
    form = Form({**entry.forms[0].steps, **other.forms[0].steps})
    client = Asked(wrong_layer("conv2d", form))
    student = Student(client, TRUTH, {"batch_mean": convention("batch_mean", TRUTH)})
    assert _sentences(student, "conv2d")["conv2d.grad_bias"].startswith("Right in all")


def test_new_questions_allow_fast_algorithms_as_the_graded_ones_do():
    questions = new_questions("conv2d")
    truth = questions[questions.cases[0].id]
    output = truth.expected["output"]
    largest = np.abs(truth.inputs["x"]).max() * np.abs(truth.inputs["weight"]).max()
    assert output.largest_product == pytest.approx(float(largest))
