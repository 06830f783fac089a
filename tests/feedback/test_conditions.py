import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.cases import Case, of_kind, suite
from grader.feedback.case_features import FEATURES, Feature
from grader.feedback.conditions import ENOUGH_CASES, Claim, Reach, Rule, condition, confirmed, tiers
from grader.feedback.new_cases import new_questions
from grader.results import Condition

CONV = of_kind(suite(), "conv2d")
NEW = new_questions("conv2d").cases


def _feature(having: str) -> Feature:
    return next(feature for feature in FEATURES if feature.having == having)


def _rule(having: str, *more: str, joined: str = "and") -> Rule:
    features = tuple(map(_feature, (having, *more)))
    return Rule(features, (True,) * len(features), "or" if joined == "or" else "and")


def _verdicts(rule: Rule, cases: Sequence[Case] = CONV) -> dict[str, bool]:
    """Return what code gets that is wrong under a rule and right elsewhere."""
    return {case.id: not rule.holds(case) for case in cases}


def _told(rule: Rule, cases: Sequence[Case] = CONV) -> Condition | None:
    verdicts = _verdicts(rule, cases)
    claims = confirmed(tiers(cases, verdicts), NEW, lambda case: not rule.holds(case))
    return condition("conv2d.grad_x", cases, verdicts, claims)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            _rule("with a remainder"),
            "Right in all {right} cases without a remainder, wrong in all {wrong} with a remainder.",
        ),
        (
            _rule("with padding", "with a stride above 1"),
            "Wrong in all {wrong} cases with padding and with a stride above 1, right in all {right} others.",
        ),
        (
            _rule("in float32", "with K_h != K_w", joined="or"),
            "Wrong in all {wrong} cases with K_h != K_w or in float32, right in all {right} others.",
        ),
    ],
)
def test_condition_of_code_that_is_wrong_under_a_rule_says_the_rule_and_counts(
    rule: Rule, sentence: str
) -> None:
    wrong = sum(map(rule.holds, CONV))
    counts = {"right": len(CONV) - wrong, "wrong": wrong}
    assert _told(rule) == Condition("conv2d.grad_x", sentence.format(**counts), exact=True)


def _telling(cases: Sequence[Case]) -> set[Feature]:
    return {feature for feature in FEATURES if len(set(map(feature.holds, cases))) > 1}


@st.composite
def _rules(draw: st.DrawFn) -> Rule:
    features = tuple(draw(st.lists(st.sampled_from(FEATURES), min_size=1, max_size=2, unique=True)))
    wanted = tuple(draw(st.booleans()) for _ in features)
    return Rule(features, wanted, draw(st.sampled_from(("and", "or"))))


@given(_rules(), st.sampled_from(("conv2d", "max_pool2d", "linear", "relu", "cross_entropy")))
@settings(max_examples=20)
def test_tiers_of_any_rule_begin_with_one_that_holds_for_the_same_cases(rule: Rule, kind: str) -> None:
    cases = of_kind(suite(), kind)
    verdicts = _verdicts(rule, cases)
    wrong = [case for case in cases if rule.holds(case)]
    found = tiers(cases, verdicts)
    if min(len(wrong), len(cases) - len(wrong)) < ENOUGH_CASES:
        assert found == ()
        return
    first = found[0][0]
    assert first.reach is Reach.EXACT
    assert len(first.rule.features) <= len(rule.features)
    assert [case for case in cases if first.rule.holds(case)] == wrong
    new = new_questions(kind).cases
    claims = confirmed(found, new, lambda case: not rule.holds(case))
    under = sum(map(rule.holds, new))
    if _telling(cases) >= set(rule.features) and min(under, len(new) - under) >= ENOUGH_CASES:
        assert claims
        assert claims[0].reach is Reach.EXACT
    for claim in claims:
        if claim.reach is Reach.EXACT:
            assert [case for case in cases if claim.rule.holds(case)] == wrong
        else:
            # A feature that all of the suite's cases share may matter in new ones.
            assert any(feature not in _telling(cases) for feature in rule.features)


