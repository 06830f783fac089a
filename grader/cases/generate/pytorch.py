"""What PyTorch answers, in float64: the expected arrays, and how large the summed terms were.

Trusted side; the only module of the grader that imports torch. The magnitude of a part is the
same computation on absolute values, which is what the error bound in `compare` needs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray

from grader.cases import LAYERS, Case
from grader.cases.model import Arrays
from grader.cases.shapes import window_counts
from grader.worker.layer_kinds import both

Doubles = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Expected:
    """Right answers of a case: values, magnitudes and summation lengths, by part."""

    values: Doubles
    magnitudes: Doubles
    terms: Mapping[str, int]


def pytorch_answers(case: Case, inputs: Arrays) -> Expected:
    """Let PyTorch compute a valid case's answer in float64 (CPU).

    Parameters
    ----------
    case : Case
    inputs : dict of str to ndarray
        As `grader.cases.generate.draw.draw_inputs` makes them; float32 inputs are widened, not rounded.
    """
    return _MAKERS[case.kind](case, inputs)


def _tensor(array: NDArray[np.generic]) -> torch.Tensor:
    return torch.tensor(np.asarray(array, dtype=np.float64), requires_grad=True)


def _array(tensor: torch.Tensor) -> NDArray[np.float64]:
    return np.array(tensor.detach().numpy(), dtype=np.float64)


def _affine(
    kind: str,
    layer: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor],
    inputs: Arrays,
    *,
    absolute: bool = False,
) -> Doubles:
    """Run a layer that is linear in x and in its weight, forward and backward."""
    arrays = {name: np.abs(inputs[name]) if absolute else inputs[name] for name in LAYERS[kind].shapes}
    leaves = [_tensor(arrays[name]) for name in ("x", "weight", "bias")]
    output = layer(*leaves)
    gradients = torch.autograd.grad(output, leaves, _tensor(arrays["grad_output"]))
    return dict(zip(LAYERS[kind].parts, map(_array, (output, *gradients)), strict=True))


def _conv2d(case: Case, inputs: Arrays) -> Expected:
    params = case.params

    def layer(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, weight, bias, stride=params["stride"], padding=params["padding"])

    k_h, k_w = both(params["kernel_size"])
    h_out, w_out = window_counts(case.sizes, params)
    positions = case.sizes["N"] * h_out * w_out
    terms = {
        "output": params["in_channels"] * k_h * k_w + 1,
        "grad_x": params["out_channels"] * k_h * k_w,
        "grad_weight": positions,
        "grad_bias": positions,
    }
    return Expected(_affine("conv2d", layer, inputs), _affine("conv2d", layer, inputs, absolute=True), terms)


def _linear(case: Case, inputs: Arrays) -> Expected:
    count = case.sizes["N"]
    terms = {
        "output": case.params["in_features"] + 1,
        "grad_x": case.params["out_features"],
        "grad_weight": count,
        "grad_bias": count,
    }
    values, magnitudes = (
        _affine("linear", F.linear, inputs, absolute=absolute) for absolute in (False, True)
    )
    return Expected(values, magnitudes, terms)


def _elementwise(
    layer: Callable[[torch.Tensor], torch.Tensor], inputs: Arrays, terms: Mapping[str, int]
) -> Expected:
    """Run a layer that routes gradients: magnitudes take the same routes."""
    x = _tensor(inputs["x"])
    output = layer(x)
    grad_output = _tensor(inputs["grad_output"]).detach()
    (grad_x,) = torch.autograd.grad(output, x, grad_output, retain_graph=True)
    (magnitude,) = torch.autograd.grad(output, x, grad_output.abs())
    values = {"output": _array(output), "grad_x": _array(grad_x)}
    return Expected(values, {"output": np.abs(values["output"]), "grad_x": _array(magnitude)}, terms)


def _max_pool2d(case: Case, inputs: Arrays) -> Expected:
    kernel = both(case.params["kernel_size"])

    def layer(x: torch.Tensor) -> torch.Tensor:
        pooled: torch.Tensor = F.max_pool2d(x, **case.params)
        return pooled

    return _elementwise(layer, inputs, {"output": 1, "grad_x": kernel[0] * kernel[1]})


def _avg_pool2d(case: Case, inputs: Arrays) -> Expected:
    """Run the mean over windows, padding counted. It is linear in x, so are its magnitudes."""
    k_h, k_w = both(case.params["kernel_size"])

    def run(x: torch.Tensor, grad_output: torch.Tensor) -> Doubles:
        output = F.avg_pool2d(x, **case.params)
        (grad_x,) = torch.autograd.grad(output, x, grad_output)
        return {"output": _array(output), "grad_x": _array(grad_x)}

    x, grad_output = inputs["x"], inputs["grad_output"]
    terms = {"output": k_h * k_w, "grad_x": k_h * k_w}
    magnitudes = run(_tensor(np.abs(x)), _tensor(np.abs(grad_output)).detach())
    return Expected(run(_tensor(x), _tensor(grad_output).detach()), magnitudes, terms)


def _relu(_: Case, inputs: Arrays) -> Expected:
    return _elementwise(F.relu, inputs, {"output": 1, "grad_x": 1})


def _cross_entropy(case: Case, inputs: Arrays) -> Expected:
    logits = _tensor(inputs["logits"])
    labels = torch.from_numpy(inputs["labels"])
    loss = F.cross_entropy(logits, labels)
    (grad_logits,) = torch.autograd.grad(loss, logits)
    values = {"output": _array(loss), "grad_logits": _array(grad_logits)}
    largest = logits.abs().amax(dim=1, keepdim=True)
    # A log-softmax cancels the largest logit: its rounding error scales with that, and so does exp's.
    relative = torch.softmax(logits, dim=1) * (1 + largest) + F.one_hot(labels, case.sizes["C"])
    magnitudes = {
        "output": _array((2 * largest + torch.logsumexp(logits, 1, keepdim=True).abs() + 1).mean()),
        "grad_logits": _array(relative / case.sizes["N"]),
    }
    return Expected(values, magnitudes, dict.fromkeys(values, case.sizes["C"] + case.sizes["N"]))


# Errors of one step are amplified by the next ones; 20 steps of these nets stay far below this.
_TRAINING_TERMS = 100_000


def _network(case: Case, inputs: Arrays) -> Expected:
    parameters = {
        name: _tensor(array).detach().requires_grad_()
        for name, array in inputs.items()
        if name.startswith(("weight_", "bias_"))
    }
    leaves = list(parameters.values())
    optimizer = torch.optim.SGD(leaves, lr=case.params["lr"])
    losses = []
    for x, labels in zip(inputs["x"], inputs["labels"], strict=True):
        loss = F.cross_entropy(_forward(case, parameters, torch.from_numpy(x)), torch.from_numpy(labels))
        for leaf, gradient in zip(leaves, torch.autograd.grad(loss, leaves), strict=True):
            leaf.grad = gradient
        optimizer.step()
        losses.append(loss.item())
    values = {"losses": np.array(losses)} | {name: _array(p) for name, p in parameters.items()}
    magnitudes = {name: np.abs(array) + np.abs(array).max() for name, array in values.items()}
    return Expected(values, magnitudes, dict.fromkeys(values, _TRAINING_TERMS))


def _forward(case: Case, parameters: Mapping[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    for i, (kind, params) in enumerate(case.params["layers"]):
        match kind:
            case "conv2d":
                settings = {name: params[name] for name in ("stride", "padding")}
                x = F.conv2d(x, parameters[f"weight_{i}"], parameters[f"bias_{i}"], **settings)
            case "linear":
                x = F.linear(x, parameters[f"weight_{i}"], parameters[f"bias_{i}"])
            case "max_pool2d":
                x = F.max_pool2d(x, **params)
            case "avg_pool2d":
                x = F.avg_pool2d(x, **params)
            case "relu":
                x = F.relu(x)
            case "flatten":
                x = x.flatten(1)
    return x


_MAKERS: Mapping[str, Callable[[Case, Arrays], Expected]] = {
    "conv2d": _conv2d,
    "max_pool2d": _max_pool2d,
    "avg_pool2d": _avg_pool2d,
    "relu": _relu,
    "linear": _linear,
    "cross_entropy": _cross_entropy,
    "network": _network,
}
