"""Inert stand-ins for modules that a student's file imports but may not have or use here.

Untrusted side. A file that imports torch for its training and NumPy for its convolution can still be
graded: the stand-in is silent while definitions are executed and explains itself when it is called.
"""

from __future__ import annotations

from typing import Any


class StandIn:
    """Takes the place of a module, a class or a function; `why` completes the sentence on its module."""

    loading = False

    def __init__(self, name: str, why: str) -> None:
        self.__name = name
        self.__why = why

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(f"{self.__name} has no {attribute}")
        if self.__name.partition(".")[0] == "tqdm" and attribute in _PROGRESS:
            return _PROGRESS[attribute]
        return StandIn(f"{self.__name}.{attribute}", self.__why)

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Explain, except while the file is loaded: decorators and defaults alone fail nobody."""
        if StandIn.loading:
            return StandIn(f"{self.__name}(...)", self.__why)
        raise ImportError(f"{self.__name} was called, but {self.__name.partition('.')[0]} {self.__why}")

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return ()

    def __getitem__(self, key: Any) -> StandIn:
        return self

    def __or__(self, other: Any) -> StandIn:
        return self

    __ror__ = __or__
    __iter__ = None

    def __repr__(self) -> str:
        return f"<stand-in for {self.__name}>"


def _progress(iterable: Any = None, *_: Any, **__: Any) -> Any:
    return iterable


# A progress bar around a loop must not make the loop fail.
_PROGRESS = {"tqdm": _progress, "trange": lambda *limits, **_: range(*limits)}
