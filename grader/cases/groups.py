"""Which group of cases a case belongs to: the requirements that an assignment can give points for.

Trusted side; pure. A group holds the cases that ask for one thing beside the plainest setting of their layer,
so that a mistake that needs this one thing costs its group alone, and a share of `COMBINED`.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from grader.cases.model import Case
from grader.worker.layer_kinds import both

BASIC, COMBINED = "basic", "combined"
"""The groups of cases that ask for nothing special, and for several things at once."""

Demand = Callable[[Case], bool]
"""Tells whether a case asks for something."""


def _pair(case: Case, name: str, default: Any) -> tuple[int, int]:
    return both(case.params.get(name, default))


def _kernel(case: Case) -> tuple[int, int]:
    return _pair(case, "kernel_size", 1)


def _padding(case: Case) -> tuple[int, int]:
    return _pair(case, "padding", 0)


def _stride(case: Case) -> tuple[int, int]:
    # Pooling layers alone may leave it out.
    return _pair(case, "stride", case.params["kernel_size"])


def _has_remainder(case: Case) -> bool:
    sides = (case.sizes["H"], case.sizes["W"])
    axes = zip(sides, _kernel(case), _stride(case), _padding(case), strict=True)
    return any((side + 2 * p - k) % s for side, k, s, p in axes)


def _has_stride(case: Case) -> bool:
    """Say whether a stride is asked for; a remainder, which needs one, is a demand of its own."""
    return max(_stride(case)) > 1 and not _has_remainder(case)


def _has_other_padding(case: Case) -> bool:
    """Say whether there is padding that is not the usual (K - 1) / 2, which keeps the image's size."""
    axes = zip(_padding(case), _kernel(case), strict=True)
    return min(_padding(case)) > 0 and any(2 * p != k - 1 for p, k in axes)


def _is_rectangular(case: Case) -> bool:
    axes = (_kernel(case), _stride(case), _padding(case), (case.sizes["H"], case.sizes["W"]))
    return any(down != across for down, across in axes)


def _is_single(case: Case) -> bool:
    return 1 in (case.sizes.get(name) for name in ("N", "C", "C_in", "C_out", "in_features", "out_features"))


def _draws(*values: str) -> Demand:
    return lambda case: case.values in values


_COMMON: Mapping[str, Demand] = {
    "single": _is_single,
    "dtype": lambda case: case.dtype != "float64",
    "layout": lambda case: bool(case.layouts),
    "repeated": lambda case: case.scenario != "once",
}
_POOLING: Mapping[str, Demand] = {
    "padding": lambda case: max(_padding(case)) > 0,
    "overlap": lambda case: any(s != k for s, k in zip(_stride(case), _kernel(case), strict=True)),
    "remainder": _has_remainder,
    "rectangular": _is_rectangular,
    "ties": _draws("ties"),
    "negative": _draws("negative"),
    **_COMMON,
}
DEMANDS: Mapping[str, Mapping[str, Demand]] = {
    "conv2d": {
        "unpadded": lambda case: min(_padding(case)) == 0,
        "padding": _has_other_padding,
        "stride": _has_stride,
        "remainder": _has_remainder,
        "rectangular": _is_rectangular,
        **_COMMON,
    },
    "max_pool2d": _POOLING,
    "avg_pool2d": _POOLING,
    "relu": {"zeros": _draws("ties"), "negative": _draws("negative"), **_COMMON},
    "linear": _COMMON,
    "cross_entropy": {"extreme": _draws("large", "small", "sure"), **_COMMON},
}
"""What cases of each kind of layer can ask for, in the order in which a case finds its group."""


def group_names(kind: str) -> tuple[str, ...]:
    """Return the groups that cases of a kind can be in, in their order; none where points are not divided."""
    return (BASIC, *DEMANDS[kind], COMBINED) if kind in DEMANDS else ()


def group_of(case: Case, named: Collection[str]) -> str:
    """Return the group of a case among those that an assignment names.

    A case that asks for nothing of what is named is in `BASIC`; one that asks for one thing is in its group;
    one that asks for several is in `COMBINED` where that is named, otherwise in the first one of them.

    Examples
    --------
    >>> sizes = {"N": 1, "C_in": 3, "C_out": 4, "H": 5, "W": 5}
    >>> case = Case("one-image", "conv2d", {"kernel_size": 3, "stride": 2, "padding": 1}, sizes, "")
    >>> group_of(case, ("basic", "stride")), group_of(case, ("basic", "stride", "single", "combined"))
    ('stride', 'combined')
    """
    asked = [name for name, demand in DEMANDS[case.kind].items() if name in named and demand(case)]
    if not asked:
        return BASIC
    return COMBINED if len(asked) > 1 and COMBINED in named else asked[0]
