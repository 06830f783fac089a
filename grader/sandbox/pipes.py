"""The pipes to one worker: requests out, frames and printed text in, with bounds and without blocking.

Trusted side. Each pipe has a thread, so that a worker that writes too much or does not read cannot hold up a
caller who waits with a deadline. The same code serves every platform.
"""

import contextlib
import os
import queue
import threading
from dataclasses import dataclass

from grader.assignment.limits import Limits
from grader.worker import wire

PIECE = 1 << 16
KEEP = 1 << 15
MAX_WAITING = 64
MAX_REPLY_HEADER = 1 << 17
"""Bytes of JSON in a reply: a message of 4,000 characters has 48,000 at most."""
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Closed:
    """The worker closed its end: it has ended or is about to."""


@dataclass(frozen=True, slots=True)
class Flooded:
    """The worker printed more than it may."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """The worker sent bytes that are not a frame, or more frames than requested."""

    message: str


Event = wire.Frame | Closed | Flooded | Malformed


class Channel:
    """The trusted ends of a worker's three pipes.

    Parameters
    ----------
    request_fd, reply_fd, output_fd : int
        File descriptors to write requests to and to read replies and printed text from; owned from here on.
    limits : Limits
    """

    def __init__(self, request_fd: int, reply_fd: int, output_fd: int, limits: Limits) -> None:
        self._fds = (request_fd, reply_fd, output_fd)
        self._requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._decoder = wire.Decoder(limits.payload_mb * MIB + PIECE, MAX_REPLY_HEADER)
        self._lock, self._held, self._max_held = threading.Lock(), 0, 2 * limits.payload_mb * MIB
        self._max_printed = limits.output_mb * MIB
        self._head, self._tail, self._count = bytearray(), bytearray(), 0
        tasks = (self._write, self._read_replies, self._read_output)
        self._threads = [threading.Thread(target=task, daemon=True) for task in tasks]
        for thread in self._threads:
            thread.start()

    def expect(self, size: int) -> None:
        """From here on, let no frame carry more bytes of arrays than this; call it before sending."""
        self._decoder.max_payload = size

    def send(self, data: bytes) -> None:
        """Hand bytes to the worker; returns at once."""
        self._requests.put(data)

    def receive(self, seconds: float) -> Event | None:
        """Return the next event, None if none comes in time."""
        try:
            event = self._events.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None
        if isinstance(event, wire.Frame):
            self._hold(-_size(event))
        return event

    @property
    def waiting(self) -> bool:
        """Whether an event is there that nobody has received."""
        return not self._events.empty()

    @property
    def printed(self) -> str:
        """The beginning and the end of what was printed."""
        dropped = self._count - len(self._head) - len(self._tail)
        middle = f"\n... {dropped} bytes left out ...\n".encode() if dropped else b""
        return (self._head + middle + self._tail).decode(errors="replace").replace("\0", "\\x00")

    def close(self) -> None:
        """Let the threads end and close the pipes; call it once the worker is gone."""
        self._requests.put(None)
        for fd, thread in zip(self._fds, self._threads, strict=True):
            thread.join(timeout=1.0)
            # A pipe that a stray process holds open keeps its thread, so its number must not be used again.
            if not thread.is_alive():
                os.close(fd)

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while (data := self._requests.get()) is not None:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._fds[0], view[: 1 << 20]) :]

    def _hold(self, size: int) -> int:
        """Count the bytes of frames that nobody has received yet."""
        with self._lock:
            self._held += size
            return self._held

    def _read_replies(self) -> None:
        try:
            while data := os.read(self._fds[1], PIECE):
                for frame in self._decoder.feed(data):
                    if self._hold(_size(frame)) > self._max_held or self._events.qsize() >= MAX_WAITING:
                        raise wire.WireError("more frames than anybody asked for")
                    self._events.put(frame)
            self._events.put(Closed())
        except wire.WireError as error:
            self._events.put(Malformed(str(error)))
        except (OSError, MemoryError):
            self._events.put(Closed())

    def _read_output(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._fds[2], PIECE):
                self._count += len(data)
                room = KEEP - len(self._head)
                self._head += data[:room]
                self._tail = (self._tail + data[max(0, room) :])[-KEEP:]
                if self._count > self._max_printed:
                    self._events.put(Flooded())
                    return


def _size(frame: wire.Frame) -> int:
    return sum(array.nbytes for array in frame.arrays.values())
