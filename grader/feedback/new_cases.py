"""New small cases of each kind, with arrays and right answers, to test a rule on: no graded set has them.

Trusted side; pure. They are the same in every run, so that a submission is told the same each time. The seed
is no secret: what these cases tell earns no points.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from grader.cases import Case
from grader.cases.conv2d import extents, pair_or_int
from grader.cases.generate.answers import expected_by
from grader.cases.generate.draw import draw_inputs, stream
from grader.cases.generate.reference import reference_answers
from grader.cases.ground_truth import GroundTruth, Truth, part_of

_SEED = 20261124
_COUNT = 300
"""How many cases of each kind there are to choose from; most are never asked."""


@dataclass(frozen=True, slots=True)
class _Dice:
    """Draws what a case is made of."""

    rng: np.random.Generator

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def among(self, *values: int) -> int:
        return int(self.rng.choice(values))

    def word(self, usual: str, others: Sequence[str], probability: float) -> str:
        return str(self.rng.choice(others)) if self.chance(probability) else usual

    def several(self, *values: int) -> int:
        """Draw 1 in a quarter of the draws."""
        return 1 if self.chance(0.25) else self.among(*values)


@lru_cache(maxsize=32)
def new_questions(kind: str, *, invalid: bool = False) -> GroundTruth:
    """Return the new cases of a kind with what is right; none for a kind that has no settings to vary.

    Parameters
    ----------
    kind : str
    invalid : bool
        Return cases with wrong arguments, so that the layer must raise; the last one is their valid twin.
    """
    dice = _Dice(stream(_SEED, f"{kind} {invalid}"))
    drawn: tuple[Case, ...] = ()
    if invalid and kind == "conv2d":
        drawn = (*(_invalid(_TWIN, f"new-{i}", dice) for i in range(_COUNT // 4)), _TWIN)
    elif not invalid and kind in _DRAWN:
        drawn = tuple(replace(_DRAWN[kind](kind, dice), id=f"new-{i}") for i in range(_COUNT))
    return GroundTruth("public", "", drawn, {}, _Answers({case.id: case for case in drawn}))


class _Answers(dict[str, Truth]):
    """Arrays and right answers by case id, made when they are first wanted."""

    def __init__(self, cases: Mapping[str, Case]) -> None:
        super().__init__()
        self._cases = cases

    def __missing__(self, case_id: str) -> Truth:
        case = self._cases[case_id]
        inputs = draw_inputs(case, _SEED)
        parts = {}
        if not case.invalid:
            right = expected_by(reference_answers, case, inputs)
            parts = {
                name: part_of(name, inputs, values, right.magnitudes[name], right.terms[name])
                for name, values in right.values.items()
            }
        self[case_id] = Truth(inputs, parts)
        return self[case_id]


def _windows(kind: str, dice: _Dice) -> Case:
    """Draw a layer with windows; axes are alike in many cases, so that code for squares answers some."""
    square = dice.chance(0.15)

    def pair(draw: Callable[[], int]) -> tuple[int, int]:
        height = draw()
        return height, height if square or dice.chance(0.5) else draw()

    kernel = pair(lambda: dice.among(1, 2, 2, 3, 3, 3, 4, 5))
    stride = pair(lambda: dice.among(1, 1, 2, 2, 3, 4))
    most = [side // 2 for side in kernel] if kind != "conv2d" else [side + 1 for side in kernel]
    padding = pair(lambda: 0 if dice.chance(0.4) else dice.among(1, 1, 2, 3))
    padding = (min(padding[0], most[0]), min(padding[1], most[1]))
    remainder = pair(lambda: dice.among(0, 0, 1, 2, 3))
    remainder = (remainder[0] % stride[0], remainder[1] % stride[1])
    # Of one row or column of output, most mistakes cannot be seen, so few cases have no more.
    output = pair(lambda: 1 if dice.chance(0.06) else dice.among(2, 3))
    texts = ["x".join(map(str, both)) for both in (kernel, stride, padding, remainder, output)]
    height, width = extents(*texts)
    # An image that padding would make up alone gets more rows: whole strides, so that the remainder stays.
    height += max(0, -((height - 2) // stride[0])) * stride[0]
    width += max(0, -((width - 2) // stride[1])) * stride[1]
    params = dict(zip(("kernel_size", "stride", "padding"), map(pair_or_int, texts), strict=False))
    channels = {"C": dice.several(2, 3)}
    if kind == "conv2d":
        channels = {"C_in": dice.several(2, 3), "C_out": dice.several(2, 3, 4)}
        params = {"in_channels": channels["C_in"], "out_channels": channels["C_out"], **params}
    sizes = {"N": dice.several(2, 3), **channels, "H": height, "W": width}
    return Case("", kind, params, sizes, "a new case")


def _varied(case: Case, dice: _Dice, arrays: Sequence[str]) -> Case:
    """Draw how a case is asked: dtype, layouts and scenario."""
    layouts = {}
    if dice.chance(0.2):
        layouts = dict.fromkeys(arrays, dice.word("fortran", ("sliced", "reversed"), 0.6))
    scenario = dice.word("once", ("twice", "second_forward", "two_layers"), 0.4)
    dtype = dice.word("float64", ("float32",), 0.2)
    return replace(case, dtype=dtype, layouts=layouts, scenario=scenario)


def _conv2d(kind: str, dice: _Dice) -> Case:
    return _varied(_windows(kind, dice), dice, ("x", "weight", "grad_output"))


def _pool(kind: str, dice: _Dice) -> Case:
    case = _varied(_windows(kind, dice), dice, ("x", "grad_output"))
    return replace(case, values=dice.word("normal", ("ties", "negative"), 0.4))


def _relu(kind: str, dice: _Dice) -> Case:
    sizes = {"N": dice.several(2, 3, 4), "C": dice.several(3, 5, 6)}
    if dice.chance(0.5):
        sizes |= {"H": dice.among(2, 3, 4), "W": dice.among(2, 4, 5)}
    case = _varied(Case("", kind, {}, sizes, "a new case"), dice, ("x", "grad_output"))
    return replace(case, values=dice.word("normal", ("ties", "negative"), 0.5))


def _linear(kind: str, dice: _Dice) -> Case:
    given, wanted = dice.several(2, 3, 5, 6), dice.several(2, 3, 4, 7)
    params = {"in_features": given, "out_features": given if dice.chance(0.2) else wanted}
    case = Case("", kind, params, {"N": dice.several(2, 3, 4), **params}, "a new case")
    return _varied(case, dice, ("x", "weight", "grad_output"))


def _cross_entropy(kind: str, dice: _Dice) -> Case:
    sizes = {"N": dice.several(2, 3, 4, 6), "C": dice.among(2, 2, 3, 5, 10)}
    case = replace(_varied(Case("", kind, {}, sizes, "a new case"), dice, ()), layouts={})
    return replace(case, values=dice.word("normal", ("large", "small", "sure"), 0.5))


_DRAWN: Mapping[str, Callable[[str, _Dice], Case]] = {
    "conv2d": _conv2d,
    "max_pool2d": _pool,
    "avg_pool2d": _pool,
    "relu": _relu,
    "linear": _linear,
    "cross_entropy": _cross_entropy,
}


_TWIN = Case(
    "new-twin",
    "conv2d",
    {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "stride": 2, "padding": 0},
    {"N": 2, "C_in": 2, "C_out": 3, "H": 8, "W": 9},
    "valid arguments",
)
"""Large enough for a negative padding to leave room for the kernel."""


def _invalid(twin: Case, name: str, dice: _Dice) -> Case:
    """Make one argument of a valid case wrong."""
    params, sizes = dict(twin.params), dict(twin.sizes)
    match dice.among(0, 1, 2, 3):
        case 0:
            params["kernel_size"] = 2 * max(sizes["H"], sizes["W"]) + dice.among(8, 9, 10)
        case 1:
            sizes["C_in"] += dice.among(1, 2)
        case 2:
            params["stride"] = dice.among(0, -1, -2)
        case _:
            params["padding"] = dice.among(-1, -2)
    return replace(twin, id=name, params=params, sizes=sizes, invalid=True, twin=twin.id)
