"""What is noticed about an answer while the student's code is called, so that it can go with the answer.

Untrusted side (Python >= 3.9). A remark is help for honest students: it costs a penalty or gives a warning,
never points. There is one call at a time, so there is one list.
"""

from __future__ import annotations

GRADIENT_ORDER = "gradient_order"
"""backward returned it among other arrays, or in another's place; it was found by its shape."""
UNFINISHED = "unfinished"
"""The call set it, then failed."""
LIST = "list"
"""It came as a list of numbers."""
REMARKS = frozenset({GRADIENT_ORDER, UNFINISHED, LIST})

_views: list[ValueError] = []
_noted: dict[str, dict[str, None]] = {}


def note(part: str, remark: str) -> None:
    """Remark something on a part of the answer to the current call."""
    _noted.setdefault(part, {})[remark] = None


def forget(part: str | None = None) -> None:
    """Drop what was remarked on a part, or on the whole call."""
    if part is None:
        _noted.clear()
        _views.clear()
    else:
        _noted.pop(part, None)


def note_view(error: ValueError) -> None:
    """Remember the first view in a call that reaches outside its array."""
    _views[:] = _views[:1] or [error]


def view() -> ValueError | None:
    """Return the first view in this call that reaches outside its array."""
    return _views[0] if _views else None


def noted(part: str) -> list[str]:
    """Return what was remarked on a part."""
    return list(_noted.get(part, ()))
