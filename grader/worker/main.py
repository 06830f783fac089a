"""The worker's main loop: load a student's program, make the requested calls, send back arrays.

Untrusted side: runs in the confined process with the student's code, on Python >= 3.9, with NumPy, the
standard library and its own parts (`grader.worker.wire`, `grader.worker`) only. It knows no expected value.

Each message asks for one call of one layer, which is kept by its slot's number. It is answered by a frame
for each part that it wants, and a last one (part ``end``) that says what stopped the call and which arrays
it changed. Messages are answered in the order in which they come. Which calls make up a case, and which of
them count, is known to the trusted side alone.
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from grader.worker import checked_strides, confine, remarks, rlimits, wire
from grader.worker.call_arrays import CallArrays, LayerSlot
from grader.worker.importer import InMemoryProgram
from grader.worker.layer_kinds import inputs_of
from grader.worker.line_counter import Counter
from grader.worker.load_interface import open_interface
from grader.worker.serialize import MAX_NAME, MAX_NAMES, MAX_REASON, checked, failure
from grader.worker.wire import OUT_OF_MEMORY_EXIT

MAX_REQUEST = 1 << 32


class Worker:
    """One student's program and the interface that calls it."""

    def __init__(self, reply_fd: int) -> None:
        self._fd = reply_fd
        self._write = os.write
        self._files: tuple[str, ...] = ()
        self._student = types.ModuleType("submission")
        self._interface: Any = None
        self._slots: dict[int, LayerSlot] = {}
        self._failed: Any = None
        self._pending: list[bytes] = []
        self._named = 0

    def handle(self, header: dict[str, Any], arrays: CallArrays) -> None:
        """Answer one message: a frame for each part, as soon as it is there, then one that ends it."""
        operation = {
            "load": self.load,
            "make": self.make,
            "forward": self.forward,
            "backward": self.backward,
            "count": self.count,
        }
        if self._failed is not None and header.get("case") == self._failed:
            # What follows in a case was sent ahead; nothing can be called after its make or forward failed.
            self._send(header, "end", status="ok", modified=[])
        else:
            operation[header["op"]](header, arrays)
        if header.get("last"):
            self._slots.clear()

    def load(self, header: dict[str, Any], _: CallArrays) -> None:
        """Execute the interface and the student's definitions."""
        self._interface = open_interface(header["interface"], header["settings"])
        program = InMemoryProgram(header["mains"], header["modules"], header["imports"], header["absent"])
        self._files = tuple(program.modules)
        report: dict[str, Any] = {"status": "ok"}
        try:
            self._student = program.load()
        except BaseException as error:
            report = failure(error, self._files)
            if report["status"] in ("raised", "not_implemented"):
                report["status"] = "import_failed"
        failed = [(one.path, one.line, failure(one.error, self._files)) for one in program.failed[:MAX_NAMES]]
        program.failed.clear()
        if failed and report["status"] == "ok" and not program.defines_anything():
            report = {**failed[0][2], "status": "import_failed"}
        missing = [name[:MAX_NAME] for name in self._interface.missing(self._student)[:MAX_NAMES]]
        names = list(program.stand_ins.items())[:MAX_NAMES]
        loaded: dict[str, Any] = {
            "missing": missing,
            "stand_ins": {name[:MAX_NAME]: why for name, why in names},
            "failed": [
                [self._files.index(path), line, report["message"][:MAX_REASON]]
                for path, line, report in failed
            ],
        }
        self._send(header, "loaded", **report, modified=[], **loaded)

    def make(self, header: dict[str, Any], arrays: CallArrays) -> None:
        """Make a layer, which the interface may put off until its first forward."""
        slot = self._slots[header["slot"]] = LayerSlot()
        given = slot.receive(arrays, header.get("layouts", {}))

        def parts() -> Iterator[tuple[str, Any]]:
            slot.layer = self._build(header, given)
            return iter(())

        self._answer(header, slot, parts)

    def forward(self, header: dict[str, Any], arrays: CallArrays) -> None:
        """Call a layer's forward, whose value is the one part that is wanted."""
        slot = self._slots[header["slot"]]
        # They are set anew before every forward, so what an earlier call did to them must not last.
        slot.restore()
        inputs = slot.receive(arrays, header.get("layouts", {}))

        def parts() -> Iterator[tuple[str, Any]]:
            for part in header["parts"]:
                yield part, slot.layer.forward(*inputs.values())

        self._answer(header, slot, parts)

    def backward(self, header: dict[str, Any], arrays: CallArrays) -> None:
        """Call a layer's backward."""
        slot = self._slots[header["slot"]]
        inputs = slot.receive(arrays, header.get("layouts", {}))
        self._answer(header, slot, lambda: slot.layer.backward(*inputs.values()))

    def count(self, header: dict[str, Any], arrays: CallArrays) -> None:
        """Call forward and backward under `Counter`; the part ``counts`` follows the others."""
        slot, counter = LayerSlot(), Counter(self._files)
        given = slot.receive(arrays, {})
        inputs = [given.pop(name) for name in inputs_of(header["kind"])]
        gradients = [given.pop(name) for name in ("grad_output",) if name in given]

        def parts() -> Iterator[tuple[str, Any]]:
            layer = self._build(header, given)
            first, *others = header["parts"]
            yield first, counter.record(0, lambda: layer.forward(*inputs))
            if len(others) > 1:
                yield from counter.record(1, lambda: list(layer.backward(*gradients)))
            yield "counts", counter.table()

        self._answer(header, slot, parts)

    def _build(self, header: dict[str, Any], arrays: CallArrays) -> Any:
        params = _tuples(header["params"])
        return self._interface.build(
            header["kind"], self._student, params, arrays, measured=header["measured"]
        )

    def _answer(
        self, header: dict[str, Any], slot: LayerSlot, parts: Callable[[], Iterator[tuple[str, Any]]]
    ) -> None:
        """Send the wanted parts that `parts` yields; then whether an error stopped it."""
        wanted = dict(header["parts"])
        remarks.forget()
        end: dict[str, Any] = {"status": "ok"}
        try:
            for part, value in parts():
                if part in wanted:
                    self._part(header, part, value, wanted.pop(part))
                if not wanted:
                    break
        except BaseException as error:
            end = failure(checked_strides.cause(error), self._files)
            if header["op"] != "backward":
                self._failed = header["case"]
        view = remarks.view()
        if view is not None:
            end["view"] = failure(view, self._files)
        self._send(header, "end", **end, modified=slot.modified(), **self._names())

    def _names(self) -> dict[str, Any]:
        """Return what the student calls otherwise than the template, as soon as more of it is known."""
        found = getattr(self._interface, "other_names", {})
        before, self._named = self._named, sum(map(len, found.values()))
        return {"other_names": found} if self._named > before else {}

    def _part(self, header: dict[str, Any], part: str, value: Any, max_bytes: int) -> None:
        try:
            array = checked(part, value, max_bytes)
        except Exception as error:
            self._send(header, part, **failure(error, self._files))
        else:
            self._send(header, part, {part: array}, status="ok", remarks=remarks.noted(part))

    def _send(
        self, header: dict[str, Any], part: str, arrays: CallArrays | None = None, **fields: Any
    ) -> None:
        self._pending.append(wire.encode({"id": header["id"], "part": part, **fields}, arrays or {}))
        if part != "end":
            self.flush()

    def flush(self) -> None:
        """Write what is waiting: the end of a message may wait for what answers the next one."""
        data = memoryview(b"".join(self._pending))
        self._pending.clear()
        while data:
            data = data[self._write(self._fd, data) :]


