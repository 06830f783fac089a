"""Shapes of a layer's arrays, from the names in the table of layer kinds.

Trusted side; pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.cases.layers import EVERY_SIZE, LAYERS
from grader.worker.layer_kinds import both


def array_shapes(
    kind: str, sizes: Mapping[str, int], params: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    """Return the shape of each array that a layer's call gets, in the order in which they are drawn.

    Parameters
    ----------
    kind : str
        A key of `LAYERS`.
    sizes : Mapping of str to int
        N, C, H, W, ...; without H and W the arrays whose shapes depend on them are left out.
    params : Mapping
        The layer's arguments.

    Examples
    --------
    >>> array_shapes("max_pool2d", {"N": 2, "C": 3, "H": 5, "W": 6}, {"kernel_size": 2})
    {'x': (2, 3, 5, 6), 'grad_output': (2, 3, 2, 3)}
    """
    numbers = {**sizes, **params}
    if "kernel_size" in params:
        numbers["K_h"], numbers["K_w"] = both(params["kernel_size"])
        if "H" in sizes and all(stride > 0 for stride in both(params.get("stride", 1))):
            numbers["H_out"], numbers["W_out"] = window_counts(sizes, params)
    return {
        name: tuple(sizes.values()) if names == EVERY_SIZE else tuple(numbers[side] for side in names)
        for name, names in LAYERS[kind].shapes.items()
        if names == EVERY_SIZE or numbers.keys() >= set(names)
    }


def window_counts(sizes: Mapping[str, int], params: Mapping[str, Any]) -> tuple[int, int]:
    """Return (H_out, W_out), ``(H + 2p - K) // s + 1`` per axis (Dumoulin & Visin, 2016, relationship 6).

    Without a stride, windows lie side by side.
    """
    rows, columns = axes_of(sizes, params)
    return rows.output, columns.output


@dataclass(frozen=True, slots=True)
class Axis:
    """Height or width of a layer with windows: the size of x, and what moves over it."""

    size: int
    kernel: int
    stride: int
    padding: int

    @property
    def output(self) -> int:
        """How many windows there are."""
        return (self.size + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def remainder(self) -> int:
        """How many of the last rows or columns no window reads."""
        return (self.size + 2 * self.padding - self.kernel) % self.stride


def axes_of(sizes: Mapping[str, int], params: Mapping[str, Any]) -> tuple[Axis, Axis]:
    """Return height and width of a layer with windows. Without a stride, windows lie side by side."""
    kernel = both(params["kernel_size"])
    stride, padding = both(params.get("stride", kernel)), both(params.get("padding", 0))
    height, width = map(Axis, (sizes["H"], sizes["W"]), kernel, stride, padding)
    return height, width
