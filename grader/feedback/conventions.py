"""Conventions that a course may allow: answers that differ from the truth in a known way.

Trusted side; pure. Each is one or two catalogued mistakes that a course can accept as right:
``accept = ["batch_mean"]`` in the assignment file.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.cases import Case, parts_of
from grader.cases.ground_truth import GroundTruth, Part
from grader.feedback.mistakes import Form, mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.feedback.mistakes.transforms import flipped, kernel_flipped, on

AnyArray = NDArray[Any]

_FLIPPED = Form(
    {
        **on("output grad_x", "arguments", kernel_flipped),
        **on("grad_weight", "finish", flipped),
    }
)

CONVENTIONS: Mapping[str, tuple[tuple[str, Form], ...]] = {
    "batch_mean": tuple(
        (mistake(name).kind, mistake(name).forms[0])
        for name in ("averages_over_batch", "averages_over_batch_in_linear")
    ),
    "flipped_kernel": (("conv2d", _FLIPPED),),
    "bias_column": (("conv2d", mistake("shapes_grad_bias_differently").forms[0]),),
    "every_tie": (("max_pool2d", mistake("gives_gradient_to_every_tie").forms[0]),),
    "shared_ties": (("max_pool2d", mistake("shares_gradient_among_ties").forms[0]),),
    "last_tie": (("max_pool2d", mistake("gives_gradient_to_last_tie").forms[0]),),
    "gradient_at_zero": (("relu", mistake("passes_gradient_at_zero").forms[0]),),
    "summed_loss": (
        (
            "cross_entropy",
            Form(
                {
                    **mistake("sums_loss_over_batch").forms[0].steps,
                    **mistake("forgets_batch_size_in_grad_logits").forms[0].steps,
                }
            ),
        ),
    ),
}
"""What ``accept`` may name: kinds of layer and the form that is right there.

``batch_mean``: gradients of weight and bias averaged over N. ``flipped_kernel``: a true convolution.
``bias_column``: grad_bias of shape (C_out, 1). ``every_tie``, ``shared_ties``, ``last_tie``: which of a
window's equal maxima gets the gradient. ``gradient_at_zero``: ReLU's derivative at 0 is 1.
``summed_loss``: the cross-entropy summed over the batch.
"""


def convention(name: str, truth: GroundTruth) -> Callable[[Case, str, Part], Part | None]:
    """Return the function that says what a part is under a convention.

    Parameters
    ----------
    name : str
        A key of `CONVENTIONS`.
    truth : GroundTruth
        Whose inputs the convention's answers are computed from.

    Returns
    -------
    callable
        Takes case, part and the true values; returns the values under the convention, or None where
        they do not differ. They are allowed the truth's rounding error.

    Raises
    ------
    KeyError
        If no convention has this name.
    """
    forms = dict(CONVENTIONS[name])

    @lru_cache(maxsize=1024)
    def answers(case_id: str) -> Mapping[str, Part]:
        case = next(case for case in truth.cases if case.id == case_id)
        return _answers(case, truth, forms[case.kind])

    def values(case: Case, part: str, _: Part) -> Part | None:
        return answers(case.id).get(part) if case.kind in forms and not case.invalid else None

    return values


def _answers(case: Case, truth: GroundTruth, form: Form) -> dict[str, Part]:
    """Return the parts that differ under a form."""
    caller = InProcess(student(case.kind, form))
    inputs = {name: _widened(array) for name, array in truth[case.id].inputs.items()}
    reply = caller.run(case.kind, case.params, inputs, parts=parts_of(case), scenario=case.scenario)
    found = {}
    for part, answer in reply.answers.items():
        right = truth[case.id].expected[part]
        if answer.array is not None and not _same(answer.array, right.values):
            values = answer.array.astype(np.float64)
            found[part] = replace(right, values=values, magnitude=_magnitude(right, answer.array))
    return found


def _widened(array: AnyArray) -> AnyArray:
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _same(one: AnyArray, other: AnyArray) -> bool:
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-12, atol=0)


def _magnitude(right: Part, values: AnyArray) -> AnyArray:
    """Return the truth's magnitudes in the shape of the values; the largest where shapes do not match."""
    if values.size == right.magnitude.size:
        return right.magnitude.reshape(values.shape)
    return np.full(values.shape, np.max(right.magnitude, initial=0.0))
