"""Check the settings of an interface and read the calls in them.

Both sides: the trusted one to tell the course what is wrong in its assignment file, the untrusted one to make
the calls. Python >= 3.9.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from grader.worker.interface.axis_layouts import OWN
from grader.worker.interface.call_expressions import Call, Step, names_in, read
from grader.worker.layer_kinds import LAYER_KINDS

SIDES = tuple(f"{name}_{side}" for name in ("kernel", "stride", "padding") for side in ("height", "width"))
_OTHER_NAMES = {"cross_entropy": ("one_hot",)}
NAMES: Mapping[str, tuple[str, ...]] = {
    **{
        kind: (
            *row.inputs,
            *row.parameters,
            *row.arguments,
            *(SIDES if row.has_windows else ()),
            *_OTHER_NAMES.get(kind, ()),
        )
        for kind, row in LAYER_KINDS.items()
    },
    "network": ("layers", "x", "learning_rate"),
}
"""What the calls of each kind may use. A network is made of layers and called with images alone."""


class SettingsError(ValueError):
    """A setting that cannot be used; the text names the key and what is allowed."""


STAGES = ("make", "forward", "backward", "update")
PLACES = ("weight", "bias", "grad_weight", "grad_bias", "learning_rate")
LAYOUTS: Mapping[str, tuple[str, str, str]] = {
    "x": ("NCHW", "HW", "N, C, H and W in any order, such as NHWC; without N one image at a time"),
    "output": ("NCHW", "HW", "N, C, H and W in any order; x's layout if left out"),
    "weight": ("OIHW", "OHW", "O, I, H and W in any order, such as HWIO"),
    "bias": ("O1HW", "O", f"O and as many 1 as there are, such as O1 or 1O11, or {OWN!r}"),
    "linear_x": ("NI", "I", "NI, IN, or I for one row at a time"),
    "linear_weight": ("OI", "OI", "OI or IO"),
    "linear_bias": ("O1", "O", f"O, O1 or 1O, or {OWN!r}"),
}
"""Name -> letters that may stand there, letters that must, and both in words."""


class Recipe(NamedTuple):
    """How the layers of one kind are called: alternatives for every stage and place."""

    stages: Mapping[str, tuple[Call, ...]]
    places: Mapping[str, tuple[Call, ...]]

    def calls(self) -> tuple[Call, ...]:
        """Return every call of every stage."""
        return tuple(call for stage in self.stages.values() for call in stage)


class Settings(NamedTuple):
    """The checked settings of an interface."""

    recipes: Mapping[str, Recipe]
    layouts: Mapping[str, str]
    pairs: bool


def settled(
    defaults: Mapping[str, Any], given: Mapping[str, Any], more_names: Collection[str] = ()
) -> Settings:
    """Put an assignment's settings in place of an interface's own, and check them.

    Parameters
    ----------
    defaults, given : mapping
        ``pairs``, ``layouts`` and, for each kind of layer, a table of stages and places.
    more_names : collection of str
        Names that this interface's calls may use besides `NAMES`.

    Raises
    ------
    SettingsError
        A key is unknown or a value is not usable; the text names every one of them.
    """
    kinds = [kind for kind in LAYER_KINDS if kind in defaults]
    problems = _unknown("", given, ("pairs", "layouts", *kinds))
    pairs = given.get("pairs", defaults.get("pairs", True))
    if not isinstance(pairs, bool):
        problems.append(f"pairs: must be true or false, not {pairs!r}")
    layouts = _merged("layouts", {"layouts": _layouts(defaults)}, given, problems)
    problems += _unknown("layouts.", layouts, LAYOUTS)
    problems += [f"layouts.{name}: {rule}" for name, rule in _broken(layouts)]
    tables = {kind: _merged(kind, defaults, given, problems) for kind in kinds}
    recipes = {kind: _recipe(kind, table, more_names, problems) for kind, table in tables.items()}
    if problems:
        raise SettingsError("\n".join(f"interface_settings.{problem}" for problem in problems))
    layouts.setdefault("output", layouts["x"])
    return Settings(recipes, layouts, pairs)


def _layouts(defaults: Mapping[str, Any]) -> dict[str, str]:
    plain = {
        "x": "NCHW",
        "weight": "OIHW",
        "bias": "O",
        "linear_x": "NI",
        "linear_weight": "OI",
        "linear_bias": "O",
    }
    return {**plain, **defaults.get("layouts", {})}


def _merged(
    key: str, defaults: Mapping[str, Any], given: Mapping[str, Any], problems: list[str]
) -> dict[str, Any]:
    table = given.get(key, {})
    if not isinstance(table, Mapping):
        problems.append(f"{key}: must be a table, not {table!r}")
        table = {}
    return {**defaults[key], **table}


def _unknown(prefix: str, table: Mapping[str, Any], allowed: Collection[str]) -> list[str]:
    problems = []
    for key in table:
        if key not in allowed:
            close = difflib.get_close_matches(str(key), allowed, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            problems.append(f"{prefix}{key}: unknown key; {hint}allowed are {', '.join(allowed)}")
    return problems


def _broken(layouts: Mapping[str, Any]) -> list[tuple[str, str]]:
    broken = []
    for name, letters in layouts.items():
        may, must, words = LAYOUTS.get(name, ("", "", ""))
        right = isinstance(letters, str) and (
            (letters == OWN and OWN in words)
            or (
                {*must} <= {*letters} <= {*may}
                and all(letters.count(letter) == 1 for letter in letters if letter != "1")
            )
        )
        if may and not right:
            broken.append((name, f"must be {words}; not {letters!r}"))
    return broken


def _recipe(kind: str, table: Mapping[str, Any], more: Collection[str], problems: list[str]) -> Recipe:
    problems += _unknown(f"{kind}.", table, (*STAGES, *PLACES))
    known = {*NAMES[kind], *more}
    stages: dict[str, tuple[Call, ...]] = {}
    for stage in STAGES:
        stages[stage] = _alternatives(f"{kind}.{stage}", table.get(stage, ""), known, problems)
        known |= {target for call in stages[stage] for step in call for target in step.targets}
        known |= {"make": {"layer"} if table.get("make") else set(), "forward": {"grad_output"}}.get(
            stage, set()
        )
    if not all(_says_layer(call) for call in stages["make"]):
        problems.append(f"{kind}.make: no statement says what the layer is; end with 'layer = ...'")
    stages["make"] = tuple(map(_naming_layer, stages["make"]))
    forward = stages["forward"]
    if not problems and not all(any("output" in step.targets for step in call) for call in forward or ((),)):
        problems.append(f"{kind}.forward: does not set output; write 'output = ...'")
    places = {
        place: _alternatives(f"{kind}.{place}", table.get(place, ""), known, problems) for place in PLACES
    }
    return Recipe(stages, places)


def _alternatives(key: str, value: Any, known: Collection[str], problems: list[str]) -> tuple[Call, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
        problems.append(f"{key}: must be a call or a list of calls to be tried in order, not {value!r}")
        return ()
    calls = []
    for text in filter(None, texts):
        try:
            call = read(text)
        except ValueError as error:
            problems.append(f"{key}: {error}")
            continue
        unknown = sorted(names_in(call, known)[1] - {*known})
        problems += [
            f"{key}: unknown name {name!r}; allowed are {', '.join(sorted(known))}" for name in unknown
        ]
        calls.append(call)
    return tuple(calls)


def _says_layer(call: Call) -> bool:
    """Say whether it is plain which value of ``make`` is the layer."""
    named = any("layer" in step.targets for step in call)
    return named or (len(call) == 1 and len(call[0].targets) <= 1)


def _naming_layer(call: Call) -> Call:
    """Return the statements of ``make`` with one that names the layer."""
    if any("layer" in step.targets for step in call) or len(call) != 1:
        return call
    if not call[0].targets:
        return (call[0]._replace(targets=("layer",)),)
    return (*call, Step(("layer",), ast.Name(call[0].targets[0], ast.Load())))
