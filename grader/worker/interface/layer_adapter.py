"""Call a student's layer as a recipe says: its parameters set, its arrays laid out as the course's are.

Untrusted side (Python >= 3.9).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from grader.worker.call_arrays import CallArrays
from grader.worker.interface.axis_layouts import OWN, Layout
from grader.worker.interface.call_expressions import Call, names_in
from grader.worker.interface.gradients import GradientReader, Orders
from grader.worker.interface.interface_settings import Settings
from grader.worker.interface.make_calls import LeftOut, Misreturned, Scope, perform
from grader.worker.interface.misfits import called_name
from grader.worker.interface.places import Places
from grader.worker.layer_kinds import LAYER_KINDS, both
from grader.worker.serialize import Unusable, from_list


class Layer:
    """A student's layer, or pair of functions, of one kind.

    Parameters
    ----------
    kind : str
    settings : Settings
    student : module
    params : mapping
        The case's.
    arrays : mapping of str to ndarray
        Weight and bias.
    other_names : dict
        Filled in with what the student calls otherwise than the template.
    orders : dict, optional
        Filled in with where returned gradients stand; shared by the layers of a kind.
    more : mapping, optional
        Further names that calls may use.

    Attributes
    ----------
    parameters : dict
        Weight and bias in our layout; set anew before every forward.
    given : dict
        Weight and bias as they were set, in the student's layout.
    names : dict
        What calls may use and have returned.
    scope : Scope
        Where the names of calls are looked up.
    made : dict
        The call of each stage that was made last.
    invented : set of str
        Places that the student's code had not got when the grader wrote there.
    """

    def __init__(
        self,
        kind: str,
        settings: Settings,
        student: Any,
        params: Mapping[str, Any],
        arrays: CallArrays,
        other_names: dict[str, str],
        orders: Orders | None = None,
        **more: Any,
    ) -> None:
        self.kind, self.orders = kind, {} if orders is None else orders
        self.recipe = settings.recipes[kind]
        self.parts = LAYER_KINDS[kind].parts
        self.parameters = {name: arrays[name] for name in ("weight", "bias") if name in arrays}
        self.given: dict[str, Any] = {}
        self.layouts = _layouts(kind, settings.layouts)
        self.names = {**quantities(kind, params, pairs=settings.pairs), **more}
        self.made: dict[str, Call] = {}
        self.invented: set[str] = set()
        self.scope = Scope(kind, self.names, student, other_names, _neutral(kind, params))
        self._places = Places(self.recipe.places, self.scope, self.parameters)
        self._name(arrays)
        self.make()

    def make(self) -> None:
        """Call the constructor, as soon as everything that it is given is known."""
        if "layer" in self.names:
            return
        calls = self.recipe.stages["make"]
        if calls and _read_by(calls) <= self.names.keys():
            self.perform("make")

    def forward(self, *inputs: Any) -> Any:
        """Set the parameters, call forward and return the output in our layout."""
        self.begin(*inputs)
        for name in self.parameters:
            self.put(name)
        return self.call_forward()

    def begin(self, *inputs: Any) -> None:
        """Take the inputs of the next forward, and the current parameters."""
        self._name(dict(zip(LAYER_KINDS[self.kind].inputs, inputs)))  # noqa: B905 - Python 3.9
        self._name(self.parameters)
        self.make()

    def call_forward(self) -> Any:
        """Call forward with whatever parameters the layer has; return the output in our layout."""
        for part in ("output", *self.parts):
            self.names.pop(part, None)
        self.perform("forward")
        value = self.names["output"]
        return self.taken("output", value.numbers("output") if isinstance(value, Misreturned) else value)

    def backward(self, *grad_output: Any) -> Iterator[tuple[str, Any]]:
        """Call backward, and the update if there is one; yield each gradient in our layout."""
        reader = GradientReader(self)
        try:
            self.call_backward(*grad_output)
        except BaseException:
            yield from reader.unfinished()
            raise
        yield from reader.finished()

    def call_backward(self, *grad_output: Any) -> None:
        """Call backward, and the update if there is one."""
        if "learning_rate" in self.names:
            self.put("learning_rate")
        self._name(dict(zip(("grad_output",), grad_output)))  # noqa: B905 - one or none
        self.perform("backward")
        self.perform("update")

    def perform(self, stage: str) -> None:
        """Make the calls of a stage."""
        self.made[stage] = perform(self.recipe.stages[stage], self.scope, self.parts)

    def read(self, name: str, when: str) -> Any:
        """Return what stands at a place, such as ``layer.grad_weight``."""
        return self._places.read(name, when)

    def put(self, name: str, *, when: str = "") -> None:
        """Set a parameter at its place; with `when` the student's layer must have made it already."""
        if not self.recipe.places[name]:
            return
        value = self.parameters[name] if name in self.parameters else self.names[name]
        place = self._places.to_write(name, when)
        node, current = place.node, place.value
        if not place.is_there:
            self.invented.add(name)
        made = bool(when) or (place.is_elsewhere and current is not None)
        layout = self.layouts.get(name)
        if layout is not None:
            value = layout.give(value, self._output_sizes())
            own = layout.theirs == OWN and np.size(current) == value.size
            value = value.reshape(np.shape(current)) if own else value
            if made and np.shape(current) != value.shape:
                shape = f"{when}`{called_name(node)}` has shape {np.shape(current)}"
                raise Unusable("wrong_shape", f"{shape}; {value.shape} is expected")
            self.given[name] = value
            # A layer that updates itself must not change the case's arrays.
            value = value.copy() if when else value
        self._places.write(node, value)

    def _name(self, arrays: CallArrays) -> None:
        for name, array in arrays.items():
            layout = self.layouts.get(name)
            if layout and layout.repeated() and LAYER_KINDS[self.kind].has_windows and "x" not in self.names:
                # A bias for each output position: how often it is repeated is known with x.
                continue
            self.names[name] = layout.give(array, self._output_sizes()) if layout else array
        if "logits" in arrays and "labels" in arrays:
            self.names["one_hot"] = np.eye(arrays["logits"].shape[1])[arrays["labels"]]

    def taken(self, part: str, value: Any) -> Any:
        """Return a part's value in our layout."""
        value = from_list(part, value)
        return self.layouts[part].take(value) if part in self.layouts else value

    def _output_sizes(self) -> dict[str, int]:
        """Return the output's height and width as soon as there is an x to tell."""
        if not LAYER_KINDS[self.kind].has_windows or "x" not in self.names:
            return {}
        shape = self.layouts["x"].take(self.names["x"]).shape[-2:]
        sizes = {}
        for letter, side, length in zip("HW", ("height", "width"), shape):  # noqa: B905 - two of each
            kernel, stride, padding = (
                self.names[f"{name}_{side}"] for name in ("kernel", "stride", "padding")
            )
            sizes[letter] = (length + 2 * padding - kernel) // stride + 1 if stride else 1
        return sizes