@given(st.lists(st.booleans(), min_size=len(CONV), max_size=len(CONV)), st.data())
@settings(max_examples=15)
def test_condition_of_any_verdicts_is_true(outcomes: list[bool], data: st.DataObject) -> None:
    # With a side, one side of a rule is decided and the other is by chance, so that one-sided rules appear.
    rule = data.draw(_rules())
    side = data.draw(st.sampled_from((None, True, False)))
    verdicts = {
        case.id: right
        if side is None
        else (right and not rule.holds(case))
        if side
        else (right or rule.holds(case))
        for case, right in zip(CONV, outcomes, strict=True)
    }
    for tier in tiers(CONV, verdicts):
        for claim in tier[:3]:
            assert all(claim.says(case) in (None, verdicts[case.id]) for case in CONV)
            told = condition("conv2d.grad_x", CONV, verdicts, (claim,))
            assert told is not None
            assert told.exact is all(claim.rule.holds(case) is not verdicts[case.id] for case in CONV)
            assert set(re.findall(r"\d+", _without_words(told.sentence, claim))) <= _counts(claim, verdicts)


def _without_words(sentence: str, claim: Claim) -> str:
    words = [text for feature in claim.rule.features for text in (feature.having, feature.lacking)]
    # "with padding" is the start of "with padding above 1", whose number would be left over.
    for text in sorted(words, key=len, reverse=True):
        sentence = sentence.replace(text, "")
    return sentence


def _counts(claim: Claim, verdicts: Mapping[str, bool]) -> set[str]:
    under = [verdicts[case.id] for case in CONV if claim.rule.holds(case)]
    outside = [verdicts[case.id] for case in CONV if not claim.rule.holds(case)]
    return {str(count) for side in (under, outside) for count in (len(side), side.count(False))}


def test_confirmed_rules_that_tie_are_told_apart_by_new_cases() -> None:
    one, other = _rule("with K_h != K_w"), _rule("with s_h != s_w")
    alike = [case for case in CONV if one.holds(case) is other.holds(case)]
    verdicts = _verdicts(one, alike)
    assert verdicts == _verdicts(other, alike)
    for rule in (one, other):
        asked: list[Case] = []

        def ask(case: Case, rule: Rule = rule, asked: list[Case] = asked) -> bool:
            asked.append(case)
            return not rule.holds(case)

        (claim,) = confirmed(tiers(alike, verdicts), NEW, ask)
        assert claim.rule == rule
        assert len(asked) == 10


def test_condition_names_both_rules_that_no_new_case_told_apart() -> None:
    rule = _rule("with K_h != K_w")
    verdicts = _verdicts(rule)
    claims = [Claim(rule, Reach.EXACT), Claim(_rule("with s_h != s_w"), Reach.EXACT)]
    told = condition("conv2d.grad_x", CONV, verdicts, claims)
    assert told is not None
    assert told.sentence.endswith(
        "wrong in all 20 with K_h != K_w. The wrong ones are also all cases with s_h != s_w."
    )


def test_confirmed_rule_that_new_cases_contradict_is_not_told() -> None:
    verdicts, other = _verdicts(_rule("with a remainder")), _rule("with padding")
    claims = confirmed(tiers(CONV, verdicts), NEW, lambda case: not other.holds(case))
    assert all(claim.reach is not Reach.EXACT for claim in claims)


def test_confirmed_rule_without_new_verdicts_is_not_told() -> None:
    verdicts = _verdicts(_rule("with a remainder"))
    assert confirmed(tiers(CONV, verdicts), NEW, lambda _: None) == ()


def test_confirmed_exact_rule_needs_new_cases_on_both_sides() -> None:
    rule = _rule("with a remainder")
    even = [case for case in NEW if not rule.holds(case)]
    claims = confirmed(tiers(CONV, _verdicts(rule)), even, lambda _: True)
    assert [claim.reach for claim in claims] == [Reach.RIGHT_OUTSIDE]


