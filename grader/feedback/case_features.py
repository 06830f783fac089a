"""What can be said of a case's setting in a few words: "with a remainder", "in float32".

Trusted side; data. Conditions are rules over these features. A feature that does not apply to a kind of layer
is the same for all of its cases, so no rule uses it.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.cases import Case
from grader.cases.shapes import Axis, axes_of
from grader.worker.layer_kinds import LAYER_KINDS, both


@dataclass(frozen=True, slots=True)
class _Setting:
    """A case with its axes: height and width, or none without windows and with wrong arguments."""

    case: Case
    axes: tuple[Axis, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """A yes-or-no question about a case's setting.

    Attributes
    ----------
    having, lacking : str
        How cases that have it, or do not, are called: "cases with padding", "cases without padding".
    test : callable
        Tells whether a setting has it.
    """

    having: str
    lacking: str
    test: Callable[[_Setting], bool]

    def holds(self, case: Case) -> bool:
        """Tell whether a case has it."""
        return self.test(_setting(case))


def feature_rows(cases: Sequence[Case]) -> dict[Feature, NDArray[np.bool_]]:
    """Return for each feature which of some cases have it."""
    settings = [_setting(case) for case in cases]
    return {
        feature: np.array([feature.test(setting) for setting in settings], dtype=bool) for feature in FEATURES
    }


def _setting(case: Case) -> _Setting:
    if case.invalid or not LAYER_KINDS[case.kind].has_windows:
        return _Setting(case, ())
    return _Setting(case, axes_of(case.sizes, case.params))


def _any(test: Callable[[Axis], bool]) -> Callable[[_Setting], bool]:
    return lambda setting: any(map(test, setting.axes))


def _all(test: Callable[[Axis], bool]) -> Callable[[_Setting], bool]:
    return lambda setting: all(map(test, setting.axes))


def _differs(value: Callable[[Axis], Hashable]) -> Callable[[_Setting], bool]:
    return lambda setting: len(set(map(value, setting.axes))) > 1


def _of(test: Callable[[Case], bool]) -> Callable[[_Setting], bool]:
    return lambda setting: test(setting.case)


def _several(name: str) -> Callable[[_Setting], bool]:
    return _of(lambda case: case.sizes.get(name, 1) > 1)


def _is(kind: str, test: Callable[[Case], bool]) -> Callable[[_Setting], bool]:
    return _of(lambda case: case.kind == kind and test(case))


def _wrong(test: Callable[[Case], bool]) -> Callable[[_Setting], bool]:
    return _of(lambda case: case.invalid and test(case))


def _too_large(case: Case) -> bool:
    sizes = (case.sizes["H"], case.sizes["W"])
    kernel, paddings = both(case.params["kernel_size"]), both(case.params.get("padding", 0))
    return any(k > size + 2 * p >= size for k, size, p in zip(kernel, sizes, paddings, strict=True))


_LAYOUTS = ("with inputs that are not contiguous in memory", "with contiguous inputs")

FEATURES: tuple[Feature, ...] = (
    Feature("with a remainder", "without a remainder", _any(lambda a: a.remainder > 0)),
    Feature("with padding", "without padding", _any(lambda a: a.padding > 0)),
    Feature("with a stride above 1", "with stride 1", _any(lambda a: a.stride > 1)),
    Feature("with N > 1", "with N = 1", _of(lambda case: case.sizes["N"] > 1)),
    Feature("with a kernel larger than 1x1", "with a 1x1 kernel", _any(lambda a: a.kernel > 1)),
    Feature("with K_h != K_w", "with K_h = K_w", _differs(lambda a: a.kernel)),
    Feature("with s_h != s_w", "with s_h = s_w", _differs(lambda a: a.stride)),
    Feature("with p_h != p_w", "with p_h = p_w", _differs(lambda a: a.padding)),
    Feature(
        "with H != W",
        "with H = W",
        _of(lambda case: LAYER_KINDS[case.kind].has_windows and case.sizes["H"] != case.sizes["W"]),
    ),
    Feature(
        "with arguments that differ between height and width",
        "with equal arguments for height and width",
        _differs(lambda a: (a.kernel, a.stride, a.padding)),
    ),
    Feature("with H_out != W_out", "with H_out = W_out", _differs(lambda a: a.output)),
    Feature("with several input channels", "with one input channel", _several("C_in")),
    Feature("with several output channels", "with one output channel", _several("C_out")),
    Feature(
        "with several channels",
        "with one channel",
        _of(lambda case: LAYER_KINDS[case.kind].tiles and case.sizes["C"] > 1),
    ),
    Feature("in float32", "in float64", _of(lambda case: case.dtype == "float32")),
    Feature(*_LAYOUTS, _of(lambda case: bool(case.layouts))),
    Feature(
        "with an earlier call of the same layer",
        "without an earlier call of the same layer",
        _of(lambda case: case.scenario in ("twice", "second_forward")),
    ),
    Feature(
        "with two layers in use", "with one layer in use", _of(lambda case: case.scenario == "two_layers")
    ),
    Feature(
        "with an earlier backward of the same layer",
        "without an earlier backward of the same layer",
        _of(lambda case: case.scenario == "twice"),
    ),
    Feature("with more than one forward", "with a single forward", _of(lambda case: case.scenario != "once")),
    Feature(
        "with a stride larger than the kernel",
        "with no stride larger than the kernel",
        _any(lambda a: a.stride > a.kernel),
    ),
    Feature("with windows that overlap", "without windows that overlap", _any(lambda a: a.stride < a.kernel)),
    Feature(
        "with a remainder larger than the padding",
        "with no remainder larger than the padding",
        _any(lambda a: a.remainder > a.padding),
    ),
    Feature("with a stride above 2", "with no stride above 2", _any(lambda a: a.stride > 2)),
    Feature(
        "with padding in both axes",
        "with padding 0 in at least one axis",
        _all(lambda a: a.padding > 0),
    ),
    Feature(
        "with a stride above 1 in both axes",
        "with stride 1 in at least one axis",
        _all(lambda a: a.stride > 1),
    ),
    Feature(
        "with a remainder in both axes",
        "with no remainder in at least one axis",
        _all(lambda a: a.remainder > 0),
    ),
    Feature("with an even kernel side", "with odd kernel sides", _any(lambda a: a.kernel % 2 == 0)),
    Feature("with padding above 1", "with no padding above 1", _any(lambda a: a.padding > 1)),
    Feature(
        "with padding other than (K - 1) / 2",
        "with padding (K - 1) / 2",
        _any(lambda a: 2 * a.padding != a.kernel - 1),
    ),
    Feature(
        "with padding above K - 1",
        "with no padding above K - 1",
        _any(lambda a: a.padding > a.kernel - 1),
    ),
    Feature(
        "with an output of one row or column",
        "with several rows and columns of output",
        _any(lambda a: a.output == 1),
    ),
    Feature(
        "with an output of another size than x",
        "with an output of x's size",
        _any(lambda a: a.output != a.size),
    ),
    Feature("with ties", "without ties", _is("max_pool2d", lambda case: case.values == "ties")),
    Feature(
        "with inputs that are exactly zero",
        "with no input that is exactly zero",
        _is("relu", lambda case: case.values == "ties"),
    ),
    Feature(
        "with negative inputs only", "with inputs of both signs", _of(lambda case: case.values == "negative")
    ),
    Feature("with images as x", "with rows of features as x", _of(lambda case: len(case.sizes) > 2)),
    Feature(
        "with logits far from zero",
        "with logits near zero",
        _of(lambda case: case.values in ("large", "small", "sure")),
    ),
    Feature(
        "with large positive logits",
        "without large positive logits",
        _of(lambda case: case.values == "large"),
    ),
    Feature(
        "with more than two classes",
        "with two classes",
        _is("cross_entropy", lambda case: case.sizes["C"] > 2),
    ),
    Feature("with several input features", "with one input feature", _several("in_features")),
    Feature("with several output features", "with one output feature", _several("out_features")),
    Feature(
        "with in_features != out_features",
        "with in_features = out_features",
        _of(lambda case: case.sizes.get("in_features") != case.sizes.get("out_features")),
    ),
    Feature("with a kernel larger than x", "with a kernel that fits", _wrong(_too_large)),
    Feature(
        "with a stride below 1",
        "with a stride of at least 1",
        _wrong(lambda case: min(both(case.params["stride"])) < 1),
    ),
    Feature(
        "with a negative padding",
        "without a negative padding",
        _wrong(lambda case: min(both(case.params["padding"])) < 0),
    ),
    Feature(
        "with channels that do not match",
        "with channels that match",
        _wrong(lambda case: case.sizes["C_in"] != case.params["in_channels"]),
    ),
)
"""The most frequent reasons come first: of rules that say the same, the one with earlier features is told."""
