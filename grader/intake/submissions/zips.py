"""Zips as entries that are read in memory, one at a time.

Trusted side. Links and paths that lead out of the archive are never read.
"""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from grader.intake.submissions.budget import Basket, Entry, Unreadable, human
from grader.intake.submissions.file_types import LEADS_OUT, NOT_A_FILE, clean_path

_ENTRY = b"PK\x01\x02"
_DIRECTORY_BYTES, _MOST_ENTRIES, _MOST_OF_A_CLASS = 24 << 20, 100_000, 400_000
_EXTRA_BYTES, _ALL_EXTRA_BYTES = 1 << 10, 4 << 20
# Everything that zipfile was seen to raise on damaged input.
_DAMAGED = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError,
    ValueError, OverflowError, MemoryError, RecursionError, NotImplementedError, RuntimeError,
)  # fmt: skip


def open_zip(file: IO[bytes], basket: Basket | None = None) -> zipfile.ZipFile:
    """Open a zip; its entries count as those of the basket's student if one is given.

    Raises
    ------
    Unreadable
        If it is damaged, or its directory alone would fill the memory.
    """
    try:
        archive = zipfile.ZipFile(_Guarded(file, _MOST_OF_A_CLASS if basket is None else _MOST_ENTRIES))
    except _DAMAGED as problem:
        raise Unreadable(f"it is not a readable zip: {problem}") from None
    if basket is not None:
        basket.count_listed(len(archive.filelist))
    return archive


class _Guarded:
    """A zip file whose directory zipfile reads only if it is of a size that can be read.

    Which of several directories, sizes and counts zipfile believes (zip64 has its own) need not be known:
    it reads the directory by one `read`, and that is looked at before zipfile takes it apart.
    """

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file = file
        self._most = most
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1, /) -> bytes:
        if size > _DIRECTORY_BYTES:
            raise ValueError(f"its directory has {human(size)}, the limit is {human(_DIRECTORY_BYTES)}")
        data = self._file.read(size)
        if data.startswith(_ENTRY):
            _check_directory(data, self._most)
        return data


def _check_directory(data: bytes, most: int) -> None:
    """Refuse a directory of too many entries, or of extra fields that take quadratic time to read."""
    if data.count(_ENTRY) > most:
        raise ValueError(f"it has more than {most} entries")
    place = extras = 0
    while data.startswith(_ENTRY, place) and place + 46 <= len(data):
        name, extra, comment = struct.unpack_from("<HHH", data, place + 28)
        extras += extra
        if extra > _EXTRA_BYTES or extras > _ALL_EXTRA_BYTES:
            raise ValueError("its directory has extra fields that are too long")
        place += 46 + name + extra + comment


def zip_entries(archive: zipfile.ZipFile) -> Iterator[Entry]:
    """Yield a zip's entries, those nearest to the top first: the answer is rarely deep down."""
    for info in sorted(archive.infolist(), key=lambda info: info.filename.count("/")):
        name = _zip_name(info)
        path = clean_path(name)
        mode = info.external_attr >> 16
        problem = ""
        if path is None:
            problem = LEADS_OUT
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            problem = NOT_A_FILE
        elif info.flag_bits & 0x1:
            problem = "it is encrypted"
        elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # zipfile unpacks other kinds as a whole: 1 GB of zeros in 700 bytes of bzip2.
            problem = "it is packed in an unusual way: please submit a normal zip"
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
