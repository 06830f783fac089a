"""What PyTorch answers, in float64 on the CPU: the source of right answers wherever it is installed.

Trusted side; the only module of the grader that imports torch.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray

from grader.cases.generate.answers import Doubles, Params
from grader.cases.layers import LAYERS
from grader.cases.model import Arrays


def pytorch_answers(kind: str, params: Params, arrays: Arrays) -> Doubles:
    """Let PyTorch answer, by part; see `grader.cases.generate.answers.Source`."""
    match kind:
        case "network":
            return _trained(params, arrays)
        case "cross_entropy":
            logits = _tensor(arrays["logits"])
            loss = F.cross_entropy(logits, torch.tensor(arrays["labels"]))
            (grad_logits,) = torch.autograd.grad(loss, logits)
            return {"output": _array(loss), "grad_logits": _array(grad_logits)}
        case _:
            names = ("x", "weight", "bias") if "weight" in arrays else ("x",)
            leaves = [_tensor(arrays[name]) for name in names]
            output = _LAYERS[kind](params, *leaves)
            gradients = torch.autograd.grad(output, leaves, _tensor(arrays["grad_output"]))
            return dict(zip(LAYERS[kind].parts, map(_array, (output, *gradients)), strict=True))


def _tensor(array: NDArray[np.generic]) -> torch.Tensor:
    return torch.tensor(np.asarray(array, dtype=np.float64), requires_grad=True)


def _array(tensor: torch.Tensor) -> NDArray[np.float64]:
    return np.array(tensor.detach().numpy(), dtype=np.float64)


def _conv2d(params: Params, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    walk = {name: params[name] for name in ("stride", "padding") if name in params}
    return F.conv2d(x, weight, bias, **walk)


def _linear(_: Params, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    return F.linear(x, weight, bias)


_LAYERS: Mapping[str, Callable[..., torch.Tensor]] = {
    "conv2d": _conv2d,
    "max_pool2d": lambda params, x: F.max_pool2d(x, **params),
    # Padding counts in the mean: F.avg_pool2d's default.
    "avg_pool2d": lambda params, x: F.avg_pool2d(x, **params),
    "relu": lambda _, x: F.relu(x),
    "linear": _linear,
    "flatten": lambda _, x: x.flatten(1),
}


def _trained(params: Params, arrays: Arrays) -> Doubles:
    parameters = {name: _tensor(array) for name, array in arrays.items() if name not in ("x", "labels")}
    leaves = list(parameters.values())
    losses = []
    for images, labels in zip(arrays["x"], arrays["labels"], strict=True):
        x = torch.tensor(images)
        for i, (kind, own) in enumerate(params["layers"]):
            mine = [parameters[f"{name}_{i}"] for name in ("weight", "bias") if f"{name}_{i}" in parameters]
            x = _LAYERS[kind](own, x, *mine)
        loss = F.cross_entropy(x, torch.tensor(labels))
        # torch.optim.SGD's step; to import that costs a second.
        for leaf, gradient in zip(leaves, torch.autograd.grad(loss, leaves), strict=True):
            leaf.data.add_(gradient, alpha=-params["lr"])
        losses.append(loss.item())
    return {"losses": np.array(losses)} | {name: _array(tensor) for name, tensor in parameters.items()}
