"""Draw the inputs of a case from a seed.

Trusted side. Each case has a stream of its own, so that adding a case does not change
the arrays of the others.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from grader.cases import Case
from grader.cases.model import Arrays
from grader.cases.shapes import array_shapes
from grader.worker.layer_kinds import LAYER_KINDS


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random stream of one case of one set."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])


def draw_inputs(case: Case, seed: int) -> Arrays:
    """Draw every array that a case's call gets, ``warmup_*`` included where earlier calls are made.

    Parameters
    ----------
    case : Case
    seed : int
        Of the whole set.

    Returns
    -------
    dict of str to ndarray
        Floating arrays in the case's dtype, labels int64.
    """
    rng = stream(seed, case.id)
    inputs = _draw_once(case, rng)
    if case.scenario != "once":
        inputs |= {f"warmup_{name}": array for name, array in _draw_once(case, rng).items()}
    return inputs


def _draw_once(case: Case, rng: np.random.Generator) -> Arrays:
    if case.kind == "network":
        return _network(case, rng)
    if case.kind == "cross_entropy":
        return _logits(case, rng)
    arrays: Arrays = {}
    for name, shape in array_shapes(case.kind, case.sizes, case.params).items():
        if case.invalid and name == "grad_output":
            continue
        values = case.values if name == "x" else "normal"
        arrays[name] = _values(values, shape, rng).astype(case.dtype)
    return arrays


def _values(how: str, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    normal = rng.standard_normal(shape)
    if how == "ties":
        return np.asarray(rng.integers(-1, 2, shape), dtype=np.float64)
    return -np.abs(normal) - 0.1 if how == "negative" else normal


def _logits(case: Case, rng: np.random.Generator) -> Arrays:
    count, classes = case.sizes["N"], case.sizes["C"]
    labels = rng.integers(0, classes, count)
    logits = rng.standard_normal((count, classes))
    if case.values == "large":
        logits = 1000 * logits + 3000
    elif case.values == "small":
        logits = 10 * logits - 4000
    elif case.values == "sure":
        logits[0, labels[0]] -= 2000
    return {"logits": logits.astype(case.dtype), "labels": labels.astype(np.int64)}


def _network(case: Case, rng: np.random.Generator) -> Arrays:
    """Draw initial parameters (He, so that training moves) and one batch a step."""
    arrays: Arrays = {}
    for i, (kind, params) in enumerate(case.params["layers"]):
        if LAYER_KINDS[kind].parameters:
            shape = array_shapes(kind, {}, params)["weight"]
            fan_in = int(np.prod(shape[1:]))
            arrays[f"weight_{i}"] = rng.standard_normal(shape) * np.sqrt(2 / fan_in)
            arrays[f"bias_{i}"] = 0.1 * rng.standard_normal(shape[0])
    steps = case.params["steps"]
    classes = case.params["layers"][-1][1]["out_features"]
    arrays["x"] = rng.standard_normal((steps, *(case.sizes[name] for name in ("N", "C", "H", "W"))))
    arrays["labels"] = rng.integers(0, classes, (steps, case.sizes["N"])).astype(np.int64)
    return arrays
