"""Let a catalogued mistake answer cases, called exactly as the worker calls a student's layers.

Trusted side: only code of this repository is run here, never a submission.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.lib import stride_tricks
from numpy.typing import NDArray

from grader.feedback.mistakes.layers import CLASSES, SteppedLayer
from grader.feedback.mistakes.model import NOTHING, Form
from grader.feedback.mistakes.steps import compute
from grader.results import Outcome
from grader.sandbox import Answer, Reply
from grader.sandbox.answers import charged, with_view
from grader.sandbox.messages import room_for
from grader.sandbox.steps import CaseStep, steps_of
from grader.worker import checked_strides, remarks
from grader.worker.call_arrays import CallArrays, LayerSlot
from grader.worker.interfaces import layers as template
from grader.worker.layer_kinds import inputs_of
from grader.worker.serialize import checked, failure

MAX_BYTES = 1 << 26
_TEMPLATE = template.interface({})


class PlainAdapter:
    """Calls one layer as the template's interface does, but faster: the classes are our own.

    Weight and bias are set anew before every forward.
    """

    def __init__(self, layer: Any, kind: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.layer = layer
        self.parameters = {name: arrays[name] for name in ("weight", "bias") if name in arrays}
        self.grad = "grad_logits" if kind == "cross_entropy" else "grad_x"

    def forward(self, *inputs: NDArray[Any]) -> Any:
        """Return the layer's output."""
        for name, value in self.parameters.items():
            setattr(self.layer, name, value)
        return self.layer.forward(*inputs)

    def backward(self, *grad_output: NDArray[Any]) -> Iterator[tuple[str, Any]]:
        """Yield each gradient by its part's name."""
        yield self.grad, self.layer.backward(*grad_output)
        for name in self.parameters:
            yield f"grad_{name}", getattr(self.layer, f"grad_{name}")


class InProcess:
    """Calls a module with the template's classes in this process; takes the place of the sandbox's client."""

    printed = ""

    def __init__(self, module: object) -> None:
        self._module = module

    def run(
        self,
        kind: str,
        params: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        *,
        parts: Sequence[str],
        scenario: str = "once",
        layouts: Mapping[str, str] | None = None,
        sizes: Mapping[str, int] | None = None,
    ) -> Reply:
        """Call a layer and return an answer for each part; see `grader.sandbox.Client.run`."""
        layouts = layouts or {}
        rooms = {part: room_for(size) for part, size in (sizes or {}).items()}
        answers: dict[str, Answer] = {}
        changed: dict[str, set[str]] = {}
        slots: dict[int, LayerSlot] = {}
        view: Answer | None = None
        missing = Answer("", Outcome.NOT_IMPLEMENTED, None, "not returned")
        steps = steps_of(kind, scenario, tuple(arrays), tuple(parts))
        with as_in_the_worker():
            for step in steps:
                slot = slots.setdefault(step.slot, LayerSlot())
                if step.call == "forward":
                    slot.restore()
                given = slot.receive(
                    {name: arrays[source] for name, source in step.sent},
                    {name: layouts[source] for name, source in step.sent if source in layouts},
                )
                remarks.forget()
                error, mine = None, {}
                try:
                    for part, value in self._called(step, slot, kind, params, given):
                        if step.counts and part in step.parts:
                            mine[part] = _judged(part, value, rooms.get(part, MAX_BYTES))
                except Exception as raised:
                    error = checked_strides.cause(raised)
                strayed = remarks.view()
                view = view or (_failed("", strayed) if strayed else None)
                answers |= with_view(mine, view)
                held = dict(step.held)
                changed.setdefault(step.phase, set()).update(held[name] for name in slot.modified())
                if error is not None and step.stops:
                    missing = _failed("", error)
                    break
        for part in parts:
            answers.setdefault(part, Answer(part, missing.outcome, None, missing.message))
        return Reply(charged(answers, steps, changed))

    def _called(
        self, step: CaseStep, slot: LayerSlot, kind: str, params: Mapping[str, Any], given: CallArrays
    ) -> Iterator[tuple[str, Any]]:
        """Make a step's call; yield what it answers."""
        if step.call == "make" and kind == "network":
            slot.layer = _TEMPLATE.build(kind, self._module, params, given)
        elif step.call == "make":
            slot.layer = PlainAdapter(getattr(self._module, CLASSES[kind].__name__)(**params), kind, given)
        elif step.call == "forward":
            yield step.parts[0], slot.layer.forward(*given.values())
        else:
            yield from slot.layer.backward(*given.values())


def quick_part(
    kind: str, form: Form, part: str, params: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> NDArray[Any] | None:
    """Compute one part of one plain case by a form's steps alone; None where they fail."""
    layer = SteppedLayer(**params)
    layer.kind = kind
    layer.weight, layer.bias = arrays.get("weight", NOTHING), arrays.get("bias", NOTHING)
    inputs = [arrays[name] for name in inputs_of(kind)]
    with as_in_the_worker():
        try:
            call = replace(layer.calls(*inputs), grad_output=arrays.get("grad_output", NOTHING))
            return compute(kind, part, call, form.steps)
        except Exception:
            return None


@contextmanager
def as_in_the_worker() -> Iterator[None]:
    """Check strided views, and let arithmetic overflow in silence."""
    unchecked = stride_tricks.as_strided
    stride_tricks.as_strided = checked_strides.as_strided
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        stride_tricks.as_strided = unchecked


def _judged(part: str, value: Any, max_bytes: int) -> Answer:
    try:
        # A copy, as the wire makes one: the layer may go on to change its array.
        return Answer(part, None, np.array(checked(part, value, max_bytes)))
    except Exception as error:
        return _failed(part, error)


def _failed(part: str, error: BaseException) -> Answer:
    found = failure(error, ())
    return Answer(part, Outcome(found["status"]), None, found["message"])
