"""Under which condition does a criterion fail? A rule over its cases' settings, from the verdicts alone.

Trusted side; pure. "Right in all 42 cases without a remainder, wrong in all 49 with a remainder" is true
whatever the mistake is. A rule has one feature, or two joined by *and* or *or*. Since some rule fits any
verdicts by chance, it is told only once new cases, asked for this, agree with it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grader.cases import Case
from grader.feedback.case_features import Feature, feature_rows
from grader.results import Condition

ENOUGH_CASES = 3
"""How many cases a rule needs on each side."""

NEW_CASES = 10
"""How many new cases must agree with a rule before it is told."""

_SHARES = (0.5, 0.75)
"""Share of the wrong (or right) cases that a one-sided rule of one feature, or two, must account for."""

_RIVALS = 12
"""How many one-sided claims are tried at most: of very many, one would agree with all new cases by chance."""

_Bits = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rule:
    """One feature, or two joined; each is wanted or not wanted.

    Attributes
    ----------
    features : tuple of Feature
    wanted : tuple of bool
        For each feature, whether a case under the rule has it.
    joined : str
        ``and`` or ``or``.
    """

    features: tuple[Feature, ...]
    wanted: tuple[bool, ...]
    joined: Literal["and", "or"] = "and"

    def holds(self, case: Case) -> bool:
        """Tell whether a case is under the rule."""
        parts = (one.holds(case) is wanted for one, wanted in zip(self.features, self.wanted, strict=True))
        return all(parts) if self.joined == "and" else any(parts)

    @property
    def words(self) -> str:
        """What the cases under the rule are called, after the word "cases"."""
        return f" {self.joined} ".join(self._words(under=True))

    @property
    def others(self) -> str:
        """What all other cases are called; only of a rule with one feature."""
        (words,) = self._words(under=False)
        return words

    def _words(self, *, under: bool) -> Iterator[str]:
        for feature, wanted in zip(self.features, self.wanted, strict=True):
            yield feature.having if wanted is under else feature.lacking


class Reach(StrEnum):
    """How much a claim says."""

    EXACT = "exact"
    WRONG_UNDER = "wrong_under"
    """All cases under the rule are wrong; some others are wrong too."""
    RIGHT_OUTSIDE = "right_outside"
    """All cases outside the rule are right; some under it are right too."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A rule, and what it says of the cases."""

    rule: Rule
    reach: Reach

    def says(self, case: Case) -> bool | None:
        """Return whether a case is right according to the claim; None where it says nothing of the case."""
        under = self.rule.holds(case)
        if under:
            return None if self.reach is Reach.RIGHT_OUTSIDE else False
        return None if self.reach is Reach.WRONG_UNDER else True


Tier = tuple[Claim, ...]
"""Claims of equal rank."""

Ask = Callable[[Case], bool | None]
"""Tells whether the submission's answer to a new case is right; None where there is no verdict."""


def tiers(cases: Sequence[Case], verdicts: Mapping[str, bool]) -> tuple[Tier, ...]:
    """Return every claim that the verdicts agree with, the simplest first.

    Parameters
    ----------
    cases : sequence of Case
        Of one kind.
    verdicts : Mapping of str to bool
        By case id, whether the criterion passed. A case that is not in it has no verdict and does not count.

    Returns
    -------
    tuple of Tier
        Exact rules with one feature, exact ones with two, then one-sided ones, those that account for most
        cases first. Empty where fewer than `ENOUGH_CASES` are right, or wrong.
    """
    judged = [case for case in cases if case.id in verdicts]
    wrong = np.array([not verdicts[case.id] for case in judged], dtype=bool)
    if min(wrong.sum(), (~wrong).sum()) < ENOUGH_CASES:
        return ()
    singles = _singles(judged)
    pairs = _pairs(singles)
    found = (
        _exact(singles, wrong),
        _exact(pairs, wrong),
        _one_sided(singles, wrong, _SHARES[0]),
        _one_sided(pairs, wrong, _SHARES[1]),
    )
    return tuple(tier for tier in found if tier)


@dataclass(frozen=True, slots=True, eq=False)
class _Rules:
    """Rules and, in a row for each, the cases that are under it."""

    rules: Sequence[Rule]
    under: _Bits


def _singles(cases: Sequence[Case]) -> _Rules:
    """Return each feature that tells some cases from others, as it is and negated."""
    rules, rows = [], []
    for feature, row in feature_rows(cases).items():
        if row.any() and not row.all():
            rules += [Rule((feature,), (True,)), Rule((feature,), (False,))]
            rows += [row, ~row]
    return _Rules(rules, np.array(rows, dtype=bool).reshape(-1, len(cases)))


