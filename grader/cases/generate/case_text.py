"""A case as a text that a person can read and type in again: arguments, inputs, call, right answers.

Trusted side; pure. For a student who asks after the deadline what was graded.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from numpy.typing import NDArray

from grader.cases.ground_truth import GroundTruth
from grader.cases.model import Case
from grader.worker.layer_kinds import inputs_of

_CLASSES = {
    "conv2d": "Conv2d",
    "max_pool2d": "MaxPool2d",
    "avg_pool2d": "AvgPool2d",
    "relu": "ReLU",
    "linear": "Linear",
    "flatten": "Flatten",
}
_BEFORE = {
    "twice": "Before that, call forward and backward of the same layer once with the warmup_ arrays.",
    "second_forward": "Before that, call forward of the same layer once with the warmup_ arrays.",
    "two_layers": "A second layer, with the warmup_ arrays, is in use between forward and backward.",
}


def case_text(case: Case, truth: GroundTruth) -> str:
    """Return the text of one case; its array lines are Python."""
    asked, right = truth[case.id].inputs, truth[case.id].expected
    lines = [f"# {line}" for line in case.describe().splitlines()]
    lines += ["", "import numpy as np", "", "# Inputs", *_arrays(asked)]
    if case.layouts:
        lines.append(f"# In memory: {', '.join(f'{name} {how}' for name, how in case.layouts.items())}.")
    lines += ["", "# How it is called, as in the student template", *_call(case)]
    if case.invalid:
        lines += ["", "# Right: an error, such as ValueError."]
    else:
        lines += ["", f"# Right answers (float64, by {truth.source})"]
        lines += _arrays({part: one.values for part, one in right.items()}, "right_")
    return "\n".join(lines) + "\n"


def _arrays(arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> Iterator[str]:
    for name, array in arrays.items():
        yield f"{prefix}{name} = np.array({array.tolist()!r}, dtype=np.{array.dtype})"


def _call(case: Case) -> Iterator[str]:
    if case.scenario in _BEFORE:
        yield f"# {_BEFORE[case.scenario]}"
    if case.kind == "network":
        yield from _training(case)
    elif case.kind == "cross_entropy":
        yield "loss = CrossEntropyLoss()"
        yield "output = loss.forward(logits, labels)"
        yield "grad_logits = loss.backward()"
    else:
        yield f"layer = {_make(case.kind, case.params)}"
        if case.kind in ("conv2d", "linear"):
            yield "layer.weight, layer.bias = weight, bias"
        yield f"output = layer.forward({', '.join(inputs_of(case.kind))})"
        if not case.invalid:
            yield "grad_x = layer.backward(grad_output)"
        if case.kind in ("conv2d", "linear") and not case.invalid:
            yield "grad_weight, grad_bias = layer.grad_weight, layer.grad_bias"


def _training(case: Case) -> Iterator[str]:
    layers = case.params["layers"]
    yield f"layers = [{', '.join(_make(kind, params) for kind, params in layers)}]"
    for i, (kind, _) in enumerate(layers):
        if kind in ("conv2d", "linear"):
            yield f"layers[{i}].weight, layers[{i}].bias = weight_{i}, bias_{i}"
    yield "network, loss, losses = CNN(layers), CrossEntropyLoss(), []"
    yield f"for step in range({case.params['steps']}):"
    yield "    losses.append(loss.forward(network.forward(x[step]), labels[step]))"
    yield "    network.backward(loss.backward())"
    yield f"    network.step({case.params['lr']})"


def _make(kind: str, params: Mapping[str, Any]) -> str:
    return f"{_CLASSES[kind]}({', '.join(f'{name}={value!r}' for name, value in params.items())})"
