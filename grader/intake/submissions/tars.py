"""Tars, packed or not, as entries that are read in memory, one at a time and in order.

Trusted side. Links, devices and paths that lead out of the archive are never read.
"""

import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from typing import Self

from grader.intake.submissions.budget import Basket, Entry, Unreadable
from grader.intake.submissions.file_types import LEADS_OUT, NOT_A_FILE, clean_path
from grader.intake.submissions.streams import Metered, Unpacking

_SPARSE = "it has sparse files: please submit a normal zip"
_MOST_OF_BZIP2 = 64 << 20  # it unpacks ten times slower than the others
_HEADER_BYTES, _ALL_HEADER_BYTES = 8 << 10, 1 << 20
# Entries of a tar that describe the next one, or all: what is in them is parsed.
_DESCRIBING = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)
# Everything that tarfile and the unpackers were seen to raise on damaged input.
_DAMAGED = (
    tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, OverflowError, MemoryError,
    RecursionError,
)  # fmt: skip


def _capped_headers() -> type[tarfile.TarInfo]:
    """Return the class that reads one archive's headers, and refuses those that are too large to parse.

    tarfile searches a pax header with a pattern that takes quadratic time.
    """
    total = 0

    class Header(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
            nonlocal total
            header = super().frombuf(buf, encoding, errors)
            if header.type in _DESCRIBING:
                total += header.size
                if header.size > _HEADER_BYTES:
                    text = f"it has a header of {header.size:,} bytes; the limit is {_HEADER_BYTES:,}"
                    raise Unreadable(text)
                if total > _ALL_HEADER_BYTES:
                    raise Unreadable(f"it has headers of more than {_ALL_HEADER_BYTES:,} bytes in all")
            if header.type == tarfile.GNUTYPE_SPARSE:
                raise Unreadable(_SPARSE)
            return header

        # tarfile reads the map of a sparse file to its end, in quadratic time.
        def _proc_gnusparse_00(self, *_: object) -> None:
            raise Unreadable(_SPARSE)

        _proc_gnusparse_01 = _proc_gnusparse_10 = _proc_gnusparse_00

    return Header


def tar_entries(data: bytes, kind: str, basket: Basket) -> Iterator[Entry]:
    """Yield the entries of a tar, packed or not.

    Raises
    ------
    Unreadable
        At the first damage, or where the budget ends.
    """
    stream = io.BytesIO(data) if kind == "tar" else Unpacking(data, kind)
    most = max(basket.budget.ratio_from, basket.budget.ratio * len(data))
    metered = Metered(stream, basket, min(most, _MOST_OF_BZIP2) if kind == "bzip2" else most)
    try:
        with tarfile.open(fileobj=metered, mode="r|", errors="replace", tarinfo=_capped_headers()) as archive:  # type: ignore[call-overload]
            for member in archive:
                yield _tar_entry(archive, member)
    except _DAMAGED as problem:
        what = "tar" if kind == "tar" else f"tar packed by {kind}"
        raise Unreadable(f"it is not a readable {what}: {problem}") from None


def _tar_entry(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    path = clean_path(member.name)
    problem = ""
    if path is None:
        problem = "" if member.isdir() else LEADS_OUT
    elif not (member.isreg() or member.isdir()) or member.issparse():
        problem = NOT_A_FILE

    def read(limit: int) -> bytes:
        try:
            file = archive.extractfile(member)
            return b"" if file is None else file.read(min(limit, member.size))
        except _DAMAGED as problem:
            raise Unreadable(f"it cannot be unpacked: {problem}") from None

    shown_path = path or member.name.lstrip("/\\") or "?"
    return Entry(shown_path + "/" * member.isdir(), member.size, read, problem=problem)
