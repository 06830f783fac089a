"""How an entry of the catalogue is written: `wrong` makes one, `family` one for each site it occurs in.

Trusted side; pure.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from grader.cases import criterion_of
from grader.feedback.mistakes.model import Form, FormSteps, Mistake, StepFunction
from grader.feedback.mistakes.texts import TEXTS
from grader.feedback.mistakes.transforms import on


@dataclass(frozen=True, slots=True)
class Site:
    """Where a mistake of a family occurs, and the words for it.

    Attributes
    ----------
    where : str
        The kind of layer and the parts that come out wrong: ``conv2d.grad_weight grad_bias``.
    suffix, title : str
        What the mistake's name and its title end with.
    result, right : str
        For the sentence: what comes out wrong, and where its windows lie.
    """

    where: str
    suffix: str = ""
    title: str = ""
    result: str = ""
    right: str = ""


_LAYERS = {
    "conv2d": ("", ""),
    "max_pool2d": ("_in_pooling", " in max pooling"),
    "avg_pool2d": ("_in_average_pooling", " in average pooling"),
    "relu": ("_in_relu", " in ReLU"),
    "linear": ("_in_linear", " in the linear layer"),
    "cross_entropy": ("_in_cross_entropy", " in the loss"),
}


def layer(kind: str, parts: str) -> Site:
    """Return the site of a mistake that is made in a kind of layer as a whole."""
    return Site(f"{kind}.{parts}", *_LAYERS[kind])


def family(sites: Iterable[Site], *arguments: Any, **steps: Any) -> tuple[Mistake, ...]:
    """Return an entry for each site; the other arguments are those of `wrong`."""
    return tuple(wrong(site, *arguments, **steps) for site in sites)


def wrong(
    site: Site | str,
    name: str,
    *given: Form | FormSteps,
    flags: dict[str, Any] | None = None,
    **steps: StepFunction | Sequence[StepFunction | None],
) -> Mistake:
    """Return an entry for the catalogue.

    Parameters
    ----------
    site : Site or str
        Where it is made; a text is the site's ``where``.
    name : str
        A row of `grader.feedback.mistakes.texts`.
    given : Form or mapping
        Forms whose parts have different steps.
    flags : dict
        Further fields of `Mistake`: ``hint``, ``refuses`` and so on.
    steps
        What takes the place of a step in every part. Several functions make several forms; None leaves
        the step right in that form.
    """
    site = Site(site) if isinstance(site, str) else site
    kind, _, parts = site.where.partition(".")
    link, *texts = TEXTS[name]
    several = {step: made if isinstance(made, Sequence) else (made,) for step, made in steps.items()}
    forms = [form if isinstance(form, Form) else Form(form) for form in given]
    for place in range(max(map(len, several.values()), default=0)):
        chosen = {step: made[min(place, len(made) - 1)] for step, made in several.items()}
        replaced = [on(parts, step, function) for step, function in chosen.items() if function is not None]
        forms.append(Form({key: function for one in replaced for key, function in one.items()}))
    criteria = tuple(dict.fromkeys(criterion_of(kind, part) for part in parts.split()))
    (title, sentence), *shown = (
        (texts[i] + site.title, texts[i + 1].format(site)) for i in range(0, len(texts), 2)
    )
    own = {"shown": shown[0] if shown else None, **(flags or {})}
    return Mistake(name + site.suffix, kind, criteria, title, sentence, link, tuple(forms), **own)


def around(method: str, function: Callable[..., Any]) -> Form:
    """Return the form whose layer calls a function with itself, the right method and its arguments."""

    def replaced(self: Any, *arrays: Any) -> Any:
        return function(self, getattr(super(mixin, self), method), *arrays)

    mixin = type("Around", (), {method: replaced})
    return Form(mixins=(mixin,))
