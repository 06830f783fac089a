"""The cases without windows: ReLU, linear layer, softmax cross-entropy and a whole training run.

Trusted side; data.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from grader.cases.model import Case


def relu_cases() -> Iterator[Case]:
    """Yield the ReLU cases; `zeros` has inputs that are exactly zero, where the gradient is 0."""
    image = {"N": 2, "C": 3, "H": 4, "W": 5}
    yield Case("relu-image", "relu", {}, image, "images")
    yield Case("relu-zeros", "relu", {}, image, "inputs of exactly zero pass no gradient", values="ties")
    yield Case("relu-rows", "relu", {}, {"N": 4, "C": 6}, "rows of features")
    yield Case("relu-float32", "relu", {}, image, "float32 in", dtype="float32")
    yield Case("relu-negative", "relu", {}, {"N": 3, "C": 4}, "nothing passes", values="negative")
    for layout in ("fortran", "reversed"):
        names = {"x": layout, "grad_output": layout}
        yield Case(f"relu-{layout}", "relu", {}, image, "inputs that are not contiguous", layouts=names)
    rows = {"N": 4, "C": 6}
    yield Case("relu-zeros-rows", "relu", {}, rows, "rows with exact zeros", values="ties")
    why = "rows with exact zeros, float32 in"
    yield Case("relu-zeros-float32", "relu", {}, rows, why, dtype="float32", values="ties")
    for suffix, sizes in {"": image, "-rows": rows, "-few": {"N": 3, "C": 2}}.items():
        yield from _scenarios("relu", {}, sizes, suffix)


def linear_cases() -> Iterator[Case]:
    """Yield the linear-layer cases."""
    shapes = {"": (3, 5, 4), "n1": (1, 4, 3), "wide": (2, 3, 7), "one-out": (4, 6, 1), "one-in": (3, 1, 5)}
    for name, (count, features_in, features_out) in shapes.items():
        yield _linear(
            f"linear-{name}" if name else "linear", count, features_in, features_out, name or "plain"
        )
    yield _linear("linear-square", 4, 4, 4, "equal sizes: only the values tell the weight from its transpose")
    base = _linear("linear-float32", 3, 5, 4, "float32 in")
    yield Case(base.id, "linear", base.params, base.sizes, base.why, dtype="float32")
    layouts = {"x": "fortran", "weight": "fortran", "grad_output": "sliced"}
    yield Case("linear-fortran", "linear", base.params, base.sizes, "inputs not contiguous", layouts=layouts)
    for suffix, shape in {"": (3, 5, 4), "-wide": (2, 3, 7), "-narrow": (4, 6, 2)}.items():
        base = _linear("", *shape, "")
        yield from _scenarios("linear", base.params, base.sizes, suffix)


def _linear(name: str, count: int, features_in: int, features_out: int, why: str) -> Case:
    params = {"in_features": features_in, "out_features": features_out}
    return Case(name, "linear", params, {"N": count, **params}, why)


def _scenarios(kind: str, params: Mapping[str, Any], sizes: Mapping[str, int], suffix: str) -> Iterator[Case]:
    reasons = {
        "twice": "a second forward and backward: gradients must not add up over calls",
        "second_forward": "forward twice, then backward: the newer input counts",
        "two_layers": "two layers at once: they must not share state",
    }
    for scenario, why in reasons.items():
        name = f"{kind.replace('_', '-')}-{scenario.replace('_', '-')}{suffix}"
        yield Case(name, kind, params, sizes, why, scenario=scenario)


def cross_entropy_cases() -> Iterator[Case]:
    """Yield the cross-entropy cases: mean over N of the log-softmax at the label."""
    sizes = {"N": 4, "C": 5}
    yield Case("cross-entropy", "cross_entropy", {}, sizes, "the mean over N, not the sum")
    yield Case("cross-entropy-n1", "cross_entropy", {}, {"N": 1, "C": 3}, "a batch of one")
    yield Case("cross-entropy-two", "cross_entropy", {}, {"N": 6, "C": 2}, "two classes")
    yield Case("cross-entropy-wide", "cross_entropy", {}, {"N": 3, "C": 10}, "ten classes")
    why = "logits of some thousands: exp overflows unless shifted"
    yield Case("cross-entropy-large", "cross_entropy", {}, sizes, why, values="large")
    why = "logits of minus some thousands: exp underflows unless shifted"
    yield Case("cross-entropy-small", "cross_entropy", {}, sizes, why, values="small")
    why = "one label's probability underflows: its loss is finite all the same"
    yield Case("cross-entropy-sure", "cross_entropy", {}, sizes, why, values="sure")
    yield Case("cross-entropy-float32", "cross_entropy", {}, sizes, "float32 in", dtype="float32")
    why = "large logits among ten classes"
    yield Case("cross-entropy-large-wide", "cross_entropy", {}, {"N": 3, "C": 10}, why, values="large")
    why = "a batch of one whose label's probability underflows"
    yield Case("cross-entropy-sure-n1", "cross_entropy", {}, {"N": 1, "C": 3}, why, values="sure")
    for suffix, own in {"": sizes, "-two": {"N": 6, "C": 2}, "-wide": {"N": 3, "C": 10}}.items():
        yield from _scenarios("cross_entropy", {}, own, suffix)


_Net = tuple[tuple[str, dict[str, Any]], ...]
_SMALL_NET: _Net = (
    ("conv2d", {"in_channels": 1, "out_channels": 3, "kernel_size": 3, "stride": 2, "padding": 1}),
    ("relu", {}),
    ("max_pool2d", {"kernel_size": 2, "stride": 2}),
    ("flatten", {}),
    ("linear", {"in_features": 12, "out_features": 4}),
)
_DEEP_NET: _Net = (
    ("conv2d", {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "stride": 1, "padding": 1}),
    ("relu", {}),
    ("conv2d", {"in_channels": 3, "out_channels": 4, "kernel_size": 2, "stride": 2, "padding": 0}),
    ("relu", {}),
    ("flatten", {}),
    ("linear", {"in_features": 36, "out_features": 5}),
    ("relu", {}),
    ("linear", {"in_features": 5, "out_features": 3}),
)
_PERCEPTRON: _Net = (
    ("flatten", {}),
    ("linear", {"in_features": 12, "out_features": 6}),
    ("relu", {}),
    ("linear", {"in_features": 6, "out_features": 3}),
)
_LINEAR_NET: _Net = (("flatten", {}), ("linear", {"in_features": 12, "out_features": 3}))


def network_cases() -> Iterator[Case]:
    """Yield whole training runs: 20 steps of plain SGD from given weights on given batches."""
    nets = {
        "train-linear": (_LINEAR_NET, {"N": 4, "C": 1, "H": 3, "W": 4}, "softmax regression"),
        "train-perceptron": (_PERCEPTRON, {"N": 3, "C": 1, "H": 4, "W": 3}, "two linear layers"),
        "train-small": (
            _SMALL_NET,
            {"N": 3, "C": 1, "H": 8, "W": 7},
            "strided convolution, pooling",
        ),
        "train-deep": (_DEEP_NET, {"N": 2, "C": 2, "H": 6, "W": 7}, "two convolutions and two linear layers"),
    }
    for name, (layers, sizes, why) in nets.items():
        params = {"layers": layers, "lr": 0.05, "steps": 20}
        yield Case(name, "network", params, sizes, why)
