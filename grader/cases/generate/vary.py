"""The suite's cases at other array sizes: for hidden sets, and for half of each fresh set.

Trusted side; data. Kernel, stride, padding and remainder of each case stay, since they are what
the case is about; sizes change, so that no answer fits by having been seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from grader.cases.model import Case
from grader.cases.suite import suite
from grader.worker.layer_kinds import LAYER_KINDS

_KEEP = ("-square", "-one", "-whole", "-column")
_GROWING: Mapping[str, tuple[str, ...]] = {
    "relu": ("N", "C", "H", "W"),
    "linear": ("N", "in_features", "out_features"),
    # Cases are about two classes, or ten.
    "cross_entropy": ("N",),
}
"""The sizes that may change where there are no windows; a size of 1 stays."""

_Vary = Callable[[Case, np.random.Generator], Case]


def hidden_suite(rng: np.random.Generator) -> tuple[Case, ...]:
    """Return the suite with sizes drawn anew wherever there are windows.

    Parameters
    ----------
    rng : numpy.random.Generator
        From the course's own seed.

    Returns
    -------
    tuple of Case
        The same ids in the same order.
    """
    return tuple(_with_windows(case, rng) if _has_windows(case) else case for case in suite())


def fresh_suite(rng: np.random.Generator) -> tuple[Case, ...]:
    """Return the suite with other sizes for half of its cases, chosen at random.

    The other half keeps the sizes that each case was written for.

    Returns
    -------
    tuple of Case
        The same ids in the same order.
    """
    cases = suite()
    vary = {case.id: how for case in cases if (how := _how(case)) is not None}
    chosen = set(rng.permutation(list(vary))[: (len(cases) + 1) // 2])
    return tuple(_changed(case, vary[case.id], rng) if case.id in chosen else case for case in cases)


def _how(case: Case) -> _Vary | None:
    """Return what gives a case other sizes; None where its sizes are what it is about."""
    if _has_windows(case):
        return _with_windows
    growing = [name for name in _GROWING.get(case.kind, ()) if case.sizes.get(name, 1) > 1]
    return _grown if growing and not case.id.endswith(_KEEP) else None


def _changed(case: Case, vary: _Vary, rng: np.random.Generator) -> Case:
    # What is drawn may be the case itself.
    while (varied := vary(case, rng)).sizes == case.sizes:
        pass
    return varied


def _grown(case: Case, rng: np.random.Generator) -> Case:
    """Make sizes larger; sizes that differ go on to differ."""
    sizes = dict(case.sizes)
    for name in _GROWING[case.kind]:
        if sizes.get(name, 1) > 1:
            sizes[name] += int(rng.integers(0, 3))
    if len(set(sizes.values())) < len(set(case.sizes.values())):
        return case
    return replace(
        case, sizes=sizes, params={name: sizes.get(name, value) for name, value in case.params.items()}
    )


def _has_windows(case: Case) -> bool:
    return LAYER_KINDS[case.kind].has_windows and not case.invalid and not case.id.endswith(_KEEP)


def _with_windows(case: Case, rng: np.random.Generator) -> Case:
    sizes = dict(case.sizes)
    steps = {"H": _along(case, 0), "W": _along(case, 1)}
    more = {axis: int(rng.integers(0, 2)) for axis in steps}
    if case.sizes["H"] == case.sizes["W"] and steps["H"] == steps["W"]:
        more["W"] = more["H"]  # a square image stays square
    for axis, step in steps.items():
        # Adding whole strides does not change the remainder.
        sizes[axis] += step * more[axis]
    if sizes["H"] == sizes["W"] and case.sizes["H"] != case.sizes["W"]:
        sizes["W"] += steps["W"]
    channels = rng.permutation([3, 4, 5])
    for name, channel in zip(("C", "C_in", "C_out"), channels, strict=True):
        if sizes.get(name, 1) > 1:
            sizes[name] = int(channel)
    params = dict(case.params)
    if "in_channels" in params:
        params |= {"in_channels": sizes["C_in"], "out_channels": sizes["C_out"]}
    return replace(case, sizes=sizes, params=params)


def _along(case: Case, axis: int) -> int:
    stride = case.params.get("stride", case.params["kernel_size"])
    return stride if isinstance(stride, int) else int(stride[axis])
