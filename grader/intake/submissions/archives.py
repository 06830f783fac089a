"""Archives of every kind into a student's basket, archives inside archives too.

Trusted side. Nothing is unpacked to a disk.
"""

import io
from collections.abc import Iterator

from grader.intake.submissions.budget import Basket, Entry, Unreadable
from grader.intake.submissions.file_types import is_archive, is_clutter, is_source, too_deep
from grader.intake.submissions.tars import tar_entries
from grader.intake.submissions.zips import open_zip, zip_entries
from grader.visible_text import visible_name

_MAGIC = (
    (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"PK\x07\x08", "zip"), (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"), (b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"),
)  # fmt: skip


def take(entries: Iterator[Entry], basket: Basket, prefix: str = "", depth: int = 0) -> None:
    """Put every source that the entries hold into the basket, those of nested archives too.

    ``depth`` counts the archives that are open already; ``prefix`` is the path that led here.
    """
    for entry in basket.offers(entries):
        path = visible_name(prefix + entry.path)
        if entry.path.endswith("/") or is_clutter(entry.path):
            continue
        try:
            if entry.problem or too_deep(path):
                raise Unreadable(entry.problem or too_deep(path))
            if is_archive(path):
                _take_archive(entry, basket, path, depth)
            elif is_source(path):
                basket.keep(path, basket.read(entry, basket.budget.file_bytes(path)))
        except Unreadable as problem:
            basket.leave_out(path, str(problem))


def _take_archive(entry: Entry, basket: Basket, path: str, depth: int) -> None:
    if depth >= basket.budget.depth:
        raise Unreadable(f"it is nested in {basket.budget.depth} other archives")
    data = basket.read(entry, basket.budget.archive_bytes)
    take_archive(data, basket, path.rsplit("/", 1)[-1], path + "/", depth + 1)


def take_archive(data: bytes, basket: Basket, name: str, prefix: str = "", depth: int = 1) -> None:
    """Put the sources of an archive's bytes into the basket.

    Raises
    ------
    Unreadable
        If the bytes are not an archive that can be read; the message names their kind.
    """
    claimed = name.rsplit(".", 1)[-1].lower()
    kind = archive_kind(data) or (claimed if claimed in ("7z", "rar") else "")
    if kind in ("7z", "rar"):
        raise Unreadable(f"{kind} archives are not supported: please submit a zip")
    if kind == "zip":
        with open_zip(io.BytesIO(data), basket) as archive:
            take(zip_entries(archive), basket, prefix, depth)
    elif kind in ("tar", "gzip", "bzip2", "xz"):
        take(tar_entries(data, kind, basket), basket, prefix, depth)
    else:
        raise Unreadable(f"it is not a readable {claimed}: unknown archive format")


def archive_kind(data: bytes) -> str:
    """Return what archive some bytes are by their first bytes, since names are often wrong; or ''."""
    kinds = [kind for magic, kind in _MAGIC if data.startswith(magic)]
    if kinds:
        return kinds[0]
    return "tar" if data[257:262] == b"ustar" else ""
