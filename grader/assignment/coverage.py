"""Which cases an interface cannot express, what it lacks for them, and whether that costs points.

Trusted side; pure. What is left out costs nothing. So a case is not left out, but fails, where the interface
lacks what the assignment requires.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from grader.assignment.interface import Interface
from grader.cases import LAYERS, Case, of_kind
from grader.worker.layer_kinds import LAYER_KINDS, both

FEATURE_WORDS = {"stride": "a stride", "padding": "padding", "pairs": "pairs (height, width)"}
"""What an assignment can require of the calls of a layer with windows, and the words for it."""

REQUIRABLE = (
    *FEATURE_WORDS,
    *(f"{kind}.{name}" for kind, row in LAYER_KINDS.items() if row.has_windows for name in FEATURE_WORDS),
)
"""What ``interface.required`` may list; without a kind it is about conv2d."""

FEWEST_GRADED = 10
"""A criterion of fewer cases is refused if they are not even half of all."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of a criterion's cases are graded.

    Attributes
    ----------
    graded, total : int
        ``graded`` has those that fail because the interface lacks what is required.
    left_out, failing : Mapping of str to int
        How many cases are left out, and fail, for each thing that the interface lacks.
    """

    graded: int
    total: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    failing: Mapping[str, int] = field(default_factory=dict)

    @property
    def too_few(self) -> bool:
        """Whether so much is left out that what is left says little."""
        return self.graded < min(FEWEST_GRADED, self.total / 2)

    @property
    def sentence(self) -> str:
        """What is graded and what is not; empty where everything is."""
        if not self.left_out:
            return ""
        counts = ", ".join(f"{count} with {what}" for what, count in self.left_out.items())
        return f"graded on {self.graded} of {self.total} cases; left out: {counts}"


def coverages(interface: Interface, criteria: Iterable[str], cases: Sequence[Case]) -> dict[str, Coverage]:
    """Return the coverage of each criterion that cases count for."""
    found: dict[tuple[str, bool], Coverage] = {}
    covered = {}
    for criterion in criteria:
        kind, _, part = criterion.partition(".")
        invalid = part == "errors"
        if kind in LAYERS and (invalid or part in LAYERS[kind].criteria):
            if (kind, invalid) not in found:
                found[kind, invalid] = _coverage(interface, of_kind(cases, kind, invalid=invalid))
            covered[criterion] = found[kind, invalid]
    return covered


def _coverage(interface: Interface, cases: Sequence[Case]) -> Coverage:
    expressed = {case.id for case in interface.expressed(cases)}
    left_out: Counter[str] = Counter()
    failing: Counter[str] = Counter()
    for case in (case for case in cases if case.id not in expressed):
        counted = failing if refusal(interface, case) else left_out
        lacks = lacking(interface, case)
        counted[
            " and ".join(FEATURE_WORDS[name] for name in lacks) or "what the interface cannot express"
        ] += 1
    return Coverage(len(cases) - left_out.total(), len(cases), left_out, failing)


def refusal(interface: Interface, case: Case) -> str:
    """Say why a case that cannot be asked fails; empty if it is left out, or can be asked."""
    lacks = lacking(interface, case)
    required = {name.rpartition(".")[2] for name in interface.required if _kind_of(name) == case.kind}
    if not lacks or not required >= set(lacks):
        return ""
    words = " and ".join(FEATURE_WORDS[name] for name in lacks)
    return f"this assignment requires {words}, but the interface '{interface.name}' passes none to your code"


def _kind_of(requirement: str) -> str:
    return requirement.rpartition(".")[0] or "conv2d"


def lacking(interface: Interface, case: Case) -> tuple[str, ...]:
    """Return which `FEATURE_WORDS` a case needs and an interface has no words for.

    Empty where the case can be asked, and where something else is in the way, such as a missing axis.
    """
    if "kernel_size" not in case.params or interface.expressed((case,)):
        return ()

    def asks(params: Mapping[str, Any]) -> bool:
        given = {name: value for name, value in params.items() if name in case.params}
        return bool(interface.expressed((replace(case, params={**case.params, **given}),)))

    kernel = 2
    plain = {"kernel_size": kernel, "stride": _neutral(case.kind, kernel), "padding": 0}
    if not asks(plain):
        return ()
    neutral = {"stride": _neutral(case.kind, case.params["kernel_size"]), "padding": 0}
    lacks = [
        name
        for name, value in (("stride", 3), ("padding", 1))
        if both(case.params.get(name, neutral[name])) != both(neutral[name])
        and not asks({**plain, name: value})
    ]
    if not asks({name: neutral[name] for name in lacks}):
        lacks.append("pairs")
    return tuple(lacks)


def _neutral(kind: str, kernel: Any) -> Any:
    """Return the stride that needs no words."""
    return kernel if LAYER_KINDS[kind].tiles else 1
