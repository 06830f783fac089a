"""A hidden suite: the public suite's settings at other array sizes.

Trusted side; data. Kernel, stride, padding and remainder of each case stay, since they are what
the case is about; sizes change, so that no answer fits by having been seen.
"""

from dataclasses import replace

import numpy as np

from grader.cases.model import Case
from grader.cases.suite import suite
from grader.worker.layer_kinds import LAYER_KINDS

_KEEP = ("-square", "-one", "-whole", "-column")


def hidden_suite(rng: np.random.Generator) -> tuple[Case, ...]:
    """Return the suite with sizes drawn anew.

    Parameters
    ----------
    rng : numpy.random.Generator
        From the course's own seed.

    Returns
    -------
    tuple of Case
        The same ids in the same order.
    """
    return tuple(_varied(case, rng) for case in suite())


def _varied(case: Case, rng: np.random.Generator) -> Case:
    if not LAYER_KINDS[case.kind].has_windows or case.invalid or case.id.endswith(_KEEP):
        return case
    sizes = dict(case.sizes)
    steps = {"H": _along(case, 0), "W": _along(case, 1)}
    for axis, step in steps.items():
        # Adding whole strides does not change the remainder.
        sizes[axis] += step * int(rng.integers(0, 2))
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
