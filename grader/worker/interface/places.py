"""Where a layer keeps its parameters and gradients: at a recipe's places, or under plain other names.

Untrusted side (Python >= 3.9).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from grader.worker.interface.call_expressions import Call
from grader.worker.interface.make_calls import Scope, evaluate
from grader.worker.interface.misfits import Unfit, called_name, missing
from grader.worker.interface.synonyms import ATTRIBUTES, folded


class Holder(NamedTuple):
    """An expression such as ``layer.weight`` and what stands there.

    ``is_there`` says whether anything does, ``is_elsewhere`` that the student has another name for it.
    """

    node: ast.expr
    value: Any = None
    is_there: bool = True
    is_elsewhere: bool = False


class Places:
    """The places of one layer.

    Parameters
    ----------
    places : mapping of str to sequence of Call
        The recipe's, to be tried in order.
    scope : Scope
    parameters : mapping of str to ndarray
        Weight and bias, as far as the layer has them.
    """

    def __init__(
        self, places: Mapping[str, tuple[Call, ...]], scope: Scope, parameters: Mapping[str, Any]
    ) -> None:
        self._places, self._scope, self._parameters = places, scope, parameters
        self._elsewhere: dict[str, ast.Attribute] = {}

    def read(self, name: str, when: str) -> Any:
        """Return what stands at a place.

        Raises
        ------
        Unfit
            Nothing does; the sentence begins with `when`.
        """
        if not self._places.get(name):
            raise Unfit("not_implemented", f"nothing returned {name}")
        place = self._found(name)
        if place is None:
            raise self._not_set(name, when)
        return place.value

    def to_write(self, name: str, when: str) -> Holder:
        """Return the place of a parameter, which need not be there yet unless `when` is given.

        Raises
        ------
        Unfit
            Nothing stands there, but something may be meant for it.
        """
        place = self._found(name)
        if place is None and (when or (name in self._parameters and self._meant(name))):
            raise self._not_set(name, when)
        return place or Holder(self._first(name), is_there=False)

    def write(self, node: ast.expr, value: Any) -> None:
        """Set what stands at a place."""
        if isinstance(node, ast.Attribute):
            setattr(evaluate(node.value, self._scope), node.attr, value)
        elif isinstance(node, ast.Subscript):
            key = evaluate(node.slice, self._scope)
            evaluate(node.value, self._scope)[key] = value

    def _first(self, name: str) -> ast.expr:
        return self._places[name][0][0].value

    def _found(self, name: str) -> Holder | None:
        """Return the first place where something stands, or where the student has it instead."""
        own = self._elsewhere.get(name)
        for node in [own] if own is not None else [call[0].value for call in self._places[name]]:
            try:
                return Holder(node, evaluate(node, self._scope), is_elsewhere=own is not None)
            except (Unfit, LookupError):
                continue
        return self._other(name) if own is None else None

    def _other(self, name: str) -> Holder | None:
        """Return the one attribute that stands for a parameter or gradient by its name, value and size."""
        node = self._first(name)
        if not isinstance(node, ast.Attribute) or name not in ATTRIBUTES:
            return None
        there = self._attributes(node)
        named = [other for other in there if folded(other) in ATTRIBUTES[name]]
        values = [other for other in named if _can_be(there[other], name)]
        size = getattr(self._parameter(name), "size", None)
        sized = [other for other in values if size is not None and np.size(there[other]) == size]
        # A layer may make its arrays at the first forward.
        named = sized or values or [other for other in named if there[other] is None]
        if len(named) != 1:
            return None
        own, value = ast.Attribute(node.value, named[0], ast.Load()), there[named[0]]
        if name in self._parameters or value is not None:
            self._elsewhere[name] = own
            self._scope.other_names[name] = named[0]
        return Holder(own, value, is_elsewhere=True)

    def _parameter(self, name: str) -> Any:
        """Return the parameter that a name is, or is the gradient of."""
        return self._parameters.get(name.replace("grad_", ""))

    def _attributes(self, node: ast.Attribute) -> dict[str, Any]:
        """Return the attributes of a place's owner that are not places themselves."""
        nodes = [call[0].value for calls in self._places.values() for call in calls]
        ours = {called_name(one).rpartition(".")[2] for one in (*nodes, *self._elsewhere.values())}
        there = getattr(evaluate(node.value, self._scope), "__dict__", {})
        return {name: value for name, value in there.items() if name not in ours}

    def _meant(self, name: str) -> list[str]:
        """Return the attributes that may be a parameter, or its gradient, by name or by size."""
        node, parameter = self._first(name), self._parameter(name)
        if not isinstance(node, ast.Attribute) or parameter is None:
            return []
        there = self._attributes(node).items()
        arrays = {own: array for own, array in there if isinstance(array, np.ndarray)}
        named = [own for own in arrays if folded(own) in ATTRIBUTES[name]]
        return named or [own for own, array in arrays.items() if 1 < array.size == parameter.size]

    def _not_set(self, name: str, when: str) -> Unfit:
        """Say that nothing stands at a place, and what may be meant."""
        node = self._first(name)
        if not isinstance(node, ast.Attribute):
            return Unfit("not_implemented", f"{when}`{called_name(node)}` is not set")
        owner = evaluate(node.value, self._scope)
        return Unfit("not_implemented", when + missing(owner, node.attr, self._meant(name)))


def _can_be(value: Any, name: str) -> bool:
    """Say whether a value can be a rate, a parameter or a gradient; the last may be a list of numbers."""
    if name == "learning_rate":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, np.ndarray) or (name.startswith("grad_") and isinstance(value, list))
