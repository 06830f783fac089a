"""What the reference (`cnn_reference`, vectorised) answers: a source of right answers without PyTorch.

Trusted side; pure.
"""

from collections.abc import Callable, Mapping

import numpy as np

from cnn_reference import activations, conv, linear, loss, pooling
from cnn_reference.network import CNN, Layer, Trainable
from grader.cases.generate.answers import Doubles, Params
from grader.cases.layers import LAYERS
from grader.cases.model import Arrays

_LAYERS: Mapping[str, Callable[..., Layer]] = {
    "conv2d": conv.Conv2d,
    "max_pool2d": pooling.MaxPool2d,
    "avg_pool2d": pooling.AvgPool2d,
    "relu": activations.ReLU,
    "linear": linear.Linear,
    "flatten": activations.Flatten,
}


def reference_answers(kind: str, params: Params, arrays: Arrays) -> Doubles:
    """Return what the reference answers in float64, by part; see `grader.cases.generate.answers.Source`."""
    if kind == "network":
        return _trained(params, arrays)
    if kind == "cross_entropy":
        logits, labels = arrays["logits"], arrays["labels"]
        value = np.array(loss.cross_entropy_forward(logits, labels))
        return {"output": value, "grad_logits": loss.cross_entropy_backward(logits, labels)}
    layer = _layer(kind, params, arrays)
    answer = {"output": layer.forward(arrays["x"]), "grad_x": layer.backward(arrays["grad_output"])}
    if isinstance(layer, Trainable):
        answer |= {"grad_weight": layer.grad_weight, "grad_bias": layer.grad_bias}
    return {part: np.asarray(answer[part]) for part in LAYERS[kind].parts}


def _layer(kind: str, params: Params, arrays: Arrays, suffix: str = "") -> Layer:
    layer = _LAYERS[kind](**params)
    if isinstance(layer, Trainable):
        layer.weight, layer.bias = arrays[f"weight{suffix}"], arrays[f"bias{suffix}"]
    return layer


def _trained(params: Params, arrays: Arrays) -> Doubles:
    layers = [_layer(kind, own, arrays, f"_{i}") for i, (kind, own) in enumerate(params["layers"])]
    network, criterion, losses = CNN(layers), loss.CrossEntropyLoss(), []
    for x, labels in zip(arrays["x"], arrays["labels"], strict=True):
        losses.append(criterion.forward(network.forward(x), labels))
        network.backward(criterion.backward())
        network.step(params["lr"])
    trained = {
        f"{name}_{i}": np.asarray(getattr(layer, name))
        for i, layer in enumerate(layers)
        if isinstance(layer, Trainable)
        for name in ("weight", "bias")
    }
    return {"losses": np.array(losses), **trained}
