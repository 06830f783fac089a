"""What a case is, and which parts its answer has.

Trusted side; pure data.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from numpy.typing import NDArray

from grader.cases.layers import LAYERS
from grader.worker.layer_kinds import LAYER_KINDS

Arrays = dict[str, NDArray[Any]]
"""Arrays by name: a call's inputs, or the parts of an answer."""

SCENARIOS = ("once", "twice", "second_forward", "two_layers")


@dataclass(frozen=True, slots=True)
class Case:
    """One setting in which a layer is tried.

    Attributes
    ----------
    id : str
        Unique and readable: ``k3x2-s2x3-p1x0-r1x0`` is kernel, stride, padding and remainder.
    kind : str
        Which layer: a key of `grader.cases.layers.LAYERS`.
    params : Mapping
        The layer's arguments: an int or a pair (height, width).
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
        """Return two lines for people: the arguments and sizes, and the case's purpose."""
        params = ", ".join(f"{name}={value}" for name, value in self.params.items() if name != "layers")
        sizes = ", ".join(f"{name}={size}" for name, size in self.sizes.items())
        about = [self.dtype, "" if self.scenario == "once" else self.scenario.replace("_", " ")]
        about += [f"{name} {layout}" for name, layout in self.layouts.items()]
        return f"{self.kind}({params}) on {sizes}; {', '.join(filter(None, about))}\n({self.id}: {self.why})"


def parts_of(case: Case) -> tuple[str, ...]:
    """Return the names of the arrays that answer a case.

    A network's answer has each layer's trained parameters too, as ``weight_i`` and ``bias_i``.
    """
    trained = (
        f"{name}_{i}"
        for i, (kind, _) in enumerate(case.params.get("layers", ()))
        for name in LAYER_KINDS[kind].parameters
    )
    return (*LAYERS[case.kind].parts, *trained)


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
