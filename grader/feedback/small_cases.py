"""Small settings of each layer, and arrays of small integers for them.

Trusted side; pure. Counterexamples are chosen among these. They are drawn anew, so no hidden array is shown.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.cases import Case
from grader.cases.generate.plain import plain_answers
from grader.cases.model import Arrays
from grader.cases.shapes import array_shapes
from grader.worker.layer_kinds import LAYER_KINDS, both

SMALLEST: Mapping[str, int] = {"H": 2, "W": 2, "p_h": 0, "p_w": 0}
"""How small each number may become; 1 where it is not named."""


_BOLDNESS: tuple[Callable[[int, int], int], ...] = (
    lambda _, least: least,
    lambda value, least: (value + least) // 2,
    lambda value, _: value - 1,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One layer with its sizes, each a number by name.

    Attributes
    ----------
    kind : str
    numbers : Mapping of str to int
        N, C, C_in, C_out, H, W, in_features, out_features, K_h, K_w, s_h, s_w, p_h, p_w: those it has.
    scenario : str
        Which calls are made in which order.
    """

    kind: str
    numbers: Mapping[str, int]
    scenario: str

    def params(self) -> dict[str, Any]:
        """Return the layer's arguments."""
        given = self.numbers
        windows = {
            name: (given[f"{letter}_h"], given[f"{letter}_w"])
            for name, letter in (("kernel_size", "K"), ("stride", "s"), ("padding", "p"))
            if f"{letter}_h" in given
        }
        names = {"C_in": "in_channels", "C_out": "out_channels"}
        names |= {name: name for name in ("in_features", "out_features")}
        equal = {name: pair[0] if pair[0] == pair[1] else pair for name, pair in windows.items()}
        return {own: given[name] for name, own in names.items() if name in given} | equal

    def case(self) -> Case:
        """Return the setting as a case, for whoever tells what an interface can express."""
        sizes = {name: value for name, value in self.numbers.items() if name[0] not in "Ksp"}
        name = ", ".join(f"{name}={value}" for name, value in self.numbers.items())
        return Case(f"{self.kind}({name})", self.kind, self.params(), sizes, "", scenario=self.scenario)

    def is_possible(self) -> bool:
        """Tell whether at least one window fits, and a pooling's padding is at most half its window."""
        given = self.numbers
        if any(value < SMALLEST.get(name, 1) for name, value in given.items()):
            return False
        if "K_h" not in given:
            return True
        fits = all(
            given[size] + 2 * given[f"p_{axis}"] >= given[f"K_{axis}"]
            for size, axis in (("H", "h"), ("W", "w"))
        )
        halves = all(2 * given[f"p_{axis}"] <= given[f"K_{axis}"] for axis in "hw")
        return fits and (halves or not LAYER_KINDS[self.kind].tiles)

    def smaller(self) -> Iterator["Setting"]:
        """Yield simpler settings, the boldest first: a number at its least, then halfway, then one less.

        Kernel, stride and padding shrink in both axes at once too, for code that takes one int for both.
        """
        if self.scenario != "once":
            yield replace(self, scenario="once")
        both_axes = [(f"{letter}_h", f"{letter}_w") for letter in "Ksp" if f"{letter}_h" in self.numbers]
        for bold in _BOLDNESS:
            for names in (*both_axes, *((name,) for name in self.numbers)):
                wanted = {name: bold(self.numbers[name], SMALLEST.get(name, 1)) for name in names}
                if all(wanted[name] < self.numbers[name] for name in names):
                    smaller = replace(self, numbers={**self.numbers, **wanted})
                    if smaller.is_possible():
                        yield smaller


def setting_of(case: Case) -> Setting | None:
    """Return a case's setting; None for a whole network or invalid arguments, which are not shrunk."""
    if case.invalid or case.kind == "network":
        return None
    numbers = dict(case.sizes)
    for name, letter in (("kernel_size", "K"), ("stride", "s"), ("padding", "p")):
        usual = {"stride": case.params.get("kernel_size", 1), "padding": 0}.get(name)
        value = case.params.get(name, usual)
        if "kernel_size" in case.params:
            numbers[f"{letter}_h"], numbers[f"{letter}_w"] = both(value)
    return Setting(case.kind, numbers, case.scenario)


def draw(setting: Setting, rng: np.random.Generator) -> Arrays:
    """Draw every array that a setting's calls get: small integers, as floats."""
    arrays = _once(setting, rng)
    if setting.scenario != "once":
        arrays |= {f"warmup_{name}": array for name, array in _once(setting, rng).items()}
    return arrays


def _once(setting: Setting, rng: np.random.Generator) -> Arrays:
    given = setting.numbers
    if setting.kind == "cross_entropy":
        logits = rng.integers(-3, 4, (given["N"], given["C"])).astype(np.float64)
        return {"logits": logits, "labels": rng.integers(0, given["C"], given["N"])}
    return {
        name: _integers(rng, shape)
        for name, shape in array_shapes(setting.kind, given, setting.params()).items()
    }


def _integers(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Draw from -3..3 without zero, which would hide what it is multiplied with."""
    return np.asarray(rng.choice([-3, -2, -1, 1, 2, 3], shape), dtype=np.float64)


def expected(setting: Setting, arrays: Arrays) -> Arrays:
    """Return what nested loops answer in float64, by part."""
    answers: Arrays = {**plain_answers(setting.kind, setting.params(), arrays)}
    return answers