def serve(request_fd: int, reply_fd: int) -> None:
    """Answer requests until there are no more; never returns to code that could run exit hooks."""
    checked_strides.install()
    hide()
    worker, decoder = Worker(reply_fd), wire.Decoder(MAX_REQUEST, MAX_REQUEST, MAX_REQUEST)
    leave = os._exit
    try:
        while True:
            data = os.read(request_fd, 1 << 20)
            if not data:
                leave(0)
            for header, arrays in decoder.feed(data):
                worker.handle(header, arrays)
            worker.flush()
    except MemoryError:
        leave(OUT_OF_MEMORY_EXIT)


def hide() -> None:
    """Let nothing of the grader be importable by name from here on."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "grader"]:
        del sys.modules[name]


def main(settings: str) -> None:
    """Serve on standard input and output; what the student prints goes to standard error.

    Parameters
    ----------
    settings : str
        JSON: ``limits`` for `rlimits.apply` and, where a sandbox has one, the seccomp ``filter`` in base64.
    """
    requests, replies = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    nothing, end = os.pipe()
    os.close(end)
    os.dup2(nothing, 0)
    os.close(nothing)
    streams()
    values = json.loads(settings)
    rlimits.apply(values["limits"])
    if values["filter"]:
        confine.give_up_privileges()
        confine.restrict_calls(base64.b64decode(values["filter"]))
    serve(requests, replies)


def streams() -> None:
    """Reopen the student's streams, unbuffered, so that nothing printed is lost when the process dies."""
    output: BinaryIO = open(1, "wb", buffering=0, closefd=False)  # noqa: SIM115
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stderr = open_text(output)


def open_text(stream: BinaryIO) -> Any:
    """Return a text stream that writes through, whatever characters it is given."""
    return io.TextIOWrapper(stream, "utf-8", errors="backslashreplace", write_through=True)


def _tuples(value: Any) -> Any:
    """Make JSON's lists the pairs that students expect."""
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    return {key: _tuples(item) for key, item in value.items()} if isinstance(value, dict) else value
