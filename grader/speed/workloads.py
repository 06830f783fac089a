"""The convolutions that are timed: their sizes, fresh inputs, and the right answers.

Trusted side. The stride is 2, which is the general case. There is no remainder, so that a mistake with the
remainder does not also cost speed points.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_reference.conv import conv2d_backward, conv2d_forward
from grader.cases import LAYERS
from grader.cases.ground_truth import Part, part_of

Array = NDArray[np.float64]

TimedParts = Mapping[str, Sequence[Part]]
"""What counts as an answer, by part: the right values first."""

TimedTruth = Callable[[Mapping[str, Array]], TimedParts]
"""Returns what counts as an answer to inputs, as `Size.draw` makes them."""

STRIDE = 2
PADDING = 1
CONV2D_PARTS = LAYERS["conv2d"].parts


@dataclass(frozen=True, slots=True)
class Size:
    """A convolution's sizes; `H` and `W` are those of the output, in pixels; `K_h`, `K_w` are at least 2."""

    N: int
    C_in: int
    C_out: int
    H: int
    W: int
    K_h: int
    K_w: int

    @property
    def products(self) -> int:
        """How often a pixel is multiplied by a weight in the forward pass."""
        return self.N * self.C_out * self.H * self.W * self.C_in * self.K_h * self.K_w

    @property
    def params(self) -> dict[str, Any]:
        """The layer's arguments, as cases give them."""
        return {
            "in_channels": self.C_in,
            "out_channels": self.C_out,
            "kernel_size": (self.K_h, self.K_w),
            "stride": (STRIDE, STRIDE),
            "padding": (PADDING, PADDING),
        }

    def times(self, factor: int, *dimensions: str) -> "Size":
        """Return the size with these dimensions so many times as large.

        Examples
        --------
        >>> SMALL.times(4, "N").N
        4
        """
        return replace(self, **{name: factor * getattr(self, name) for name in dimensions})

    def draw(self, rng: np.random.Generator) -> dict[str, Array]:
        """Return inputs that nobody has seen: x, weight, bias and grad_output, normally distributed."""
        return {
            "x": rng.normal(
                size=(
                    self.N,
                    self.C_in,
                    STRIDE * (self.H - 1) + self.K_h - 2 * PADDING,
                    STRIDE * (self.W - 1) + self.K_w - 2 * PADDING,
                )
            ),
            "weight": rng.normal(size=(self.C_out, self.C_in, self.K_h, self.K_w)),
            "bias": rng.normal(size=self.C_out),
            "grad_output": rng.normal(size=(self.N, self.C_out, self.H, self.W)),
        }


# The same channels and kernel in both, so that loops cost the same for each product; square, since some code
# is written for squares alone, which has its price elsewhere.
SMALL = Size(N=1, C_in=13, C_out=8, H=3, W=3, K_h=3, K_w=3)
"""Where loops are timed: some 10 to 30 ms forward."""

LARGE = Size(N=4, C_in=13, C_out=8, H=10, W=10, K_h=3, K_w=3)
"""Where a submission is timed: 44 times the products of `SMALL`."""


def right_answers(inputs: Mapping[str, Array]) -> dict[str, Part]:
    """Return what a convolution answers, with what `grader.cases.compare` needs for its error bound.

    Parameters
    ----------
    inputs : mapping
        As `Size.draw` made them.
    """
    values = _both_passes(inputs)
    magnitudes = _both_passes({name: np.abs(array) for name, array in inputs.items()})
    C_out, C_in, K_h, K_w = inputs["weight"].shape
    N, _, H_out, W_out = inputs["grad_output"].shape
    terms = (C_in * K_h * K_w + 1, C_out * K_h * K_w, N * H_out * W_out, N * H_out * W_out)
    return {
        part: part_of(part, inputs, value, magnitude, count)
        for part, value, magnitude, count in zip(CONV2D_PARTS, values, magnitudes, terms, strict=True)
    }


def only_right(inputs: Mapping[str, Array]) -> TimedParts:
    """Count the right answers and no others."""
    return {part: (right,) for part, right in right_answers(inputs).items()}


def _both_passes(inputs: Mapping[str, Array]) -> tuple[Array, ...]:
    x, weight, bias, grad_output = (inputs[name] for name in ("x", "weight", "bias", "grad_output"))
    output = conv2d_forward(x, weight, bias, stride=STRIDE, padding=PADDING)
    grads = conv2d_backward(grad_output, x, weight, stride=STRIDE, padding=PADDING)
    return tuple(np.asarray(array, np.float64) for array in (output, *grads))
