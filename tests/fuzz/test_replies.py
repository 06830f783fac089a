"""Whatever a worker sends, in whatever order, a call ends in a verdict, soon, and nothing else is raised.

A scripted worker in a thread takes the place of the process; the pipes and all that reads them are real.
`FUZZ_TIMES` multiplies the number of inputs.
"""

import contextlib
import json
import os
import select
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.assignment.limits import Limits
from grader.intake.source import Program
from grader.results import Outcome
from grader.sandbox import Client
from grader.sandbox.answers import MAX_TEXT
from grader.sandbox.messages import room_for
from grader.sandbox.pipes import Channel
from grader.sandbox.process import WorkerProcess
from grader.worker import wire

TIMES = int(os.environ.get("FUZZ_TIMES", "1"))
LIMITS = Limits(call_seconds=0.1, load_seconds=0.1, submission_seconds=2.0, payload_mb=1, output_mb=1)
ARRAYS = {
    f"{warm}{name}": np.ones(shape)
    for warm in ("", "warmup_")
    for name, shape in {"x": (2, 3), "weight": (4, 3), "bias": (4,), "grad_output": (2, 4)}.items()
}
PARTS = ("output", "grad_x", "grad_weight", "grad_bias")
ROOM = room_for(64)
MOST_BYTES = 1 << 22
WORST_SECONDS = 5.0
"""A call has up to 15 frames to wait for, but the submission's 2 s end it before; the machine may be busy."""


class Scripted(WorkerProcess):
    """A worker that answers what `script` makes of the honest answers, and closes its pipes or waits."""

    def __init__(self, script: Any) -> None:
        self._script = script
        self._requests, to_worker = os.pipe()
        from_worker, self._replies = os.pipe()
        printed, self._output = os.pipe()
        channel = Channel(to_worker, from_worker, printed, LIMITS)
        super().__init__(0, channel, self._ended)
        self._killed, self._kill = os.pipe()
        os.set_blocking(self._replies, False)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def cpu_seconds(self) -> float:
        """Return nothing: there is no process."""
        return 0.0

    def _serve(self) -> None:
        with contextlib.suppress(OSError, KilledError):
            self._send(self._script.early)
            asked: list[wire.Frame] = []
            decoder = wire.Decoder(1 << 30, 1 << 30)
            while data := self._receive():
                asked += decoder.feed(data)
                if asked and (asked[-1].header["op"] == "load" or asked[-1].header["last"]):
                    frames = [frame for header, _ in asked for frame in honest(header)]
                    loading, asked = asked[-1].header["op"] == "load", []
                    if not loading or self._script.at_load:
                        self._send(self._script.changed(frames))
                        break
                    self._send(encoded(*frames[0]))
            if self._script.waits:
                self._wait([], [], WORST_SECONDS)
        for fd in (self._requests, self._replies, self._output):
            os.close(fd)

    def _wait(self, read: list[int], write: list[int], seconds: float | None = None) -> None:
        if self._killed in select.select([*read, self._killed], write, [], seconds)[0]:
            raise KilledError

    def _receive(self) -> bytes:
        self._wait([self._requests], [])
        return os.read(self._requests, 1 << 20)

    def _send(self, data: bytes) -> None:
        while data:
            self._wait([], [self._replies])
            data = data[os.write(self._replies, data[: 1 << 16]) :]

    def _ended(self, _: float) -> int:
        os.write(self._kill, b"!")
        self._thread.join(WORST_SECONDS)
        os.close(self._kill)
        os.close(self._killed)
        return 0


class KilledError(Exception):
    """The worker is to end, whatever it waits for."""


def honest(header: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]], bytes]]:
    """Yield header, entries and payload of the frames that a worker answers to a message."""
    end = {"id": header["id"], "status": "ok", "modified": []}
    if header["op"] == "load":
        found = {
            "missing": ["Linear"],
            "stand_ins": {"torch": "is not there"},
            "failed": [[0, 1, "KeyError: 0"]],
        }
        yield {**end, "part": "loaded", **found}, [], b""
        return
    for part in header["parts"]:
        entry = {"name": part, "dtype": "<f8", "shape": [8]}
        yield {"id": header["id"], "part": part, "status": "ok"}, [entry], bytes(64)
    yield {**end, "part": "end"}, [], b""


