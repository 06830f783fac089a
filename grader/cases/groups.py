"""Which group of cases a case belongs to: the requirements that an assignment can give points for.

Trusted side; pure. A group holds the cases that ask for one thing beside the plainest setting of their layer,
so that a mistake that needs this one thing costs its group alone, and a share of `COMBINED`.
"""

from collections.abc import Callable, Collection, Mapping

from grader.cases.model import Case
from grader.cases.shapes import Axis, axes_of

BASIC, COMBINED = "basic", "combined"
"""The groups of cases that ask for nothing special, and for several things at once."""

Demand = Callable[[Case], bool]
"""Tells whether a case asks for something."""


def _axes(case: Case) -> tuple[Axis, Axis]:
    return axes_of(case.sizes, case.params)


def _has_remainder(case: Case) -> bool:
    return any(axis.remainder for axis in _axes(case))


def _has_stride(case: Case) -> bool:
    """Say whether a stride is asked for; a remainder, which needs one, is a demand of its own."""
    return any(axis.stride > 1 for axis in _axes(case)) and not _has_remainder(case)


def _has_other_padding(case: Case) -> bool:
    """Say whether there is padding that is not the usual (K - 1) / 2, which keeps the image's size."""
    axes = _axes(case)
    return not _is_unpadded(case) and any(2 * axis.padding != axis.kernel - 1 for axis in axes)


def _is_unpadded(case: Case) -> bool:
    return any(axis.padding == 0 for axis in _axes(case))


def _is_rectangular(case: Case) -> bool:
    height, width = _axes(case)
    return height != width


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
    "padding": lambda case: any(axis.padding > 0 for axis in _axes(case)),
    "overlap": lambda case: any(axis.stride != axis.kernel for axis in _axes(case)),
    "remainder": _has_remainder,
    "rectangular": _is_rectangular,
    "ties": _draws("ties"),
    "negative": _draws("negative"),
    **_COMMON,
}
DEMANDS: Mapping[str, Mapping[str, Demand]] = {
    "conv2d": {
        "unpadded": _is_unpadded,
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
