"""Wrong steps of the convolution's gradient of the input.

Trusted side; pure. `conv_grad_x` says which mistake each of them is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grader.feedback.mistakes import transforms
from grader.feedback.mistakes.conv_steps import correlate, crop, pad, weigh
from grader.feedback.mistakes.model import Array, Call


def uncropped(grad_padded: Array, _: Call) -> Array:
    """Leave the border on."""
    return grad_padded


def crop_from_the_end(grad_padded: Array, call: Call) -> Array:
    """Crop by p:-p, which is empty at p = 0."""
    p_h, p_w = call.padding
    return grad_padded[:, :, p_h:-p_h, p_w:-p_w]


def crop_that_fails_without_padding(grad_padded: Array, call: Call) -> Array:
    """Crop by p:-p and assign to an array of the input's shape."""
    cropped = crop_from_the_end(grad_padded, call)
    if cropped.shape != call.x.shape:
        raise ValueError(f"could not broadcast input array from shape {cropped.shape} into {call.x.shape}")
    return cropped


def crop_without_padding_aside(grad_padded: Array, call: Call) -> Array:
    """Crop by p:-p only where every p is positive."""
    return crop_from_the_end(grad_padded, call) if min(call.padding) else grad_padded


def crop_by_one(grad_padded: Array, _: Call) -> Array:
    """Crop one pixel whatever the padding."""
    return grad_padded[:, :, 1:-1, 1:-1]


def crop_swapped(grad_padded: Array, call: Call) -> Array:
    """Crop the height by the width's padding, and the other way round."""
    return crop(grad_padded, transforms.padding_swapped(call))


def crop_wrong_axes(grad_padded: Array, call: Call) -> Array:
    """Crop channels and rows instead of rows and columns."""
    p_h, p_w = call.padding
    return grad_padded[:, p_h : grad_padded.shape[1] - p_h, p_w : grad_padded.shape[2] - p_w]


def crop_batch_and_channels(grad_padded: Array, call: Call) -> Array:
    """Crop images and channels instead of rows and columns."""
    p_h, p_w = call.padding
    return grad_padded[p_h : len(grad_padded) - p_h, p_w : grad_padded.shape[1] - p_w]


def zeros_if_padded(result: Array, call: Call) -> Array:
    """Answer zeros wherever there is padding."""
    return result * 0 if any(call.padding) else result


def dilated(grad_output: Array, factors: tuple[int, int]) -> Array:
    """Put ``factor - 1`` zeros between rows and columns."""
    N, C_out, rows, columns = grad_output.shape
    wide = np.zeros(
        (N, C_out, (rows - 1) * factors[0] + 1, (columns - 1) * factors[1] + 1), grad_output.dtype
    )
    wide[:, :, :: factors[0], :: factors[1]] = grad_output
    return wide


def full(wide: Array, call: Call, border: tuple[int, int]) -> Array:
    """Correlate a dilated gradient, padded by `border`, with the flipped kernels."""
    turned = call.weight[:, :, ::-1, ::-1].swapaxes(0, 1)
    around = Call(wide, turned, padding=border)
    return correlate(pad(around), around)


def pads_like_the_blog(call: Call) -> Array:
    """Pad by k - 1 at p = 0 and by p otherwise, and crop nothing."""
    kernel = call.weight.shape[2:]
    border = [k - 1 if p == 0 else p for k, p in zip(kernel, call.padding, strict=True)]
    return full(dilated(call.grad_output, call.stride), call, (border[0], border[1]))


def without_remainder(call: Call) -> Array:
    """Correlate the dilated gradient without the zeros that the remainder needs."""
    k_h, k_w = call.weight.shape[2:]
    return full(dilated(call.grad_output, call.stride), call, (k_h - 1, k_w - 1))


def crop_as_far_as_there_is(grad_padded: Array, call: Call) -> Array:
    """Crop p on each side, whatever remains."""
    (p_h, p_w), (rows, columns) = call.padding, grad_padded.shape[2:]
    return grad_padded[:, :, p_h : rows - p_h, p_w : columns - p_w]


def pads_before_dilating(call: Call) -> Array:
    """Pad the gradient by k - 1, then put zeros between its rows."""
    k_h, k_w = call.weight.shape[2:]
    padded = np.pad(call.grad_output, ((0, 0), (0, 0), (k_h - 1, k_h - 1), (k_w - 1, k_w - 1)))
    grad_padded = full(dilated(padded, call.stride), call, (0, 0))
    shape = [side + 2 * p for side, p in zip(call.x.shape[2:], call.padding, strict=True)]
    return transforms.pasted(grad_padded, (*call.x.shape[:2], *shape))


def assigns(call: Call) -> Array:
    """Let a later window overwrite the pixels of the ones before."""
    grad_padded = np.zeros_like(pad(call))
    (s_h, s_w), (k_h, k_w) = call.stride, call.weight.shape[2:]
    shares = np.tensordot(call.grad_output, call.weight, axes=(1, 0))
    for i, j in np.ndindex(*call.grad_output.shape[2:]):
        grad_padded[:, :, s_h * i : s_h * i + k_h, s_w * j : s_w * j + k_w] = shares[:, i, j]
    return grad_padded


def windows_without_padding(call: Call) -> Call:
    """Loop over the windows of an image without padding."""
    rows, columns = transforms.windows_in(call.x.shape[2:], call)
    return replace(call, grad_output=call.grad_output[:, :, :rows, :columns])


def only(image: int) -> Callable[[Array, Call], Array]:
    """Keep one image's gradient, zeros for the others."""

    def keep(result: Array, _: Call) -> Array:
        kept = np.zeros_like(result)
        kept[image] = result[image]
        return kept

    return keep


def one_kernel(index: int) -> Callable[[Call], Call]:
    """Let one output channel's share be all."""
    chosen = slice(index, None) if index < 0 else slice(index, index + 1)
    return lambda call: replace(call, weight=call.weight[chosen], grad_output=call.grad_output[:, chosen])


def updated_weight(rate: float) -> Callable[[Call], Call]:
    """Step down the weight's gradient first."""
    return lambda call: replace(call, weight=call.weight - rate * weigh(pad(call), call))


def unread_copied(grad_padded: Array, call: Call) -> Array:
    """Give the unread rows and columns what the last read ones got."""
    filled = grad_padded.copy()
    r_h, r_w = transforms.remainders(call)
    if r_h:
        filled[:, :, -r_h:] = filled[:, :, -r_h - 1 : -r_h]
    if r_w:
        filled[:, :, :, -r_w:] = filled[:, :, :, -r_w - 1 : -r_w]
    return crop(filled, call)


def moved_by_remainder(grad_padded: Array, call: Call) -> Array:
    """Put the unread rows and columns first instead of last."""
    return crop(np.roll(grad_padded, transforms.remainders(call), (2, 3)), call)
