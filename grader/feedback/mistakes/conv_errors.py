"""Convolutions that answer where the arguments make no sense.

Trusted side; a table with the functions that it needs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from grader.feedback.mistakes import transforms
from grader.feedback.mistakes.conv_steps import pad, same
from grader.feedback.mistakes.model import Array, Call, Form, Mistake, Steps
from grader.feedback.mistakes.note_anchors import INDEXING, PADDING, SIZE, STRIDE


def _lenient(name: str, sentence: str, link: str, *forms: Form) -> Mistake:
    return Mistake(name, "conv2d", ("conv2d.errors",), sentence, link, forms)


def _unchecked(**steps: Any) -> Form:
    others: Steps = {f"output.{name}": step for name, step in steps.items()}
    return Form({"output.check": same, **others})


class AnswersAnything:
    """Answers with an empty array where it would have to raise."""

    def forward(self, *inputs: Array) -> Any:
        """Return the output, or nothing at all."""
        layer: Any = self
        try:
            return super().forward(*inputs)  # type: ignore[misc]
        except ValueError:
            return np.zeros((len(inputs[0]), len(layer.weight), 0, 0))


def _kernel_clipped(call: Call) -> Call:
    """Use as much of the kernel as fits."""
    rows, columns = (side + 2 * p for side, p in zip(call.x.shape[2:], call.padding, strict=True))
    return replace(call, weight=call.weight[:, :, :rows, :columns])


def _channels_clipped(call: Call) -> Call:
    """Use as many channels as both have."""
    shared = min(call.x.shape[1], call.weight.shape[1])
    return replace(call, x=call.x[:, :shared], weight=call.weight[:, :shared])


def _cropped_by_negative(call: Call) -> Array:
    if min(call.padding) >= 0:
        return pad(call)
    p_h, p_w = call.padding
    return call.x[:, :, -p_h : p_h or None, -p_w : p_w or None]


ERROR_MISTAKES = (
    _lenient(
        "answers_anything",
        "Arguments that make no sense get an answer: raise ValueError.",
        SIZE,
        Form(mixins=(AnswersAnything,)),
    ),
    _lenient(
        "clips_kernel_to_image",
        "A kernel larger than the padded image is cut to size without a word: raise ValueError.",
        SIZE,
        _unchecked(arguments=_kernel_clipped),
    ),
    _lenient(
        "ignores_extra_channels",
        "Channels of the image and of the kernel do not match, and those that one lacks are skipped: "
        "raise ValueError.",
        INDEXING,
        _unchecked(arguments=_channels_clipped),
    ),
    _lenient(
        "takes_negative_stride",
        "A stride of zero or less is taken for another one: raise ValueError.",
        STRIDE,
        _unchecked(arguments=lambda call: replace(call, stride=tuple(abs(s) or 1 for s in call.stride))),
    ),
    _lenient(
        "takes_negative_padding",
        "A negative padding crops the image, or counts as none: raise ValueError.",
        PADDING,
        _unchecked(pad=_cropped_by_negative),
        _unchecked(arguments=transforms.padding_of(lambda p: max(p, 0))),
    ),
)
