"""Frames between the trusted and the untrusted side: a JSON header and raw array bytes.

Both sides, so Python >= 3.9, NumPy and the standard library only. Nothing that is read here can
run code: no pickle, no object arrays; every size is checked before a byte is used.

A frame is ``b"CNNG"``, the header's length (u32), the payload's length (u64), the header as JSON
and the arrays' bytes, all little-endian, in the order in which ``header["arrays"]`` names them.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any, Mapping, NamedTuple

import numpy as np

MAGIC = b"CNNG"
MAX_HEADER = 1 << 20
MAX_ARRAYS = 64
MAX_NDIM = 8
MAX_SIDE = 1 << 40
OUT_OF_MEMORY_EXIT = 86
"""The exit code by which a worker says that its memory was not enough to answer."""
_INTEGERS = ("|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8")
DTYPES = frozenset((*_INTEGERS, "<f2", "<f4", "<f8", "<c8", "<c16"))
_PREFIX = struct.Struct("<4sIQ")


class WireError(ValueError):
    """Bytes break the wire's rules; the text says which."""


class Frame(NamedTuple):
    """One message: a header of plain JSON values and arrays by name."""

    header: dict[str, Any]
    arrays: dict[str, np.ndarray[Any, Any]]


def encode(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """Return the bytes of a frame.

    Parameters
    ----------
    header : mapping
        JSON-ready values; the key ``arrays`` is the wire's own.
    arrays : mapping of str to ndarray
        Base arrays of booleans, integers, floats or complex numbers, of any layout and byte order.

    Raises
    ------
    WireError
        A dtype, a rank or the header's size is not allowed.
    """
    entries, chunks = [], []
    for name, array in arrays.items():
        plain = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
        if plain.dtype.str not in DTYPES or plain.ndim > MAX_NDIM:
            raise WireError(f"{name}: dtype {plain.dtype} of {plain.ndim} axes cannot be sent")
        entries.append({"name": name, "dtype": plain.dtype.str, "shape": list(plain.shape)})
        chunks.append(plain.tobytes())
    text = json.dumps({**header, "arrays": entries}).encode()
    if len(text) > MAX_HEADER:
        raise WireError(f"header of {len(text)} bytes: at most {MAX_HEADER} are allowed")
    payload = b"".join(chunks)
    return _PREFIX.pack(MAGIC, len(text), len(payload)) + text + payload


class Decoder:
    """Turns bytes, in whatever pieces they arrive, into frames.

    Parameters
    ----------
    max_payload : int
        Bytes of arrays that one frame may carry.
    max_header : int
        Bytes of JSON that one frame may carry.
    max_arrays : int
        How many arrays one frame may carry.

    Attributes
    ----------
    max_payload : int
        May be changed at any time; counts for frames that are not complete yet.

    Examples
    --------
    >>> data = encode({"id": 7}, {"x": np.zeros((2, 3))})
    >>> decoder = Decoder(max_payload=1000)
    >>> decoder.feed(data[:10])
    []
    >>> frame, = decoder.feed(data[10:])
    >>> frame.header, frame.arrays["x"].shape
    ({'id': 7}, (2, 3))
    """

    def __init__(self, max_payload: int, max_header: int = MAX_HEADER, max_arrays: int = MAX_ARRAYS) -> None:
        self.max_payload = max_payload
        self._max_header = max_header
        self._max_arrays = max_arrays
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Take more bytes; return the frames that they complete.

        Raises
        ------
        WireError
            The bytes are not a frame; the decoder cannot be used afterwards.
        """
        self._buffer += data
        frames = []
        while len(self._buffer) >= _PREFIX.size:
            magic, header_size, payload_size = _PREFIX.unpack_from(self._buffer)
            if magic != MAGIC:
                raise WireError(f"a frame starts with {bytes(magic)!r} instead of {MAGIC!r}")
            if header_size > self._max_header or payload_size > self.max_payload:
                raise WireError(
                    f"a frame announces {header_size} + {payload_size} bytes: "
                    f"at most {self._max_header} + {self.max_payload} are read"
                )
            start = _PREFIX.size + header_size
            if len(self._buffer) < start + payload_size:
                break
            with memoryview(self._buffer) as view:
                text, payload = bytes(view[_PREFIX.size : start]), bytes(view[start : start + payload_size])
            del self._buffer[: start + payload_size]
            header = _header(text)
            frames.append(Frame(header, _arrays(header.pop("arrays", None), payload, self._max_arrays)))
        return frames

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished frame are held."""
        return len(self._buffer)


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = _JSON.decode(text.decode())
    except (ValueError, RecursionError):
        raise WireError("a frame's header is not JSON") from None
    if type(header) is not dict:
        raise WireError("a frame's header is not a JSON object")
    return header


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_JSON = json.JSONDecoder(parse_constant=_no_constant)


def _arrays(entries: Any, payload: bytes, most: int) -> dict[str, np.ndarray[Any, Any]]:
    if type(entries) is not list:
        raise WireError("a frame's header lists no arrays")
    if len(entries) > most:
        raise WireError(f"a frame carries {len(entries)} arrays: at most {most} are read")
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    start = 0
    for entry in entries:
        name, dtype, shape = _entry(entry)
        if name in arrays:
            raise WireError(f"a frame names array {name!r:.80} twice")
        size = dtype.itemsize * math.prod(shape)
        if start + size > len(payload):
            raise WireError(f"array {name!r:.80} of shape {shape} is longer than its frame")
        try:
            arrays[name] = np.frombuffer(payload, dtype, math.prod(shape), start).reshape(shape)
        except ValueError:
            raise WireError(f"array {name!r:.80} cannot have shape {shape}") from None
        start += size
    if start != len(payload):
        raise WireError(f"a frame carries {len(payload) - start} bytes that belong to no array")
    return arrays


def _entry(entry: Any) -> tuple[str, np.dtype[Any], tuple[int, ...]]:
    if type(entry) is not dict or set(entry) != {"name", "dtype", "shape"}:
        raise WireError("an array is described by other keys than name, dtype and shape")
    name, dtype, shape = entry["name"], entry["dtype"], entry["shape"]
    # Nothing but text is quoted: what nests deep enough to be read may be too deep to be written.
    if type(name) is not str or type(dtype) is not str:
        raise WireError("an array's name or dtype is not text")
    if dtype not in DTYPES:
        raise WireError(f"array {name!r:.80} has a dtype that is not allowed: {dtype!r:.80}")
    if type(shape) is not list or len(shape) > MAX_NDIM:
        raise WireError(f"array {name!r:.80} has no shape of at most {MAX_NDIM} axes")
    if not all(type(side) is int and 0 <= side <= MAX_SIDE for side in shape):
        raise WireError(f"array {name!r:.80} has a side that is not a size")
    return name, np.dtype(dtype), tuple(shape)