@functools.lru_cache(maxsize=256)
def _read_by(calls: tuple[Call, ...]) -> frozenset[str]:
    """Return the names that calls read."""
    return frozenset(name for call in calls for name in names_in(call)[1])


def _layouts(kind: str, layouts: Mapping[str, str]) -> dict[str, Layout]:
    """Return the layout of each array of a kind of layer."""
    axes = LAYER_KINDS[kind].axes
    if axes == "row":
        x, weight, bias = (layouts[f"linear_{name}"] for name in ("x", "weight", "bias"))
        pairs = {"x": ("NI", x), "output": ("NI", x), "weight": ("OI", weight), "bias": ("O", bias)}
    elif axes == "image":
        pairs = {"x": ("NCHW", layouts["x"]), "output": ("NCHW", layouts["output"])}
        pairs.update(weight=("OIHW", layouts["weight"]), bias=("O", layouts["bias"]))
    else:
        return {}
    one_by_one = "N" not in pairs["x"][1]
    found = {
        name: Layout(ours.replace("N", "") if one_by_one else ours, own)
        for name, (ours, own) in pairs.items()
    }
    return {**found, **{f"grad_{name}": layout for name, layout in found.items()}}


def quantities(kind: str, params: Mapping[str, Any], *, pairs: bool) -> dict[str, Any]:
    """Return a layer's arguments by every name that a call may use."""
    names = dict(params)
    if not LAYER_KINDS[kind].has_windows:
        return names
    for name, default in _defaults(kind, params).items():
        value = params.get(name, default)
        height, width = both(value)
        value = height if not pairs and height == width else value
        names[name] = value if name in params else LeftOut(value)
        stem = name.replace("_size", "")
        names[f"{stem}_height"], names[f"{stem}_width"] = height, width
    return names


def _defaults(kind: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a layer with windows does where a case does not say it."""
    stride = params["kernel_size"] if LAYER_KINDS[kind].tiles else 1
    return {"kernel_size": 1, "stride": stride, "padding": 0}


def _neutral(kind: str, params: Mapping[str, Any]) -> frozenset[str]:
    """Return the names whose value is what a layer without them does."""
    if not LAYER_KINDS[kind].has_windows:
        return frozenset()
    defaults = _defaults(kind, params).items()
    said = {name for name, default in defaults if both(params.get(name, default)) == both(default)}
    return frozenset(said - {"kernel_size"})
