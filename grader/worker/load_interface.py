"""Open an interface from its text: one that is described by recipes, or one of plain functions.

Both sides; Python >= 3.9. An interface is the course's own code, run before a byte of the student's.
"""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

from grader.worker.interface import recipe_interface

_OFFERED = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "grader"}


class Plain:
    """An interface of one function for each kind: ``kind(student, params, arrays, settings) -> adapter``.

    Its module has `NEEDS`, the student's names that each kind needs, and may have
    ``EXPRESSES(kind, params, sizes)``, which says whether a case can be put into its words.
    """

    def __init__(self, module: types.ModuleType, settings: Mapping[str, Any]) -> None:
        self.needs = {kind: tuple(names) for kind, names in vars(module)["NEEDS"].items()}
        self._module, self._settings = module, settings

    def build(
        self, kind: str, student: Any, params: Mapping[str, Any], arrays: Mapping[str, Any], **_: Any
    ) -> Any:
        """Return the adapter of a fresh layer."""
        if not hasattr(self._module, kind):
            raise NotImplementedError(f"this interface does not describe how to call a {kind}")
        for name in self.needs.get(kind, ()):
            if not hasattr(student, name):
                raise NotImplementedError(f"{name} is not defined")
        return getattr(self._module, kind)(student, params, arrays, self._settings)

    def missing(self, student: Any) -> list[str]:
        """Return the names that a student's module has not got."""
        return sorted({name for names in self.needs.values() for name in names if not hasattr(student, name)})

    def expresses(self, kind: str, params: Mapping[str, Any], sizes: Mapping[str, int]) -> bool:
        """Say whether a case can be put into this interface's words."""
        rule = getattr(self._module, "EXPRESSES", None)
        return hasattr(self._module, kind) and (rule is None or bool(rule(kind, params, sizes)))


def open_interface(
    source: str, settings: Mapping[str, Any], name: str = "<interface>"
) -> recipe_interface.Recipes | Plain:
    """Execute an interface's text and put the assignment's settings into it.

    Parameters
    ----------
    source : str
        Text of a module that has ``interface(settings)``, or `NEEDS` and a function for each kind.
    settings : mapping
        The assignment's ``[interface_settings]``.
    name : str
        File name for messages.

    Raises
    ------
    SettingsError
        A setting is not usable.
    """
    module = types.ModuleType("interface")
    with _importable():
        exec(compile(source, name, "exec", dont_inherit=True), module.__dict__)
    opened: recipe_interface.Recipes | Plain
    opened = module.interface(settings) if hasattr(module, "interface") else Plain(module, settings)
    return opened


@contextlib.contextmanager
def _importable() -> Iterator[None]:
    """Let the interface import what interfaces share, where the worker hides it from the student."""
    hidden = {name: module for name, module in _OFFERED.items() if name not in sys.modules}
    sys.modules.update(hidden)
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
