from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from grader.reports.explanations import SHOWN_TEXTS, explain_failures
from grader.results import Condition, Counterexample, CriterionScore, Diagnosis, Item, Outcome, Place, Result

CRITERIA = ("conv2d.forward", "conv2d.grad_x", "relu.grad_x")
FAILED = st.sampled_from((Outcome.RAISED, Outcome.WRONG_VALUE, Outcome.NOT_IMPLEMENTED))
LOCATIONS = st.sampled_from(((), (Place("cnn.py", None, 3, "x[9]"),), (Place("cnn.py", None, 4, "y[9]"),)))
SENTENCES = st.sampled_from(("", "one", "two"))


@st.composite
def _results(draw: st.DrawFn) -> Result:
    """Return a result whose few texts repeat in all ways."""
    items = [
        Item(
            name,
            f"k{i}",
            draw(FAILED),
            f"message {draw(st.integers(0, 4))}",
            about=f"about {i}",
            location=draw(LOCATIONS),
        )
        for name in CRITERIA
        for i in range(draw(st.integers(0, 6)))
    ]
    sentences = {name: [draw(SENTENCES) for _ in range(3)] for name in CRITERIA}
    return Result(
        "ada",
        "Ada",
        None,
        "graded",
        0.0,
        1.0,
        criteria=tuple(CriterionScore(name, 0, 1, 0, 1) for name in CRITERIA),
        items=tuple(items),
        conditions=tuple(
            Condition(name, f"only {one}", exact=True) for name, (one, *_) in sentences.items() if one
        ),
        diagnoses=tuple(
            Diagnosis(one, name, f"mistake {one}", "", None, 3)
            for name, (_, one, _) in sentences.items()
            if one
        ),
        counterexamples=tuple(
            Counterexample(name, f"smallest {one}") for name, (*_, one) in sentences.items() if one
        ),
    )


@given(_results())
def test_explanations_tell_each_text_once_and_every_criterion_that_failed(result: Result) -> None:
    found = explain_failures(result)
    texts: Counter[object] = Counter()
    for one in found:
        texts.update(one.conditions)
        texts.update(diagnosis.sentence for diagnosis in one.diagnoses)
        texts.update(one.counterexamples)
        texts.update(case.about for case in one.shown if case.about)
        texts.update(case.location for case in one.shown if case.location)
    assert set(texts.values()) <= {1}
    failed = Counter(item.criterion for item in result.items)
    assert sorted(name for one in found for name in one.criteria) == sorted(failed)
    for one in found:
        assert sum(count for _, count in one.counts) == sum(failed[name] for name in one.criteria)
        assert len(one.shown) <= SHOWN_TEXTS
        assert {name for _, name in one.repeats} <= {name for other in found for name in other.criteria}


def _two(message: str, other: str, **changed: object) -> Result:
    items = tuple(
        Item(name, case, Outcome.RAISED, text, about=f"case {case}")
        for name, text in (("conv2d.forward", message), ("conv2d.grad_x", other))
        for case in ("k1", "k2")
    )
    result = Result("ada", "Ada", None, "graded", 0.0, 1.0, items=items)
    return replace(result, **changed)  # type: ignore[arg-type]


def test_explanations_of_criteria_that_fail_alike_are_one() -> None:
    (one,) = explain_failures(_two("KeyError: 1", "KeyError: 1"))
    assert one.criteria == ("conv2d.forward", "conv2d.grad_x")
    assert one.counts == ((Outcome.RAISED, 4),)
    assert [(case.case, case.also) for case in one.shown] == [("k1", ("k2",))]


def test_explanations_of_criteria_with_other_mistakes_refer_to_what_was_told() -> None:
    mistake = Diagnosis("m", "conv2d.grad_x", "It is the stride.", "", None, 3)
    first, second = explain_failures(_two("KeyError: 1", "KeyError: 1", diagnoses=(mistake,)))
    assert first.shown[0].message == "KeyError: 1"
    assert second.shown == ()
    assert second.repeats == (("failure", "conv2d.forward"),)
    assert second.diagnoses == (mistake,)


def test_explanations_describe_a_case_once() -> None:
    first, second = explain_failures(_two("KeyError: 1", "KeyError: 2"))
    assert (first.shown[0].about, second.shown[0].about) == ("case k1", "")
