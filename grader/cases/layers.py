"""The table of layer kinds: inputs, parts and shapes of each kind, and the criterion of each part.

Trusted side; plain data. A new kind of layer is a row here and one in `grader.worker.layer_kinds`. The
calls that give its right answer are looked up by kind in `cases.generate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.worker.layer_kinds import LAYER_KINDS, CalledKind

EVERY_SIZE = ("...",)
"""A shape that has all sizes of the case, in their order."""


@dataclass(frozen=True, slots=True)
class LayerKind:
    """One row.

    Attributes
    ----------
    called : CalledKind
        Inputs, parts, parameters and arguments: see `grader.worker.layer_kinds`.
    criteria : tuple of str
        What each of the parts counts for, in the same order. If it is one alone, further parts count for it.
    shapes : Mapping of str to tuple of str
        Each array that is drawn for a call, with the names of its sides: a size of the case, an argument,
        K_h, K_w, H_out or W_out.
    more_criteria : tuple of str
        Criteria that no part counts for.
    """

    called: CalledKind
    criteria: tuple[str, ...]
    shapes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    more_criteria: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The arrays of an answer, in the order in which they are made."""
        return self.called.parts


_IMAGE = ("N", "C", "H", "W")
_POOL = {"x": _IMAGE, "grad_output": ("N", "C", "H_out", "W_out")}
_ROUTED = ("forward", "grad_x")
_TRAINED = (*_ROUTED, "grad_weight", "grad_bias")

LAYERS: Mapping[str, LayerKind] = {
    "conv2d": LayerKind(
        LAYER_KINDS["conv2d"],
        _TRAINED,
        {
            "x": ("N", "C_in", "H", "W"),
            "weight": ("out_channels", "in_channels", "K_h", "K_w"),
            "bias": ("out_channels",),
            "grad_output": ("N", "out_channels", "H_out", "W_out"),
        },
        ("errors", "speed_forward", "speed_backward"),
    ),
    "max_pool2d": LayerKind(LAYER_KINDS["max_pool2d"], _ROUTED, _POOL),
    "relu": LayerKind(LAYER_KINDS["relu"], _ROUTED, {"x": EVERY_SIZE, "grad_output": EVERY_SIZE}),
    "linear": LayerKind(
        LAYER_KINDS["linear"],
        _TRAINED,
        {
            "x": ("N", "in_features"),
            "weight": ("out_features", "in_features"),
            "bias": ("out_features",),
            "grad_output": ("N", "out_features"),
        },
    ),
    "cross_entropy": LayerKind(
        LAYER_KINDS["cross_entropy"], ("loss", "grad_logits"), {"logits": ("N", "C"), "labels": ("N",)}
    ),
    "network": LayerKind(LAYER_KINDS["network"], ("training",)),
    "avg_pool2d": LayerKind(LAYER_KINDS["avg_pool2d"], _ROUTED, _POOL),
}


def criterion_of(kind: str, part: str) -> str:
    """Return the name of the criterion that a part of an answer counts for.

    Examples
    --------
    >>> criterion_of("conv2d", "output"), criterion_of("cross_entropy", "output")
    ('conv2d.forward', 'cross_entropy.loss')
    >>> criterion_of("network", "weight_0")
    'network.training'
    """
    row = LAYERS[kind]
    names = dict(zip(row.parts, row.criteria, strict=True))
    # Trained parameters count for training; anything else is a criterion that no part counts for.
    other = row.criteria[0] if len(row.criteria) == 1 else part
    return f"{kind}.{names.get(part, other)}"


def all_criteria() -> tuple[str, ...]:
    """Return every criterion that the shipped checks count for."""
    return tuple(
        f"{kind}.{name}" for kind, row in LAYERS.items() for name in (*row.criteria, *row.more_criteria)
    )
