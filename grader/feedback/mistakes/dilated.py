"""grad_x from the dilated gradient: padded, seen through windows, correlated with the turned kernels.

Trusted side; pure. Most programs that do so with `as_strided` take the view's size from x and not from the
padded gradient; where its border is too narrow, a window then goes on in the next row of memory.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib import stride_tricks

from cnn_reference.arrays import Array
from grader.feedback.mistakes import transforms as to
from grader.feedback.mistakes.model import LayerCall, StepFunction
from grader.feedback.mistakes.steps import as_it_is, correlate, crop, pad, windows

# NumPy's stubs know the view of one axis only.
_strided: Any = stride_tricks
Dilate = Callable[[Array, tuple[int, int]], Array]
Border = Callable[[int, int], int]


def spread(grad_output: Array, stride: tuple[int, int]) -> Array:
    """Put s - 1 zeros between a gradient's rows and columns."""
    (*batch, rows, columns), (s_h, s_w) = grad_output.shape, stride
    dilated = np.zeros((*batch, (rows - 1) * s_h + 1, (columns - 1) * s_w + 1), grad_output.dtype)
    dilated[:, :, ::s_h, ::s_w] = grad_output
    return dilated


def one_inserted(grad_output: Array, stride: tuple[int, int]) -> Array:
    """Put one zero between them, whatever the stride above 1 is."""
    for axis in (2, 3):
        if stride[axis - 2] > 1:
            grad_output = np.insert(grad_output, range(1, grad_output.shape[axis]), 0, axis=axis)
    return grad_output


def full(dilated: Array, call: LayerCall, border: tuple[int, ...]) -> Array:
    """Pad a dilated gradient and correlate it with the turned kernels, as far as it reaches."""
    turned = call.weight[:, :, ::-1, ::-1].swapaxes(0, 1)
    whole = LayerCall(dilated, turned, padding=(border[0], border[1]))
    return correlate(windows(pad(whole), whole), whole)


def viewed(
    border: Border, dilate: Dilate = spread, *, rest: bool = False, padded: bool = False
) -> StepFunction:
    """Return the step that sees a padded gradient through as many windows as x, or padded x, has pixels.

    Parameters
    ----------
    border : callable
        A function of K and p.
    dilate : callable
    rest : bool
        Whether the remainder's rows are appended.
    padded : bool
        Whether there are windows for the border of x too.
    """

    def seen(_: Array, call: LayerCall) -> Array:
        dilated = dilate(call.grad_output, call.stride)
        widths = [(0, 0), (0, 0)]
        for k, p, r in zip(call.window, call.padding, to.remainders(call), strict=True):
            widths.append((border(k, p), border(k, p) + rest * r))
        gradient = np.pad(dilated, widths)
        images, channels, *steps = gradient.strides
        size = pad(call).shape[2:] if padded else call.x.shape[2:]
        shape = (*gradient.shape[:2], *size, *call.window)
        view = _strided.as_strided(gradient, shape, (images, channels, *steps, *steps))
        turned = LayerCall(gradient, call.weight[:, :, ::-1, ::-1].swapaxes(0, 1))
        return correlate(view, turned)

    return seen


def _by_p(_: int, p: int) -> int:
    return p


def _by_p_if_padded(k: int, p: int) -> int:
    return p or k - 1


def _by_kernel(k: int, _: int) -> int:
    return k - 1


VIEWS: tuple[tuple[StepFunction, StepFunction], ...] = (
    *(
        (viewed(border, how), as_it_is)
        for border in (_by_p_if_padded, _by_p)
        for how in (spread, one_inserted)
    ),
    *((viewed(border, rest=True), as_it_is) for border in (_by_p_if_padded, _by_p)),
    *(
        (viewed(border, how, padded=True), crop)
        for border in (_by_p_if_padded, _by_p)
        for how in (spread, one_inserted)
    ),
    *((viewed(_by_kernel, how), as_it_is) for how in (spread, one_inserted)),
)
"""Views of a gradient whose border is wrong, each with the crop that follows."""

WITHOUT_REMAINDER: tuple[tuple[StepFunction, StepFunction], ...] = (
    (viewed(_by_kernel, padded=True), crop),
    (viewed(lambda k, p: k - 1 - p), as_it_is),
)
"""Views of a gradient whose border is right, and whose end lacks the remainder's rows."""

ONE_ZERO = viewed(_by_kernel, one_inserted, rest=True, padded=True)
"""A view of a gradient with a single zero between its rows, right but for that."""
