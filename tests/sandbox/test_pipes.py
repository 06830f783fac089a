"""A channel never blocks who uses it and holds no more than its bounds, whatever the other end does."""

import os
import time
from collections.abc import Iterator

import numpy as np
import pytest

from grader.sandbox import Limits
from grader.sandbox.pipes import KEEP, Channel, Closed, Flooded, Malformed
from grader.worker import wire

MIB = 1 << 20


class Ends:
    """A channel and the worker's ends of its pipes."""

    def __init__(self, **limits: int) -> None:
        self.requests, to_worker = os.pipe()
        from_worker, self.replies = os.pipe()
        printed, self.output = os.pipe()
        self.channel = Channel(to_worker, from_worker, printed, Limits(**limits))

    def close(self) -> None:
        for fd in (self.requests, self.replies, self.output):
            os.close(fd)
        self.channel.close()


@pytest.fixture
def ends() -> Iterator[Ends]:
    pair = Ends(output_mb=1, payload_mb=1)
    yield pair
    pair.close()


def test_receive_frame_in_pieces_returns_it_whole(ends):
    data = wire.encode({"id": "7"}, {"x": np.ones(3)})
    os.write(ends.replies, data[:20])
    assert ends.channel.receive(0.05) is None
    os.write(ends.replies, data[20:])
    event = ends.channel.receive(5.0)
    assert event.header == {"id": "7"}
    assert not ends.channel.waiting


def test_send_to_a_worker_that_does_not_read_returns_at_once(ends):
    started = time.monotonic()
    ends.channel.send(bytes(8 * MIB))
    assert time.monotonic() - started < 1.0


def test_receive_noise_says_what_is_wrong(ends):
    os.write(ends.replies, b"GET / HTTP/1.1\r\n\r\n")
    event = ends.channel.receive(5.0)
    assert isinstance(event, Malformed)
    assert "instead of b'CNNG'" in event.message


def test_receive_frames_that_nobody_asked_for_are_bounded_by_their_bytes(ends):
    data = wire.encode({}, {"x": np.zeros(100_000)})
    for _ in range(3):
        os.write(ends.replies, data)
    time.sleep(0.1)
    assert ends.channel.receive(1.0).arrays["x"].size == 100_000
    assert isinstance(ends.channel.receive(1.0), wire.Frame)
    assert isinstance(ends.channel.receive(1.0), Malformed)


def test_receive_frame_larger_than_expected_is_refused_by_its_first_bytes(ends):
    ends.channel.expect(1000)
    os.write(ends.replies, wire.encode({}, {"x": np.zeros(126)})[:16])
    event = ends.channel.receive(5.0)
    assert isinstance(event, Malformed)
    assert "1008 bytes: at most 131072 + 1000 are read" in event.message


def test_receive_closed_pipe_is_an_event():
    pair = Ends()
    pair.close()
    assert isinstance(pair.channel.receive(1.0), Closed)


def test_printed_more_than_allowed_is_an_event_and_kept_at_both_ends(ends):
    os.write(ends.output, b"first")
    for _ in range(20):
        os.write(ends.output, b"x" * (1 << 16))
        time.sleep(0.001)
        if ends.channel.waiting:
            break
    assert isinstance(ends.channel.receive(5.0), Flooded)
    assert ends.channel.printed.startswith("firstxxx")
    assert len(ends.channel.printed) < 2 * KEEP + 100
