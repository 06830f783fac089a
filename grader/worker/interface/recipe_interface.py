"""An interface that is described by recipes: what it needs, which cases it expresses, how it calls.

Untrusted side (Python >= 3.9). The trusted side asks for the first two and calls nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from grader.worker.interface.call_expressions import names_in
from grader.worker.interface.gradients import Orders
from grader.worker.interface.interface_settings import NAMES, Recipe, settled
from grader.worker.interface.layer_adapter import Layer
from grader.worker.interface.make_calls import other_classes
from grader.worker.interface.network_adapters import Chain, OneByOne
from grader.worker.layer_kinds import LAYER_KINDS, both


def _plain(make: Callable[..., Layer], _: Any) -> Layer:
    return make()


def _lacks(student: Any, name: str) -> bool:
    return not hasattr(student, name) and len(other_classes(student, name)) != 1


class Recipes:
    """An interface that is described by recipes.

    Parameters
    ----------
    defaults : mapping
        The interface's own settings; see `grader.worker.interface.interface_settings.settled`.
    given : mapping
        The assignment's.
    names : collection of str
        Names that calls may use besides those of every interface.
    wrap : callable, optional
        ``wrap(make, shape)`` returns the adapter of a layer; ``make(**names)`` makes a `Layer`. The shape
        of x is given where calls will be measured.
    network : callable, optional
        ``network(recipes, student, params, arrays)`` returns the adapter of a network; a chain of the
        student's layers if left out.

    Attributes
    ----------
    other_names : dict
        What a student was found to call otherwise, by kind of layer: the template's name -> the student's.

    Raises
    ------
    SettingsError
        A setting is not usable.
    """

    def __init__(
        self,
        defaults: Mapping[str, Any],
        given: Mapping[str, Any],
        *,
        names: Collection[str] = (),
        wrap: Callable[[Callable[..., Layer], Any], Any] = _plain,
        network: Callable[..., Any] | None = None,
    ) -> None:
        self.settings = settled(defaults, given, names)
        self._known, self._wrap, self._network = {*names}, wrap, network
        self.other_names: dict[str, dict[str, str]] = {}
        self._orders: dict[str, Orders] = {}

    def build(
        self,
        kind: str,
        student: Any,
        params: Mapping[str, Any],
        arrays: Mapping[str, Any],
        *,
        measured: Sequence[int] | None = None,
    ) -> Any:
        """Return the adapter of a fresh layer, or of a network.

        Parameters
        ----------
        kind, params
            The case's.
        arrays : mapping of str to ndarray
            The case's, as far as they are known when a layer is made: weight and bias. What its constructor
            lacks is known at its first forward.
        student : module
        measured : sequence of int, optional
            The shape of the first input if calls are timed or counted, so that there must be no others.
        """
        if kind == "network":
            if self._network is not None:
                return self._network(self, student, params, arrays)
            return Chain(lambda own, *rest: self.build(own, student, *rest), params, arrays)
        if kind not in self.settings.recipes:
            raise NotImplementedError(f"this interface does not describe how to call a {kind}")
        one_by_one = kind != "cross_entropy" and "N" not in self._axes(kind)

        def make(**names: Any) -> Layer:
            other_names = self.other_names.setdefault(kind, {})
            orders = self._orders.setdefault(kind, {})
            return Layer(kind, self.settings, student, params, arrays, other_names, orders, **names)

        layer = self._wrap(make, measured[1:] if measured and one_by_one else measured)
        return OneByOne(layer) if one_by_one else layer

    def _axes(self, kind: str) -> str:
        return self.settings.layouts["linear_x" if LAYER_KINDS[kind].axes == "row" else "x"]

    @property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """The student's names that the calls of each kind of layer may use."""
        return {
            kind: tuple(
                sorted({name for call in recipe.calls() for name in self._called(kind, recipe, call)})
            )
            for kind, recipe in self.settings.recipes.items()
        }

    def missing(self, student: Any) -> list[str]:
        """Return the names that a student's module has not got; alternatives are joined by "or"."""
        found = []
        for kind, recipe in self.settings.recipes.items():
            for calls in recipe.stages.values():
                lacking = [
                    [name for name in sorted(self._called(kind, recipe, call)) if _lacks(student, name)]
                    for call in calls
                ]
                if calls and all(lacking):
                    found.append(" or ".join(dict.fromkeys(name for names in lacking for name in names)))
        return sorted(set(found))

    def _called(self, kind: str, recipe: Recipe, call: Any) -> set[str]:
        targets = {target for other in recipe.calls() for step in other for target in step.targets}
        return names_in(call, {*NAMES[kind], *self._known, *targets, "layer", "grad_output"})[0]

    def expresses(self, kind: str, params: Mapping[str, Any], sizes: Mapping[str, int]) -> bool:
        """Say whether a case can be put into this interface's words.

        Parameters
        ----------
        kind, params, sizes
            The case's. What is at its neutral value (stride 1, padding 0) needs no words.
        """
        if kind == "network":
            layers = [layer for layer in params["layers"] if layer[0] != "flatten"]
            # A network of the student's own flattens in the student's order of axes.
            ours = self._network is None or {self.settings.layouts[name] for name in ("x", "output")} == {
                "NCHW"
            }
            return ours and all(self.expresses(own, settings, {}) for own, settings in layers)
        if kind not in self.settings.recipes:
            return False
        return self._has_channels(kind, params, sizes) and all(
            self._says(kind, name, params) for name in ("kernel_size", "stride", "padding") if name in params
        )

    def _has_channels(self, kind: str, params: Mapping[str, Any], sizes: Mapping[str, int]) -> bool:
        """Say whether every axis that the student's arrays have not got is of one element."""
        layouts = self.settings.layouts
        if LAYER_KINDS[kind].axes != "image" or not ({"kernel_size"} & params.keys() or "H" in sizes):
            return True
        into = params.get("in_channels", sizes.get("C"))
        out_of = params.get("out_channels", into)
        axes = [("C", layouts["x"], into), ("C", layouts["output"], out_of)]
        if LAYER_KINDS[kind].parameters:
            axes.append(("I", layouts["weight"], into))
        return all(letter in layout or count == 1 for letter, layout, count in axes)

    def _says(self, kind: str, name: str, params: Mapping[str, Any]) -> bool:
        recipe, value = self.settings.recipes[kind], params[name]
        said = {word for call in recipe.calls() for word in names_in(call)[1]}
        stem = name.replace("_size", "")
        sides = {f"{stem}_height", f"{stem}_width"}
        equal = both(value)[0] == both(value)[1]
        if sides <= said:
            return True
        if name in said or sides & said:
            return equal or (name in said and self.settings.pairs)
        neutral = {
            "stride": both(params["kernel_size"]) if LAYER_KINDS[kind].tiles else (1, 1),
            "padding": (0, 0),
        }
        # The weight's shape tells the kernel's size.
        return name == "kernel_size" or both(value) == neutral[name]