def _pairs(singles: _Rules) -> _Rules:
    """Return every two features joined by *and*, then by *or*."""
    pairs = [
        (i, j)
        for i, j in combinations(range(len(singles.rules)), 2)
        if singles.rules[i].features != singles.rules[j].features
    ]
    first, second = np.array(pairs, dtype=int).reshape(-1, 2).T
    joined: tuple[Literal["and"], Literal["or"]] = ("and", "or")
    rules = [_joined(singles.rules[i], singles.rules[j], word) for word in joined for i, j in pairs]
    one, other = singles.under[first], singles.under[second]
    return _Rules(rules, np.concatenate([one & other, one | other]))


def _joined(one: Rule, other: Rule, word: Literal["and", "or"]) -> Rule:
    return Rule(one.features + other.features, one.wanted + other.wanted, word)


def _exact(found: _Rules, wrong: _Bits) -> Tier:
    places = np.flatnonzero((found.under == wrong).all(axis=1))
    return tuple(Claim(found.rules[place], Reach.EXACT) for place in places)


def _one_sided(found: _Rules, wrong: _Bits, share: float) -> Tier:
    """Return the few claims that hold on one side and account for most cases there."""
    under, outside = found.under.sum(axis=1), (~found.under).sum(axis=1)
    bad, good = int(wrong.sum()), int((~wrong).sum())
    all_wrong, all_right = ~(found.under & ~wrong).any(axis=1), ~(wrong & ~found.under).any(axis=1)
    # Where new cases contradict an exact rule on one side, it may still hold on the other.
    ranked = [
        (int(missed[place]), Claim(found.rules[place], reach))
        for reach, holds, missed, count in (
            (Reach.WRONG_UNDER, all_wrong, bad - under, bad),
            (Reach.RIGHT_OUTSIDE, all_right, good - outside, good),
        )
        for place in np.flatnonzero(holds & (count - missed >= max(ENOUGH_CASES, share * count)))
    ]
    return tuple(claim for _, claim in sorted(ranked, key=lambda pair: pair[0]))[:_RIVALS]


def confirmed(found: Sequence[Tier], pool: Sequence[Case], ask: Ask) -> tuple[Claim, ...]:
    """Return the claims that `NEW_CASES` new cases agree with: one, or two that no case told apart.

    Parameters
    ----------
    found : sequence of Tier
        From `tiers`: the first tier with a claim that holds is taken.
    pool : sequence of Case
        New cases that may be asked. Each time, the one is chosen that divides the rivals best.
    ask : callable
    """
    known: dict[int, bool | None] = {}
    columns = feature_rows(pool) if found else {}
    for tier in found:
        claims = _distinct(tier, columns)
        left = _survivors(claims, pool, ask, known)
        if left:
            return left[:2] if left[0].reach is Reach.EXACT else left[:1]
    return ()


def _distinct(claims: Tier, columns: Mapping[Feature, _Bits]) -> dict[Claim, _Bits]:
    """Return claims with the cases that their rule holds for; where no case tells some apart, the first."""
    found: dict[tuple[Reach, bytes], tuple[Claim, _Bits]] = {}
    for claim in claims:
        rule = claim.rule
        rows = [columns[one] == wanted for one, wanted in zip(rule.features, rule.wanted, strict=True)]
        row = np.logical_and.reduce(rows) if rule.joined == "and" else np.logical_or.reduce(rows)
        found.setdefault((claim.reach, row.tobytes()), (claim, row))
    return dict(found.values())


def _survivors(
    claims: Mapping[Claim, _Bits], pool: Sequence[Case], ask: Ask, known: dict[int, bool | None]
) -> tuple[Claim, ...]:
    """Ask new cases until one claim held often enough or none is left; return those that hold."""
    left = [claim for claim in claims if _agrees(claim, claims[claim], known)]
    while left and not _is_tested(left[0], claims[left[0]], known):
        if list(known.values()).count(None) >= NEW_CASES:
            # Too slow, or no answers any more.
            return ()
        place = _most_telling([claims[claim] for claim in left], left[0].reach, known)
        if place is None:
            # Nothing is left to ask that would test this claim.
            left.pop(0)
            continue
        known[place] = ask(pool[place])
        left = [claim for claim in left if _agrees(claim, claims[claim], {place: known[place]})]
    return tuple(left)


def _agrees(claim: Claim, under: _Bits, known: Mapping[int, bool | None]) -> bool:
    inside, outside = _sides(under, known)
    return (claim.reach is Reach.RIGHT_OUTSIDE or not any(inside)) and (
        claim.reach is Reach.WRONG_UNDER or all(outside)
    )


