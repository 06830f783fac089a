"""Zip and tar archives as entries that are read in memory, one at a time, under a budget.

Trusted side. Links, devices and paths that lead out of the archive are never read.
"""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Protocol, Self

from grader.intake.submissions.budget import Basket, Entry, Unreadable, human
from grader.intake.submissions.file_types import clean_path, is_archive, is_clutter, is_source

_LEADS_OUT = "its path leads out of the archive"
_LINK = "it is a link or a device, not a file"
_DIRECTORY_BYTES = 24 << 20
_HEADER_BYTES, _ALL_HEADER_BYTES = 8 << 10, 1 << 20
# Entries of a tar that describe the next one, or all: what is in them is parsed.
_DESCRIBING = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)
# Everything that the standard readers were seen to raise on damaged input.
_DAMAGED = (
    zipfile.BadZipFile, zipfile.LargeZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error,
    EOFError, OSError, ValueError, OverflowError, MemoryError, RecursionError,
    NotImplementedError, RuntimeError,
)  # fmt: skip
_MAGIC = (
    (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"PK\x07\x08", "zip"), (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"), (b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"),
)  # fmt: skip


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def take(entries: Iterator[Entry], basket: Basket, prefix: str = "", depth: int = 0) -> None:
    """Put every source that the entries hold into the basket, those of nested archives too.

    ``depth`` counts the archives that are open already; ``prefix`` is the path that led here.
    """
    for entry in basket.offers(entry for entry in entries if not is_clutter(entry.path)):
        path = prefix + entry.path
        if entry.path.endswith("/"):
            continue
        try:
            if entry.problem:
                raise Unreadable(entry.problem)
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
        with open_zip(io.BytesIO(data)) as archive:
            take(zip_entries(archive), basket, prefix, depth)
    elif kind in ("tar", "gzip", "bzip2", "xz"):
        take(_tar_entries(data, kind, basket), basket, prefix, depth)
    else:
        raise Unreadable(f"it is not a readable {claimed}: unknown archive format")


def archive_kind(data: bytes) -> str:
    """Return what archive some bytes are by their first bytes, since names are often wrong; or ''."""
    kinds = [kind for magic, kind in _MAGIC if data.startswith(magic)]
    if kinds:
        return kinds[0]
    return "tar" if data[257:262] == b"ustar" else ""


def open_zip(file: IO[bytes]) -> zipfile.ZipFile:
    """Open a zip.

    Raises
    ------
    Unreadable
        If it is damaged, or its directory alone would fill the memory.
    """
    try:
        _refuse_huge_directory(file)
        return zipfile.ZipFile(file)
    except _DAMAGED as problem:
        raise Unreadable(f"it is not a readable zip: {problem}") from None


def _refuse_huge_directory(file: IO[bytes]) -> None:
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 65_557))  # the end record and its longest comment
    tail = file.read(65_557)
    end = tail.rfind(b"PK\x05\x06")
    if end >= 0 and len(tail) >= end + 22:
        directory = struct.unpack_from("<L", tail, end + 12)[0]
        if min(directory, size) > _DIRECTORY_BYTES:
            limit = human(_DIRECTORY_BYTES)
            raise ValueError(f"its directory has {human(min(directory, size))}, the limit is {limit}")


def zip_entries(archive: zipfile.ZipFile) -> Iterator[Entry]:
    """Yield a zip's entries, those nearest to the top first: the answer is rarely deep down."""
    for info in sorted(archive.infolist(), key=lambda info: info.filename.count("/")):
        name = _zip_name(info)
        path = clean_path(name)
        mode = info.external_attr >> 16
        problem = ""
        if path is None:
            problem = _LEADS_OUT
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            problem = _LINK
        elif info.flag_bits & 0x1:
            problem = "it is encrypted"
        yield Entry(
            path=path or name.lstrip("/\\") or "?",
            size=info.file_size,
            packed=info.compress_size,
            problem=problem,
            read=lambda limit, info=info: _read_member(archive, info, limit),  # type: ignore[misc]
        )


def _zip_name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x800:
        return info.filename
    # macOS writes UTF-8 without saying so.
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    try:
        with archive.open(info) as member:
            return member.read(limit)
    except _DAMAGED as problem:
        raise Unreadable(f"it cannot be unpacked: {problem}") from None


class _Metered:
    """A stream whose every byte counts, so that a bomb ends at the budget."""

    def __init__(self, stream: _Readable, basket: Basket, limit: int) -> None:
        self._stream = stream
        self._basket = basket
        self._left = min(limit, basket.bytes_left)

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= self._left:
            raise Unreadable("it was read only in part: it unpacks to more than the limit for one student")
        data = self._stream.read(size)
        self._left -= len(data)
        self._basket.count(len(data))
        return data


def _unpacked(raw: IO[bytes], kind: str) -> _Readable:
    if kind == "gzip":
        return gzip.GzipFile(fileobj=raw)
    if kind == "bzip2":
        return bz2.BZ2File(raw)
    return lzma.LZMAFile(raw) if kind == "xz" else raw


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
            return header

    return Header


def _tar_entries(data: bytes, kind: str, basket: Basket) -> Iterator[Entry]:
    stream = _unpacked(io.BytesIO(data), kind)
    metered = _Metered(stream, basket, max(basket.budget.ratio_from, basket.budget.ratio * len(data)))
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
        problem = "" if member.isdir() else _LEADS_OUT
    elif not (member.isreg() or member.isdir()) or member.issparse():
        problem = _LINK

    def read(limit: int) -> bytes:
        try:
            file = archive.extractfile(member)
            return b"" if file is None else file.read(min(limit, member.size))
        except _DAMAGED as problem:
            raise Unreadable(f"it cannot be unpacked: {problem}") from None

    shown_path = path or member.name.lstrip("/\\") or "?"
    return Entry(shown_path + "/" * member.isdir(), member.size, read, problem=problem)
