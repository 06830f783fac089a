"""Short names for submissions: ASCII, unique, the same at every run over the same input.

Trusted side; pure.
"""

import hashlib
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from grader.intake.submissions.file_types import stem
from grader.intake.submissions.model import HandIn
from grader.moodle.download_names import as_moodle_writes

_LONGEST = 48


def make_ids(handins: Sequence[HandIn]) -> list[str]:
    """Return one id for each hand-in.

    Hand-ins that would get the same id all get a hash of their path behind it, so that none owes its
    id to the order in which they were found.
    """
    ids = [_wanted(handin) for handin in handins]
    for key in (_origin, _root_and_origin, _content):
        taken = Counter(ids)
        ids = [f"{i}-{_hash(key(h))}" if taken[i] > 1 else i for i, h in zip(ids, handins, strict=True)]
    return _numbered(ids)


def slug(text: str) -> str:
    """Return the ASCII letters, digits, ``_`` and ``-`` of a text in lower case.

    Examples
    --------
    >>> slug("Seán O'Brien"), slug("endless_loop"), slug("মোঃ")
    ('sean-obrien', 'endless_loop', '')
    """
    # Cut first, since it sorts a row of combining marks in quadratic time.
    plain = (
        unicodedata.normalize("NFKD", text[: 4 * _LONGEST])
        .encode("ascii", "ignore")
        .decode()
        .lower()
        .replace("'", "")
    )
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:_LONGEST].rstrip("-_")


def _wanted(handin: HandIn) -> str:
    text = slug(as_moodle_writes(handin.name) if handin.moodle else stem(handin.name))
    if handin.number is not None:
        if text == "participant" or not text:
            text = "group" if handin.team else "participant"
        ending = f"-{handin.number}"
        return text if text == f"participant{ending}" else text + ending
    return text or f"submission-{_hash(_origin(handin))}"


def _origin(handin: HandIn) -> str:
    return handin.origin


def _root_and_origin(handin: HandIn) -> str:
    return f"{handin.root}\n{handin.origin}"


def _content(handin: HandIn) -> str:
    return "\n".join(f"{file.path} {hashlib.sha256(file.data).hexdigest()}" for file in handin.files)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:6]


def _numbered(ids: list[str]) -> list[str]:
    # Only the very same files given twice come here; nothing but a count tells them apart.
    seen: set[str] = set()
    for place, one in enumerate(ids):
        numbered = (f"{one}-{n}" for n in itertools.count(2))
        ids[place] = next(i for i in itertools.chain([one], numbered) if i not in seen)
        seen.add(ids[place])
    return ids