def _is_tested(claim: Claim, under: _Bits, known: Mapping[int, bool | None]) -> bool:
    """Tell whether enough new cases were asked that the claim says something of."""
    inside, outside = map(len, _sides(under, known))
    if claim.reach is Reach.EXACT:
        return inside + outside >= NEW_CASES and min(inside, outside) >= ENOUGH_CASES
    return (inside if claim.reach is Reach.WRONG_UNDER else outside) >= NEW_CASES


def _sides(under: _Bits, known: Mapping[int, bool | None]) -> tuple[list[bool], list[bool]]:
    """Return the verdicts on new cases under a rule, and on those outside of it."""
    sides: tuple[list[bool], list[bool]] = ([], [])
    for place, right in known.items():
        if right is not None:
            sides[not under[place]].append(right)
    return sides


def _most_telling(rows: Sequence[_Bits], reach: Reach, known: Mapping[int, bool | None]) -> int | None:
    """Return the next case: on the side of the first rule that was asked less, dividing the others best."""
    inside, outside = map(len, _sides(rows[0], known))
    sides = [True, False] if inside <= outside else [False, True]
    if reach is not Reach.EXACT:
        sides = [reach is Reach.WRONG_UNDER]
    votes = np.sum(rows, axis=0)
    for side in sides:
        places = [int(place) for place in np.flatnonzero(rows[0] == side) if int(place) not in known]
        if places:
            return max(places, key=lambda place: min(votes[place], len(rows) - votes[place]))
    return None


def condition(
    criterion: str, cases: Sequence[Case], verdicts: Mapping[str, bool], claims: Sequence[Claim] = ()
) -> Condition | None:
    """Return the condition under which a criterion fails, None where nothing can be said.

    Parameters
    ----------
    criterion : str
    cases : sequence of Case
        All of the criterion's.
    verdicts : Mapping of str to bool
        By case id, whether it passed; cases without a verdict are left out.
    claims : sequence of Claim
        What `confirmed` returned.
    """
    judged = [case for case in cases if case.id in verdicts]
    wrong = [case for case in judged if not verdicts[case.id]]
    right = [case for case in judged if verdicts[case.id]]
    if not wrong:
        return None
    exact = not right
    if exact:
        text = f"Wrong in {_all(len(wrong))}."
    elif claims:
        exact = all(claims[0].rule.holds(case) is not verdicts[case.id] for case in judged)
        text = _separating(claims, right, wrong) if exact else _one_sided_text(claims[0], right, wrong)
    elif len(right) < ENOUGH_CASES:
        text = f"Right in {_names(right)} only, wrong in {_others(len(wrong))}."
    elif len(wrong) < ENOUGH_CASES:
        text = f"Wrong in {_names(wrong)} only, right in {_others(len(right))}."
    else:
        return None
    silent = len(cases) - len(judged)
    if silent:
        text += f" {silent} more {'case has' if silent == 1 else 'cases have'} no verdict."
    return Condition(criterion, text, exact)


def _separating(claims: Sequence[Claim], right: Sequence[Case], wrong: Sequence[Case]) -> str:
    rule = claims[0].rule
    if len(rule.features) == 1:
        text = f"Right in {_all(len(right))} {rule.others}, wrong in all {len(wrong)} {rule.words}."
    else:
        text = f"Wrong in {_all(len(wrong))} {rule.words}, right in all {len(right)} others."
    return text + "".join(f" The wrong ones are also all cases {claim.rule.words}." for claim in claims[1:])


def _one_sided_text(claim: Claim, right: Sequence[Case], wrong: Sequence[Case]) -> str:
    rule = claim.rule
    bad, good = sum(map(rule.holds, wrong)), sum(map(rule.holds, right))
    under, outside = bad + good, len(wrong) + len(right) - bad - good
    if claim.reach is Reach.WRONG_UNDER:
        return f"Wrong in {_all(under)} {rule.words}, and in {len(wrong) - bad} of the {outside} others."
    if len(rule.features) == 1:
        return f"Right in {_all(outside)} {rule.others}, wrong in {bad} of the {under} {rule.words}."
    return f"Wrong in {bad} of the {under} cases {rule.words}, right in all {outside} others."


def _names(cases: Sequence[Case]) -> str:
    return " and ".join(case.id for case in cases)


def _others(count: int) -> str:
    return "the other case" if count == 1 else f"the other {count} cases"


def _all(count: int) -> str:
    return "the only case" if count == 1 else f"all {count} cases"
