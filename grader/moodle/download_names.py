"""Whose file it is, from the names that Moodle gives in "Download all submissions".

Trusted side; pure. Observed on Moodle 4.5: ``Sean OBrien_9_assignsubmission_file/a.py`` in folders,
``Sean OBrien_9_assignsubmission_file_a.py`` flat; before 4.1 the folder's name ended in ``_``.
"""

import re
from dataclasses import dataclass

# Lazy, so that a student's own file name that looks like Moodle's cannot take the owner's place.
_OWNER = re.compile(
    r"(?P<label>.*?)(?:_(?P<number>[0-9]{1,12}))?_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<rest>.*))?",
    re.DOTALL,
)
_DROPPED = str.maketrans("_", " ", "&<>\"':|\\/`")


@dataclass(frozen=True, slots=True)
class Owned:
    """A path of a download, split into its owner and the path that the student gave it.

    ``number`` is the participant's, or the group's in a team assignment, or None for the default group.
    """

    label: str
    number: int | None
    path: str
    flat: bool


def split_owner(path: str) -> Owned | None:
    """Return whose a path is, or None where Moodle did not name it.

    Examples
    --------
    >>> split_owner("Sean OBrien_9_assignsubmission_file/src/a.py")
    Owned(label='Sean OBrien', number=9, path='src/a.py', flat=False)
    >>> split_owner("Default group_assignsubmission_file_a.py")
    Owned(label='Default group', number=None, path='a.py', flat=True)
    """
    first, slash, below = path.partition("/")
    match = _OWNER.fullmatch(first)
    if match is None:
        return None
    rest = match["rest"] or ""
    number = None if match["number"] is None else int(match["number"])
    inner = f"{rest}/{below}" if rest and slash else rest + below
    return Owned(match["label"].strip(), number, inner, flat=bool(rest) and not slash)


def as_moodle_writes(name: str) -> str:
    """Return a name as it appears in a download: ``_`` is a space there, some signs are dropped.

    Examples
    --------
    >>> as_moodle_writes("Team_A 1: O'Brien ")
    'Team A 1 OBrien'
    """
    return name.translate(_DROPPED).strip()
