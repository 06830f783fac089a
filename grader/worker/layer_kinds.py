"""The kinds of layer, one row each: what the worker must know to call one. Plain data.

Untrusted side, so Python >= 3.9. The trusted table (`grader.cases.layers`) is built on these rows and adds
criteria and shapes.
"""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple


class CalledKind(NamedTuple):
    """How a kind of layer is called.

    Attributes
    ----------
    inputs : tuple of str
        The arrays that forward gets, in order.
    parts : tuple of str
        The arrays of an answer, in the order in which they are made: forward's, then backward's.
    parameters : tuple of str
        The arrays that are trained.
    arguments : tuple of str
        The constructor's arguments.
    axes : str
        ``image`` where x is (N, C, H, W), ``row`` where it is (N, features), empty where it may be either.
    tiles : bool
        Whether windows lie side by side where no stride is given.
    """

    inputs: tuple[str, ...]
    parts: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    axes: str = ""
    tiles: bool = False

    @property
    def has_windows(self) -> bool:
        """Whether the layer moves a window over an image."""
        return "kernel_size" in self.arguments


WINDOW = ("kernel_size", "stride", "padding")
_PARAMETERS = ("weight", "bias")
_ROUTED = ("output", "grad_x")
_TRAINED = (*_ROUTED, "grad_weight", "grad_bias")

LAYER_KINDS: Mapping[str, CalledKind] = {
    "conv2d": CalledKind(("x",), _TRAINED, _PARAMETERS, ("in_channels", "out_channels", *WINDOW), "image"),
    "max_pool2d": CalledKind(("x",), _ROUTED, (), WINDOW, "image", tiles=True),
    "avg_pool2d": CalledKind(("x",), _ROUTED, (), WINDOW, "image", tiles=True),
    "relu": CalledKind(("x",), _ROUTED, axes="image"),
    "linear": CalledKind(("x",), _TRAINED, _PARAMETERS, ("in_features", "out_features"), "row"),
    "flatten": CalledKind(("x",), _ROUTED),
    "cross_entropy": CalledKind(("logits", "labels"), ("output", "grad_logits")),
    # A network's answer also has weight_i and bias_i for each layer i with parameters.
    "network": CalledKind(("x", "labels"), ("losses",)),
}


def inputs_of(kind: str) -> tuple[str, ...]:
    """Return what forward gets; x alone for a kind of a course's own, which has no row."""
    return LAYER_KINDS[kind].inputs if kind in LAYER_KINDS else ("x",)


def both(value: Any) -> tuple[Any, Any]:
    """Return an int as the pair (int, int), a pair as it is."""
    return (value[0], value[1]) if isinstance(value, (tuple, list)) else (value, value)
