"""A submission with no layer in it, only the public cases' answers: the reason for fresh questions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grader.cases import parts_of
from grader.cases.ground_truth import GroundTruth

_PROGRAM = """
import numpy as np

STORED = {stored}


def known(*arrays):
    data = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
    key = int.from_bytes(data, "little") % (2**61 - 1)
    if key not in STORED:
        return None
    shape, text = STORED[key]
    return np.frombuffer(bytes.fromhex(text)).reshape(shape).copy()


class Layer:
    def __init__(self, *given, **named):
        for value in (*given, *named.values()):
            if np.min(value) < 0 or value != value:
                raise ValueError("a bad argument")

    def forward(self, x):
        self.x = x
        self.given = [getattr(self, name) for name in ("weight", "bias") if hasattr(self, name)]
        found = known(x, *self.given)
        return x * 0 if found is None else found

    def backward(self, grad_output):
        found = {{}}
        for number, name in enumerate(("grad_x", "grad_weight", "grad_bias")):
            found[name] = known(self.x, *self.given, grad_output, np.array(number))
        self.grad_weight, self.grad_bias = found["grad_weight"], found["grad_bias"]
        return self.x * 0 if found["grad_x"] is None else found["grad_x"]


class Conv2d(Layer):
    pass


class MaxPool2d(Layer):
    pass


class ReLU(Layer):
    pass


class Linear(Layer):
    pass


class CrossEntropyLoss:
    def forward(self, logits, labels):
        self.given = logits, labels
        found = known(logits, labels)
        return 0.0 if found is None else float(found)

    def backward(self):
        found = known(*self.given, np.array(0))
        return self.given[0] * 0 if found is None else found
"""


def _key(arrays: Sequence[NDArray[np.generic]]) -> int:
    data = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
    return int.from_bytes(data, "little") % (2**61 - 1)


def source(truth: GroundTruth) -> str:
    """Return the text of the submission for a set of questions."""
    stored = {}
    for case in truth.cases:
        if case.invalid or case.kind in ("network", "avg_pool2d"):
            continue
        inputs = truth[case.id].inputs
        names = [name for name in ("x", "weight", "bias", "logits", "labels") if name in inputs]
        given = [inputs[name] for name in names]
        upstream = [inputs["grad_output"]] if "grad_output" in inputs else []
        for number, part in enumerate(parts_of(case)):
            arrays = given if number == 0 else [*given, *upstream, np.array(number - 1)]
            right = truth[case.id].expected[part].values
            stored[_key(arrays)] = (right.shape, right.tobytes().hex())
    return _PROGRAM.format(stored=stored)