def test_condition_without_exact_rule_is_one_sided() -> None:
    # Some more cases are wrong, for a reason that no feature tells.
    rule = _rule("with a remainder")

    def wrong(case: Case) -> bool:
        return rule.holds(case) or (case.id.count("1") % 3 == 1)

    verdicts = {case.id: not wrong(case) for case in CONV}
    claims = confirmed(tiers(CONV, verdicts), NEW, lambda case: not rule.holds(case))
    told = condition("conv2d.grad_x", CONV, verdicts, claims)
    under = sum(map(rule.holds, CONV))
    more = sum(map(wrong, CONV)) - under
    assert told == Condition(
        "conv2d.grad_x",
        f"Wrong in all {under} cases with a remainder, and in {more} of the {len(CONV) - under} others.",
        exact=False,
    )


def test_condition_right_by_chance_in_some_cases_says_where_all_are_right() -> None:
    rule = _rule("with a stride above 1")
    verdicts = _verdicts(rule)
    lucky = [case.id for case in CONV if rule.holds(case)][3]
    verdicts[lucky] = True
    claims = confirmed(tiers(CONV, verdicts), NEW, lambda case: not rule.holds(case))
    told = condition("conv2d.forward", CONV, verdicts, claims)
    under = sum(map(rule.holds, CONV))
    assert told is not None
    assert told.sentence == (
        f"Right in all {len(CONV) - under} cases with stride 1, "
        f"wrong in {under - 1} of the {under} with a stride above 1."
    )
    assert not told.exact


def test_condition_counts_cases_without_a_verdict_apart() -> None:
    rule = _rule("with a remainder")
    verdicts = _verdicts(rule)
    for case in CONV[:2]:
        del verdicts[case.id]
    claims = [Claim(rule, Reach.EXACT)]
    told = condition("conv2d.forward", CONV, verdicts, claims)
    assert told is not None
    wrong = sum(not right for right in verdicts.values())
    assert told.sentence == (
        f"Right in all {len(verdicts) - wrong} cases without a remainder, "
        f"wrong in all {wrong} with a remainder. 2 more cases have no verdict."
    )


@pytest.mark.parametrize(
    ("right", "sentence"),
    [
        (0, "Wrong in all 9 cases."),
        (1, "Right in {0} only, wrong in the other 8 cases."),
        (2, "Right in {0} and {1} only, wrong in the other 7 cases."),
        (4, ""),
        (8, "Wrong in {8} only, right in the other 8 cases."),
        (9, ""),
    ],
)
def test_condition_without_rule(right: int, sentence: str) -> None:
    cases = CONV[:9]
    verdicts = {case.id: place < right for place, case in enumerate(cases)}
    told = condition("conv2d.forward", cases, verdicts)
    assert (told.sentence if told else "") == sentence.format(*(case.id for case in cases))


def test_condition_is_exact_where_the_graded_cases_are_though_a_new_one_is_right_by_chance() -> None:
    rule = _rule("with a remainder")
    told = condition("conv2d.forward", CONV, _verdicts(rule), [Claim(rule, Reach.RIGHT_OUTSIDE)])
    assert told == condition("conv2d.forward", CONV, _verdicts(rule), [Claim(rule, Reach.EXACT)])


def test_rule_about_wrong_arguments() -> None:
    cases = of_kind(suite(), "conv2d", invalid=True)
    accepted = _rule("with a stride below 1")
    new = new_questions("conv2d", invalid=True).cases[:-1]
    verdicts = _verdicts(accepted, cases)
    claims = confirmed(tiers(cases, verdicts), new, lambda case: not accepted.holds(case))
    told = condition("conv2d.errors", cases, verdicts, claims)
    assert told is not None
    assert told.sentence == (
        "Right in all 9 cases with a stride of at least 1, wrong in all 3 with a stride below 1."
    )


@pytest.mark.parametrize("kind", ["conv2d", "max_pool2d", "relu", "linear", "cross_entropy"])
def test_new_questions_are_small_and_none_of_the_suite(kind: str) -> None:
    known = {repr(replace(case, id="", why="")) for case in suite()}
    questions = new_questions(kind)
    assert {case.id for case in questions.cases}.isdisjoint(case.id for case in suite())
    assert (
        sum(repr(replace(case, id="", why="")) in known for case in questions.cases)
        < len(questions.cases) / 5
    )
    for case in questions.cases[:20]:
        truth = questions[case.id]
        assert sum(array.size for array in truth.inputs.values()) < 6000
        assert set(truth.expected) >= {"output"}