def encoded(header: dict[str, Any], entries: Any, payload: bytes) -> bytes:
    """Return a frame, whatever is in it."""
    text = header["raw"] if "raw" in header else json.dumps({**header, "arrays": entries}).encode()
    return struct.pack("<4sIQ", b"CNNG", len(text), len(payload)) + text + payload


def described(entries: Any) -> list[dict[str, Any]]:
    """Return what describes arrays among entries that may have been changed before."""
    return [entry for entry in entries if type(entry) is dict] if type(entries) is list else []


@dataclass(frozen=True)
class Script:
    """What is done with the honest frames."""

    changes: list[Any]
    at_load: bool = False
    waits: bool = False
    early: bytes = b""

    def changed(self, honest_frames: list[Any]) -> bytes:
        """Return the bytes that are sent."""
        frames = list(honest_frames)
        for change, where, *more in self.changes:
            if frames:
                getattr(self, f"_{change}")(frames, where % len(frames), *more)
        known: dict[int, bytes] = {}
        pieces: list[bytes] = []
        for frame in frames:
            if id(frame) not in known:
                known[id(frame)] = encoded(*frame)
            pieces.append(known[id(frame)])
            # More is never read, and would take this worker itself too long.
            if len(pieces) * len(pieces[-1]) > MOST_BYTES:
                break
        data = b"".join(pieces)
        for change, where, *more in self.changes:
            if change == "cut":
                data = data[: where % (len(data) + 1)]
            if change == "noise":
                place = where % (len(data) + 1)
                data = data[:place] + more[0] + data[place + len(more[0]) :]
        return data

    def _swap(self, frames: list[Any], where: int, other: int) -> None:
        other %= len(frames)
        frames[where], frames[other] = frames[other], frames[where]

    def _repeat(self, frames: list[Any], where: int, times: int) -> None:
        frames[where:where] = [frames[where]] * times

    def _drop(self, frames: list[Any], where: int) -> None:
        del frames[where]

    def _field(self, frames: list[Any], where: int, name: str, value: Any) -> None:
        header, *rest = frames[where]
        frames[where] = ({**header, name: value}, *rest)

    def _fail(self, frames: list[Any], where: int, status: str) -> None:
        header = {**frames[where][0], "status": status, "message": "no", "frames": [[0, 1]]}
        frames[where] = (header, [], b"")

    def _entry(self, frames: list[Any], where: int, name: str, value: Any) -> None:
        header, entries, payload = frames[where]
        frames[where] = (header, [{**entry, name: value} for entry in described(entries)], payload)

    def _entries(self, frames: list[Any], where: int, value: Any) -> None:
        frames[where] = (frames[where][0], value, frames[where][2])

    def _payload(self, frames: list[Any], where: int, size: int) -> None:
        header, entries, _ = frames[where]
        frames[where] = (
            header,
            [{**entry, "shape": [size // 8]} for entry in described(entries)],
            bytes(size),
        )

    def _deep(self, frames: list[Any], where: int, name: str, levels: int) -> None:
        request, value = frames[where][0].get("id", ""), "[" * levels + "]" * levels
        text = f'{{"arrays": [], "id": "{request}", "{name}": {value}}}'
        frames[where] = ({"raw": text.encode()}, [], b"")

    def _long(self, frames: list[Any], where: int, name: str, length: int) -> None:
        self._field(frames, where, name, [["", 0]] * length)

    def _cut(self, *_: Any) -> None:
        """Done to the bytes."""

    _noise = _cut


NAMES = st.sampled_from(
    [
        *("id", "part", "status", "message", "frames", "modified", "other_names"),
        *("remarks", "view", "missing", "stand_ins", "failed", "arrays", "more"),
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**400), 10**400)
    | st.integers(-2, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from([*PARTS, "end", "loaded", "ok", "raised", "passed", "x", "\ud800\0", "x" * 9000])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)
STATUSES = st.sampled_from([str(outcome) for outcome in Outcome])
WHERE = st.integers(0, 40)
SHAPES = st.lists(st.sampled_from([0, 1, 2, 4, 8, -1, 1 << 40, 1 << 41, 1 << 62]), max_size=9)
CHANGES = st.one_of(
    st.tuples(st.just("swap"), WHERE, WHERE),
    st.tuples(st.just("repeat"), WHERE, st.sampled_from([1, 2, 70, 3000])),
    st.tuples(st.just("drop"), WHERE),
    st.tuples(st.just("field"), WHERE, NAMES, VALUES),
    st.tuples(st.just("fail"), WHERE, STATUSES),
    st.tuples(st.just("entry"), WHERE, st.just("shape"), SHAPES),
    st.tuples(
        st.just("entry"), WHERE, st.just("dtype"), st.sampled_from([*sorted(wire.DTYPES), "|O", ">f8"])
    ),
    st.tuples(st.just("entry"), WHERE, st.sampled_from(["name", "dtype", "shape", "more"]), VALUES),
    st.tuples(st.just("entries"), WHERE, VALUES | st.just([{}] * 9000)),
    st.tuples(st.just("payload"), WHERE, st.sampled_from([0, 8, 7, ROOM, ROOM + 8, 1 << 20, 1 << 23])),
    st.tuples(st.just("deep"), WHERE, NAMES, st.sampled_from([9, 300, 900, 985, 60_000])),
    st.tuples(st.just("long"), WHERE, NAMES, st.sampled_from([100, 10_000, 200_000])),
    st.tuples(st.just("cut"), st.integers(0, 9000)),
    st.tuples(st.just("noise"), st.integers(0, 9000), st.binary(min_size=1, max_size=40)),
)
SCRIPTS = st.builds(
    Script,
    st.lists(CHANGES, max_size=3),
    at_load=st.sampled_from([False, False, False, True]),
    waits=st.sampled_from([False] * 9 + [True]),
    early=st.sampled_from([b""] * 9) | st.binary(max_size=40),
)


class Backend:
    """Starts scripted workers."""

    name = "scripted"

    def __init__(self, script: Script) -> None:
        self._script = script

    def spawn(self, _: Limits) -> WorkerProcess:
        return Scripted(self._script)

    def close(self) -> None:
        """Hold nothing."""


@pytest.fixture(scope="module")
def broken_threads() -> Iterator[list[object]]:
    """Collect what ends a thread by an error."""
    found: list[object] = []
    before = threading.excepthook
    threading.excepthook = lambda args: found.append((args.exc_type, args.exc_value))
    yield found
    threading.excepthook = before


def ask(script: Script, scenario: str) -> Any:
    program = Program("cnn.py", {"cnn.py": ""})
    with Client(program, "", {}, (), LIMITS, Backend(script)) as client:
        return client.run(
            "linear", {}, ARRAYS, parts=PARTS, scenario=scenario, sizes=dict.fromkeys(PARTS, 64)
        )


@pytest.mark.parametrize("scenario", ["once", "twice", "second_forward", "two_layers"])
def test_honest_frames_answer_every_part(scenario, broken_threads):
    reply = ask(Script([]), scenario)
    assert [answer.outcome for answer in reply.answers.values()] == [None] * len(PARTS)
    assert [answer.array.shape for answer in reply.answers.values()] == [(8,)] * len(PARTS)
    assert broken_threads == []


@settings(max_examples=180 * TIMES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=SCRIPTS, scenario=st.sampled_from(["once", "twice", "two_layers"]))
def test_any_frames_end_in_a_verdict(script, scenario, broken_threads):
    broken_threads.clear()
    started = time.monotonic()
    reply = ask(script, scenario)
    assert time.monotonic() - started < WORST_SECONDS
    assert tuple(reply.answers) == PARTS
    for answer in reply.answers.values():
        assert set(answer.modified) <= set(ARRAYS)
        assert (answer.outcome is None) == (answer.array is not None)
        assert answer.array is None or answer.array.nbytes <= ROOM
        assert answer.outcome is None or isinstance(answer.outcome, Outcome)
        assert len(answer.message.encode()) <= 8 * MAX_TEXT
    assert broken_threads == []
