"""What a case is, which parts its answer has and which criterion each part counts for.

Trusted side; pure data.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

PARTS: Mapping[str, tuple[str, ...]] = {
    "conv2d": ("output", "grad_x", "grad_weight", "grad_bias"),
    "max_pool2d": ("output", "grad_x"),
    "relu": ("output", "grad_x"),
    "linear": ("output", "grad_x", "grad_weight", "grad_bias"),
    "cross_entropy": ("output", "grad_logits"),
    "network": ("losses",),
}
"""The arrays that an answer to each kind of case consists of, in the order in which they are made.

A network's answer also has ``weight_i`` and ``bias_i`` for each layer i with parameters: `parts_of`.
"""

SCENARIOS = ("once", "twice", "second_forward", "two_layers")


@dataclass(frozen=True, slots=True)
class Case:
    """One setting in which a layer is tried.

    Attributes
    ----------
    id : str
        Unique and readable: ``k3x2-s2x3-p1x0-r1x0`` is kernel, stride, padding and remainder.
    kind : str
        Which layer: a key of `PARTS`.
    params : Mapping
        The layer's arguments as they are passed: an int or a pair (height, width).
    sizes : Mapping
        Array sizes by the field's names: N, C_in, C_out, H, W, ...
    dtype : str
        ``float64`` or ``float32``, of every floating input.
    scenario : str
        Which calls are made in which order; one of `SCENARIOS`.
    layouts : Mapping
        How inputs lie in memory, where not C-contiguous: ``fortran``, ``sliced`` or ``reversed``.
    values : str
        How inputs are drawn: ``normal``, or what the layer's truth maker names (``ties``, ``large``, ...).
    invalid : bool
        Whether the arguments are wrong, so that the layer must raise.
    twin : str
        Of an invalid case: the valid case that must not raise, for the error to count.
    why : str
        What the case is there to catch, in a sentence.
    """

    id: str
    kind: str
    params: Mapping[str, Any]
    sizes: Mapping[str, int]
    why: str
    dtype: str = "float64"
    scenario: str = "once"
    layouts: Mapping[str, str] = field(default_factory=dict)
    values: str = "normal"
    invalid: bool = False
    twin: str = ""

    def describe(self) -> str:
        """Return two lines for people: what is tried on which sizes, and why."""
        params = ", ".join(f"{name}={value}" for name, value in self.params.items() if name != "layers")
        sizes = ", ".join(f"{name}={size}" for name, size in self.sizes.items())
        about = [self.dtype, "" if self.scenario == "once" else self.scenario.replace("_", " ")]
        about += [f"{name} {layout}" for name, layout in self.layouts.items()]
        return f"{self.kind}({params}) on {sizes}; {', '.join(filter(None, about))}\n({self.id}: {self.why})"


def parts_of(case: Case) -> tuple[str, ...]:
    """Return the names of the arrays that answer a case."""
    if case.kind != "network":
        return PARTS[case.kind]
    layers = case.params["layers"]
    trained = [i for i, (kind, _) in enumerate(layers) if kind in ("conv2d", "linear")]
    return (*PARTS["network"], *(f"{name}_{i}" for i in trained for name in ("weight", "bias")))


def criterion_of(kind: str, part: str) -> str:
    """Return the name of the criterion that a part of an answer counts for.

    Examples
    --------
    >>> criterion_of("conv2d", "output"), criterion_of("cross_entropy", "output")
    ('conv2d.forward', 'cross_entropy.loss')
    """
    if kind == "network":
        return "network.training"
    if part == "output":
        return f"{kind}.loss" if kind == "cross_entropy" else f"{kind}.forward"
    return f"{kind}.{part}"


def case_to_json(case: Case) -> dict[str, Any]:
    """Return the case as JSON-ready values, without what is at its default."""
    values = asdict(case)
    return {name: value for name, value in values.items() if name == "params" or value not in ({}, "", False)}


def case_from_json(values: Mapping[str, Any]) -> Case:
    """Rebuild a case from `case_to_json`'s values (lists become pairs again)."""
    params = {name: _as_pair(value) for name, value in values["params"].items()}
    return Case(**{**values, "params": params})


def _as_pair(value: Any) -> Any:
    return tuple(_as_pair(item) for item in value) if isinstance(value, list) else value
