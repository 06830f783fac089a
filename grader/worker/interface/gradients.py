"""Read each gradient of a backward call by itself: returned, in whatever order, or kept by the layer.

Untrusted side (Python >= 3.9). The interface's order is the contract. What stands elsewhere is read where
shapes leave no doubt, with a remark, so that one slip does not hide gradients that are right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Dict, Set, Tuple

import numpy as np

from grader.worker.interface.make_calls import Misreturned
from grader.worker.remarks import GRADIENT_ORDER, UNFINISHED, note
from grader.worker.serialize import Unusable

Orders = Dict[Tuple[str, int], Set[Any]]


class GradientReader:
    """Reads the gradients of one backward call; made before the call.

    Parameters
    ----------
    layer : Layer
        Its ``names`` hold what the call returns, its ``read(part, when)`` what the student's layer keeps.
    """

    def __init__(self, layer: Any) -> None:
        self._layer, self._parts = layer, layer.parts[1:]
        self._before = {part: self._kept(part) for part in self._parts}

    def finished(self) -> Iterator[tuple[str, Any]]:
        """Yield every gradient after a call that ended well, or the reason why there is none."""
        names = self._layer.names
        targets = {part: names[part] for part in self._parts if part in names}
        returned, moved = _sorted(targets, self._shapes(), self._layer.orders)
        for part in self._parts:
            if part in returned and (part in targets or not self._was_set(part)):
                value = returned[part]
                if part in moved:
                    # One order is one slip, whatever number of arrays it moves.
                    note(part, GRADIENT_ORDER)
                    moved = set()
            else:
                value = targets[part] if part in targets else self._read(part)
            yield part, self._layer.taken(part, value)

    def unfinished(self) -> Iterator[tuple[str, Any]]:
        """Yield the gradients that a call had set when it failed, and none of an earlier call."""
        for part in self._parts:
            if self._was_set(part):
                note(part, UNFINISHED)
                yield part, self._layer.taken(part, self._read(part))

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each gradient, which is that of its array, in the student's layout."""
        own = {part: part.replace("grad_", "", 1) for part in self._parts}
        arrays = {**self._layer.names, **self._layer.given}
        return {part: np.shape(arrays[name]) for part, name in own.items() if name in arrays}

    def _read(self, part: str) -> Any:
        try:
            return self._layer.read(part, "after backward, ")
        except Exception as error:
            # A property of the student's may raise anything; the other parts are read all the same.
            return error

    def _kept(self, part: str) -> tuple[Any, bytes]:
        """Return what the student's layer keeps as a gradient, and its bytes."""
        try:
            value = self._layer.read(part, "")
        except Exception:
            return None, b""
        return value, value.tobytes() if type(value) is np.ndarray else b""

    def _was_set(self, part: str) -> bool:
        """Say whether the call set a gradient that the layer keeps."""
        (value, data), (old, old_data) = self._kept(part), self._before[part]
        return value is not None and (value is not old or data != old_data)


def _sorted(
    targets: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], orders: Orders
) -> tuple[dict[str, Any], set[str]]:
    """Return what was returned by the part that it is, and the parts that are not where they should be.

    Parameters
    ----------
    targets : mapping
        What the interface's call found, by part; `Misreturned` where one value or several came instead.
    shapes : mapping
        The shape of each part.
    orders : dict
        Where shapes have shown each part to stand so far, by the part and the number of arrays.
    """
    other = next((value for value in targets.values() if isinstance(value, Misreturned)), None)
    if other is None:
        known = {part: shape for part, shape in shapes.items() if part in targets}
        places = _placed(targets, known, orders)
        left = [part for part in targets if part not in places.values()]
        # What no shape tells stays where it is, if nothing else belongs there.
        places.update({part: part for part in targets if part not in places and part in left})
        free = [part for part in left if part not in places]
        places.update(zip((part for part in targets if part not in places), free))  # noqa: B905 - as many
        return {part: targets[place] for part, place in places.items()}, {
            part for part, place in places.items() if part != place
        }
    items = _items(other.value)
    places = _placed(items, shapes, orders)
    if not places and isinstance(other.value, list) and len(targets) == 1:
        # No gradients in a row, but perhaps the numbers of one.
        return {part: other.numbers(part) for part in targets}, set()
    found = {part: items[place] for part, place in places.items()}
    there = [np.shape(item) for item in items.values() if type(item) is np.ndarray]
    for part in (part for part, shape in shapes.items() if shape in there and part not in found):
        found[part] = Unusable("wrong_shape", f"{other}. Shapes do not tell which of them is {part}")
    return found, set(places)


def _items(value: Any) -> dict[Any, Any]:
    """Return what may be gradients in a value that was returned for others."""
    if isinstance(value, dict):
        return dict(enumerate(value.values()))
    return dict(enumerate(value)) if isinstance(value, (tuple, list)) else {0: value}


def _placed(
    items: Mapping[Any, Any], shapes: Mapping[str, tuple[int, ...]], orders: Orders
) -> dict[str, Any]:
    """Return the place of each part that only one item can be, where that item can be no other part.

    Where two parts have one shape, each stands where it always stood when shapes differed.
    """
    places: dict[str, Any] = {}
    fitting = {
        part: [place for place, item in items.items() if type(item) is np.ndarray and item.shape == shape]
        for part, shape in shapes.items()
    }
    for part, shape in shapes.items():
        if len(fitting[part]) == 1 and list(shapes.values()).count(shape) == 1:
            places[part] = fitting[part][0]
            orders.setdefault((part, len(items)), set()).add(places[part])
    for part in shapes.keys() - places.keys():
        known = orders.get((part, len(items)), set())
        if len(known) == 1 and known <= {*fitting[part]} - {*places.values()}:
            places[part] = next(iter(known))
    return places
