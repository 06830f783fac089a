"""Frames survive the way unharmed, and nothing but a frame is believed."""

import contextlib
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.worker import wire

DTYPES = st.sampled_from(["?", "i1", "<i2", "<i4", "<i8", "u1", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"])
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0)))


def frame(header: object, payload: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<4sIQ", b"CNNG", len(text), len(payload)) + text + payload


def decode(data: bytes, max_payload: int = 1 << 20) -> list[wire.Frame]:
    return wire.Decoder(max_payload).feed(data)


@settings(max_examples=60, deadline=None)
@given(arrays=st.dictionaries(st.text(max_size=8), ARRAYS, max_size=3), cut=st.integers(1, 50))
def test_feed_frame_in_pieces_returns_what_was_encoded(arrays, cut):
    data = wire.encode({"id": 1, "part": "output"}, arrays)
    decoder, frames = wire.Decoder(1 << 20), []
    for start in range(0, len(data), cut):
        frames += decoder.feed(data[start : start + cut])
    [(header, decoded)] = frames
    assert header == {"id": 1, "part": "output"}
    assert list(decoded) == list(arrays)
    for name, array in arrays.items():
        assert decoded[name].dtype == array.dtype
        assert decoded[name].shape == array.shape
        assert decoded[name].tobytes() == array.tobytes()
    assert decoder.pending == 0


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.arange(6.0)[::-2],
        np.arange(3, dtype=">f8"),
        np.float64(2).reshape(()),
    ],
)
def test_encode_any_layout_sends_the_values(array):
    [(_, arrays)] = decode(wire.encode({}, {"x": array}))
    np.testing.assert_array_equal(arrays["x"], array)
    assert arrays["x"].dtype == np.dtype("<f8")


@pytest.mark.parametrize(
    "array", [np.array([None]), np.zeros(1, "longdouble"), np.zeros((1,) * 9), np.array("a")]
)
def test_encode_array_outside_the_rules_raises(array):
    with pytest.raises(wire.WireError, match="cannot be sent"):
        wire.encode({}, {"x": array})


def test_feed_two_frames_at_once_returns_both_in_order():
    data = wire.encode({"id": 1}, {}) + wire.encode({"id": 2}, {})
    assert [header["id"] for header, _ in decode(data)] == [1, 2]


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def entry(name="x", dtype="<f8", shape=(1,)):
    return {"name": name, "dtype": dtype, "shape": list(shape) if isinstance(shape, tuple) else shape}


BAD = {
    "another magic": b"HTTP" + bytes(12),
    "a header longer than allowed": struct.pack("<4sIQ", b"CNNG", (1 << 20) + 1, 0),
    "a payload longer than allowed": struct.pack("<4sIQ", b"CNNG", 2, 1 << 62),
    "a header that is not JSON": frame(b"{"),
    "a header that is not UTF-8": frame(b"\xff\xfe"),
    "a header nested too deeply": frame(b"[" * 100_000),
    "an integer of too many digits": frame(b'{"id": ' + b"1" * 10_000 + b"}"),
    "NaN in the header": frame(b'{"id": NaN, "arrays": []}'),
    "a list as header": frame([]),
    "no arrays": frame({"id": 1}),
    "arrays that are not a list": frame({"arrays": {}}),
    "an array that is not an object": frame({"arrays": [1]}),
    "an array with a further key": frame({"arrays": [{**entry(), "fill": 0}]}, bytes(8)),
    "object dtype": frame({"arrays": [entry(dtype="|O")]}, bytes(8)),
    "big-endian dtype": frame({"arrays": [entry(dtype=">f8")]}, bytes(8)),
    "a dtype that is not text": frame({"arrays": [entry(dtype=["<f8"])]}, bytes(8)),
    "a name that is not text": frame({"arrays": [entry(name=1)]}, bytes(8)),
    "a name that nests too deep to be quoted": frame({"arrays": [entry(name=deep(900))]}, bytes(8)),
    "a dtype that nests too deep to be quoted": frame({"arrays": [entry(dtype=deep(900))]}, bytes(8)),
    "too many arrays": frame({"arrays": [entry(name=str(number), shape=(0,)) for number in range(65)]}),
    "a name twice": frame({"arrays": [entry(), entry()]}, bytes(16)),
    "too many axes": frame({"arrays": [entry(shape=(1,) * 9)]}, bytes(8)),
    "a negative side": frame({"arrays": [entry(shape=(-1,))]}, bytes(8)),
    "a side that is a float": frame({"arrays": [entry(shape=(1.0,))]}, bytes(8)),
    "a side that is true": frame({"arrays": [entry(shape=(True,))]}, bytes(8)),
    "an enormous side": frame({"arrays": [entry(shape=(1 << 41, 0))]}),
    "an empty array beyond the address space": frame({"arrays": [entry(shape=(1 << 40, 1 << 40, 0))]}),
    "a shape that is not a list": frame({"arrays": [entry(shape=3)]}, bytes(8)),
    "less payload than the shape": frame({"arrays": [entry(shape=(2,))]}, bytes(8)),
    "more payload than the shape": frame({"arrays": [entry(shape=(1,))]}, bytes(16)),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_feed_bytes_outside_the_rules_raises_wire_error(data):
    with pytest.raises(wire.WireError):
        decode(data)


def test_feed_lowered_limit_counts_for_frames_that_have_not_come():
    decoder = wire.Decoder(16)
    decoder.feed(wire.encode({}, {"x": np.zeros(2)}))
    decoder.max_payload = 8
    with pytest.raises(wire.WireError, match="16 bytes"):
        decoder.feed(wire.encode({}, {"x": np.zeros(2)}))


@settings(max_examples=80, deadline=None)
@given(data=st.binary(max_size=60), start=st.sampled_from([b"", b"CNNG", b"CNNG\x02\0\0\0" + bytes(8)]))
def test_feed_random_bytes_raises_nothing_but_wire_error(data, start):
    with contextlib.suppress(wire.WireError):
        decode(start + data)
