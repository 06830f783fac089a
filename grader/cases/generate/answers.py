"""What every source of right answers has in common: what it returns, and what the error bound needs.

Trusted side; pure. The sources are PyTorch (`pytorch`), the reference (`reference`) and nested loops
(`plain`). The magnitude of a part is the same computation on absolute values; `grader.cases.compare`
needs it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.cases.model import Arrays, Case
from grader.cases.shapes import window_counts
from grader.worker.layer_kinds import both

Doubles = dict[str, NDArray[np.float64]]
Params = Mapping[str, Any]

Source = Callable[[str, Params, Arrays], Doubles]
"""Answers a kind of layer with these arguments on these arrays, by part, in float64."""

# Errors of one step are amplified by the next ones; 20 steps of the suite's nets stay far below this.
_TRAINING_TERMS = 100_000


@dataclass(frozen=True, slots=True)
class Expected:
    """Right answers of a case: values, magnitudes and summation lengths, by part."""

    values: Doubles
    magnitudes: Doubles
    terms: Mapping[str, int]


def expected_by(source: Source, case: Case, inputs: Arrays) -> Expected:
    """Let a source answer a valid case, with what the error bound needs.

    Parameters
    ----------
    source : callable
    case : Case
    inputs : dict of str to ndarray
        As `grader.cases.generate.draw.draw_inputs` makes them; float32 inputs are widened, not rounded.
    """
    arrays = widened(inputs)
    values = source(case.kind, case.params, arrays)
    return Expected(values, _magnitudes(source, case, arrays, values), _terms(case, values))


def widened(inputs: Arrays) -> Arrays:
    """Return the arrays with every floating one in float64."""
    return {
        name: array.astype(np.float64) if array.dtype.kind == "f" else array for name, array in inputs.items()
    }


def _magnitudes(source: Source, case: Case, arrays: Arrays, values: Doubles) -> Doubles:
    match case.kind:
        case "conv2d" | "linear" | "avg_pool2d":
            # Linear in x and in the weight.
            absolute = {name: np.abs(array) for name, array in arrays.items()}
            return source(case.kind, case.params, absolute)
        case "max_pool2d" | "relu":
            # Absolute gradients take the same routes.
            routed = {**arrays, "grad_output": np.abs(arrays["grad_output"])}
            return {**source(case.kind, case.params, routed), "output": np.abs(values["output"])}
        case "cross_entropy":
            return _of_cross_entropy(arrays["logits"], arrays["labels"])
        case _:
            return {name: np.abs(array) + np.abs(array).max() for name, array in values.items()}


def _of_cross_entropy(logits: NDArray[Any], labels: NDArray[Any]) -> Doubles:
    """Return the magnitudes: log-softmax cancels the largest logit, so its error scales with that."""
    top = logits.max(axis=1, keepdims=True)
    log_sum = top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
    largest = np.abs(logits).max(axis=1, keepdims=True)
    relative = np.exp(logits - log_sum) * (1 + largest) + np.eye(logits.shape[1])[labels]
    loss = (2 * largest + np.abs(log_sum) + 1).mean()
    return {"output": np.array(loss), "grad_logits": relative / len(logits)}


def _terms(case: Case, values: Doubles) -> Mapping[str, int]:
    """Return how many terms are summed for an element of each part, at most."""
    sizes, params = case.sizes, case.params
    match case.kind:
        case "conv2d":
            area = int(np.prod(both(params["kernel_size"])))
            positions = sizes["N"] * int(np.prod(window_counts(sizes, params)))
            return {
                "output": params["in_channels"] * area + 1,
                "grad_x": params["out_channels"] * area,
                "grad_weight": positions,
                "grad_bias": positions,
            }
        case "linear":
            return {
                "output": params["in_features"] + 1,
                "grad_x": params["out_features"],
                "grad_weight": sizes["N"],
                "grad_bias": sizes["N"],
            }
        case "max_pool2d":
            return {"output": 1, "grad_x": int(np.prod(both(params["kernel_size"])))}
        case "avg_pool2d":
            return dict.fromkeys(values, int(np.prod(both(params["kernel_size"]))))
        case "relu":
            return dict.fromkeys(values, 1)
        case "cross_entropy":
            return dict.fromkeys(values, sizes["C"] + sizes["N"])
        case _:
            return dict.fromkeys(values, _TRAINING_TERMS)
