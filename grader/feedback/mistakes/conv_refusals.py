"""Convolutions that stop with an error, or read foreign memory, on valid arguments.

Trusted side; a table with the functions that it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from numpy.lib import stride_tricks

from grader.feedback.mistakes import transforms
from grader.feedback.mistakes.conv_steps import check, pad
from grader.feedback.mistakes.model import Array, Call, Form, Mistake, Steps
from grader.feedback.mistakes.note_anchors import INDEXING, PADDING, SIZE, STRIDE
from grader.feedback.mistakes.transforms import on


def _refusal(name: str, sentence: str, link: str, *forms: Steps, hint: str = "", **flags: bool) -> Mistake:
    made = tuple(Form(steps) for steps in forms)
    criteria = ("conv2d.forward",)
    return Mistake(name, "conv2d", criteria, sentence, link, made, hint, refuses=True, **flags)


def _every_axis(call: Call) -> Array:
    """Pad as ``np.pad(x, p)`` does."""
    p_h, p_w = call.padding
    return np.pad(call.x, ((p_h, p_h), (p_h, p_h), (p_h, p_h), (p_w, p_w)))


def _refuse(wrong: Callable[[Call], bool], reason: str) -> Callable[[Call], Call]:
    """Raise on some valid arguments."""

    def refuse(call: Call) -> Call:
        if wrong(check(call)):
            raise ValueError(reason)
        return call

    return refuse


def _strides_of_the_unpadded(call: Call) -> Array:
    """Look at the unpadded array with the shape of the padded one."""
    N, C_in, H, W = call.x.shape
    p_h, p_w = call.padding
    return stride_tricks.as_strided(call.x, (N, C_in, H + 2 * p_h, W + 2 * p_w), call.x.strides)


def _strides_from_the_shape(call: Call) -> Array:
    """Look at an array as if it lay row by row in memory."""
    padded = pad(call) if any(call.padding) else call.x
    strides = tuple(padded.itemsize * prod(padded.shape[axis + 1 :]) for axis in range(4))
    return stride_tricks.as_strided(padded, padded.shape, strides)


def _float_sizes(call: Call) -> Call:
    check(call)
    np.zeros((call.x.shape[2] / call.stride[0],))
    return call


def _pairs(call: Call) -> bool:
    return any(a != b for a, b in (call.weight.shape[2:], call.stride, call.padding))


REFUSALS = (
    _refusal(
        "pads_every_axis",
        "np.pad(x, p) pads the batch and the channels too; only height and width get a border.",
        PADDING,
        on("output", "pad", _every_axis),
        hint="pad_without_axes",
    ),
    _refusal(
        "refuses_remainder",
        "Sizes that the stride does not divide are refused. They are valid: floor the output size; the last "
        "(H + 2p - K) % s rows are never read.",
        SIZE,
        on("output", "check", _refuse(lambda call: any(transforms.remainders(call)), "not divisible")),
        hint="divisibility",
    ),
    _refusal(
        "handles_square_images_only",
        "It stops with an error where height and width of the input differ.",
        SIZE,
        on("output", "check", _refuse(lambda call: call.x.shape[2] != call.x.shape[3], "not square")),
        hint="square",
    ),
    _refusal(
        "handles_square_kernels_only",
        "It stops with an error where height and width of the kernel differ.",
        SIZE,
        on(
            "output",
            "check",
            _refuse(lambda call: call.weight.shape[2] != call.weight.shape[3], "not square"),
        ),
    ),
    _refusal(
        "handles_equal_strides_only",
        "It stops with an error where the strides of the two axes differ.",
        STRIDE,
        on("output", "check", _refuse(lambda call: call.stride[0] != call.stride[1], "not an integer")),
    ),
    _refusal(
        "handles_equal_paddings_only",
        "It stops with an error where the paddings of the two axes differ.",
        PADDING,
        on("output", "check", _refuse(lambda call: call.padding[0] != call.padding[1], "not an integer")),
    ),
    _refusal(
        "handles_integers_only",
        "It stops with an error where kernel size, stride or padding is a pair (height, width).",
        SIZE,
        on("output", "check", _refuse(_pairs, "not an integer")),
    ),
    _refusal(
        "computes_float_sizes",
        "Sizes are computed with /, which gives a float: use // for array sizes and ranges.",
        SIZE,
        on("output", "check", _float_sizes),
        hint="true_division",
        needs_hint=True,
        single=True,
    ),
    _refusal(
        "fails_on_one_image",
        "It stops with an error for a batch of one image.",
        SIZE,
        on("output", "check", _refuse(lambda call: len(call.x) == 1, "N = 1")),
    ),
    _refusal(
        "fails_on_one_kernel",
        "It stops with an error where there is one output channel.",
        SIZE,
        on("output", "check", _refuse(lambda call: len(call.weight) == 1, "C_out = 1")),
    ),
    _refusal(
        "views_outside_the_array",
        "as_strided is given the padded shape but the unpadded array: it reads memory that is not its own.",
        INDEXING,
        on("output", "pad", _strides_of_the_unpadded),
    ),
    _refusal(
        "assumes_contiguous_memory",
        "Strides are computed from the shape; an array that is a view of another has its own: use x.strides.",
        INDEXING,
        on("output", "pad", _strides_from_the_shape),
    ),
)
