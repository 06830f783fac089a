"""What a catalogued mistake is: a right layer, made of steps, with some of its steps replaced.

Trusted side; pure. The same entry answers cases (kill matrix, diagnosis) and is accepted as a convention.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnn_reference.arrays import Array

StepFunction: TypeAlias = Callable[..., Any]
FormSteps: TypeAlias = Mapping[str, StepFunction]
NOTHING: Array = np.zeros(0)
STOPPED = (
    r"^(raised: (ValueError|AssertionError|IndexError|TypeError|ZeroDivisionError|SystemExit|Exception))"
)
"""Errors by which code stops on arguments, its own or NumPy's; a name that is missing, say, is none."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerCall:
    """What one part of a layer is computed from.

    Attributes
    ----------
    x, weight, bias, grad_output : ndarray
        As the layer got them; empty where the layer has none. ``x`` are the logits of a loss.
    labels : ndarray of int
    kernel, stride, padding : (int, int)
        Height and width, in pixels.
    """

    x: Array
    weight: Array = field(default_factory=lambda: NOTHING)
    bias: Array = field(default_factory=lambda: NOTHING)
    grad_output: Array = field(default_factory=lambda: NOTHING)
    labels: NDArray[Any] = field(default_factory=lambda: NOTHING)
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)

    @property
    def window(self) -> tuple[int, int]:
        """The window's height and width: the weight's where there is one of four axes."""
        rows, columns = self.weight.shape[2:] if self.weight.ndim == 4 else self.kernel
        return rows, columns


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a mistake is made.

    Attributes
    ----------
    steps : Mapping of str to callable
        By the name of the step that each replaces, such as ``grad_x.crop``.
    mixins : tuple of type
        For mistakes of state, which no single step shows: put before the layer's class.
    """

    steps: FormSteps = field(default_factory=dict)
    mixins: tuple[type, ...] = ()

    def parts(self) -> frozenset[str]:
        """Return the parts of the answer that its steps make wrong; none for mixins."""
        return frozenset(step.partition(".")[0] for step in self.steps)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A known way to get a layer wrong.

    Attributes
    ----------
    name, kind : str
        Of the mistake, and of the kind of layer that it is made in.
    criteria : tuple of str
        The criteria that it breaks.
    title, sentence, link : str
        For the student: a few words for headings; what is wrong and what would be right; where the
        derivation note explains it.
    forms : tuple of Form
        Ways to make it that give different answers, the most usual one first.
    hint : str
        The static hint (`grader.feedback.source_hints`) that shows it in the source; empty if there is none.
    needs_hint : bool
        Whether its answers alone (an error on every call, say) are too common to name it without the hint.
    refuses : bool
        Whether it is known by its errors alone: others must also give a wrong array.
    by_case : bool
        Whether wrong arrays do as well as errors: its sentence only says in which cases the code fails.
    errors : str
        A pattern that the outcome and text of an error must match for the error to be this mistake's.
    says_so : bool
        Whether such an error says by itself that the mistake was made, in whichever cases it comes.
    shown : (str, str) or None
        Title and sentence where the source shows the hint; `title` and `sentence` claim only what the
        answers show.
    single : bool
        Whether it is made alone: it leaves nothing for a second mistake to show.
    """

    name: str
    kind: str
    criteria: tuple[str, ...]
    title: str
    sentence: str
    link: str
    forms: tuple[Form, ...]
    hint: str = ""
    needs_hint: bool = False
    refuses: bool = False
    by_case: bool = False
    errors: str = STOPPED
    says_so: bool = False
    shown: tuple[str, str] | None = None
    single: bool = False


# Steps of one part that pass a value on, so that two mistakes can both have one.
_CHAINED = ("arguments", "finish")


def combine(first: Form, second: Form) -> Form | None:
    """Return the form that makes both mistakes; None where they replace the same step.

    Two changed arguments, or two changed results, follow on each other.
    """
    steps = dict(first.steps)
    for name, step in second.steps.items():
        if name not in steps:
            steps[name] = step
        elif name.partition(".")[2] in _CHAINED:
            steps[name] = _chain(steps[name], step)
        else:
            return None
    return Form(steps, (*second.mixins, *first.mixins))


def _chain(first: StepFunction, second: StepFunction) -> StepFunction:
    return lambda value, *call: second(first(value, *call), *call)
