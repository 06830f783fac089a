"""Packed bytes as streams that are unpacked while they are read, and end at the budget.

Trusted side; everything in memory.
"""

import bz2
import lzma
import re
import zlib
from typing import Protocol

from grader.intake.submissions.budget import Basket, Unreadable

_PIECE, _MOST_STREAMS, _XZ_MEMORY = 1 << 16, 5_000, 100 << 20
_ZEROS = re.compile(rb"\0*+")


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class Metered:
    """A stream whose every byte counts, so that a bomb ends at the budget."""

    def __init__(self, stream: _Readable, basket: Basket, limit: int) -> None:
        self._stream = stream
        self._basket = basket
        self._left = min(limit, basket.bytes_left)

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; refuse to read on where the budget ends."""
        if not 0 <= size <= self._left:
            raise Unreadable("it was read only in part: it unpacks to more than the limit for one student")
        data = self._stream.read(size)
        self._left -= len(data)
        self._basket.count(len(data))
        return data


class Unpacking:
    """The bytes that are packed in some others, unpacked as they are read and never all at once.

    The readers of the standard library take Python steps for each byte of a gzip's name and for each of a
    million empty streams, and allocate whatever an xz claims to need.
    """

    def __init__(self, data: bytes, kind: str) -> None:
        self._data = data
        self._kind = kind
        self._place = 0
        self._streams = 0
        self._stream = self._open()

    def _open(self) -> _Decompressor:
        self._streams += 1
        if self._streams > _MOST_STREAMS:
            raise Unreadable(f"it is made of more than {_MOST_STREAMS} packed streams")
        if self._kind == "gzip":
            return _Inflate()
        if self._kind == "bzip2":
            return bz2.BZ2Decompressor()
        return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, fewer only at the end."""
        pieces: list[bytes] = []
        while size > 0:
            if self._stream.eof:
                self._place -= len(self._stream.unused_data)
                padding = _ZEROS.match(self._data, self._place)
                self._place = padding.end() if padding else self._place
                if self._place >= len(self._data):
                    break
                self._stream = self._open()
            packed = b""
            if self._stream.needs_input:
                packed = self._data[self._place : self._place + _PIECE]
                self._place += len(packed)
                if not packed:
                    raise EOFError("it ends in the middle")
            piece = self._stream.decompress(packed, size)
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


class _Inflate:
    """zlib's decompressor with the face of the two others."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def needs_input(self) -> bool:
        return not self._inflate.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)
