"""The worker's main loop: load a student's program, make the requested calls, send back arrays.

Untrusted side: runs in the confined process with the student's code, on Python >= 3.9, with NumPy, the
standard library and its own parts (`grader.worker.wire`, `grader.worker`) only. It knows no expected value.
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
import types
from typing import Any, BinaryIO, Iterator

import numpy as np

from grader.worker import checked_strides, confine, rlimits, scenarios, wire
from grader.worker.importer import InMemoryProgram
from grader.worker.line_counter import Counter
from grader.worker.load_interface import open_interface
from grader.worker.serialize import checked, failure
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
        self._max_bytes = 0
        self._held: Any = None

    def handle(self, header: dict[str, Any], arrays: scenarios.CallArrays) -> None:
        """Answer one request with one frame for each part, then one that ends it."""
        operation = {
            "load": self.load,
            "run": self.run,
            "forward": self.forward,
            "backward": self.backward,
            "count": self.count,
        }
        operation[header["op"]](header, arrays)

    def load(self, header: dict[str, Any], _: scenarios.CallArrays) -> None:
        """Execute the interface and the student's definitions."""
        self._interface = open_interface(header["interface"], header["settings"])
        self._max_bytes = header["max_bytes"]
        program = InMemoryProgram(header["main"], header["modules"], header["imports"])
        self._files = tuple(program.modules)
        report: dict[str, Any] = {"status": "ok", "message": "", "frames": []}
        try:
            self._student = program.load()
        except BaseException as error:
            report = failure(error, self._files)
            if report["status"] in ("raised", "not_implemented"):
                report["status"] = "import_failed"
        missing = self._interface.missing(self._student)
        self._send(header, "loaded", **report, missing=missing, stand_ins=program.stand_ins)

    def run(self, header: dict[str, Any], arrays: scenarios.CallArrays) -> None:
        """Call the student's code through a whole case."""
        inputs = self._laid_out(header, arrays)

        def parts() -> Iterator[tuple[str, Any]]:
            return scenarios.answers(
                header["kind"], lambda own: self._make(header, own), inputs, header["scenario"]
            )

        self._answer(header, parts, inputs, arrays)

    def forward(self, header: dict[str, Any], arrays: scenarios.CallArrays) -> None:
        """Call forward alone and hold the layer, so that nobody knows the gradient that will come."""
        inputs = self._laid_out(header, arrays)

        def parts() -> Iterator[tuple[str, Any]]:
            self._held = self._make(header, inputs)
            yield scenarios.first_part(self._held), scenarios.forward(header["kind"], self._held, inputs)

        self._answer(header, parts, inputs, arrays)

    def backward(self, header: dict[str, Any], arrays: scenarios.CallArrays) -> None:
        """Call backward of the layer that `forward` held."""
        inputs = self._laid_out(header, arrays)
        held, self._held = self._held, None
        self._answer(header, lambda: held.backward(*inputs.values()), inputs, arrays)

    def count(self, header: dict[str, Any], arrays: scenarios.CallArrays) -> None:
        """Call forward and backward under `Counter`; the part ``counts`` follows the others."""
        inputs = self._laid_out(header, arrays)
        counter = Counter(self._files)

        def parts() -> Iterator[tuple[str, Any]]:
            layer = self._make(header, inputs)
            forward = counter.record(0, lambda: scenarios.forward(header["kind"], layer, inputs))
            yield scenarios.first_part(layer), forward
            if len(header["parts"]) > 2:
                yield from counter.record(1, lambda: list(scenarios.backward(layer, inputs)))
            yield "counts", counter.table()

        self._answer(header, parts, inputs, arrays)

    def _make(self, header: dict[str, Any], arrays: scenarios.CallArrays) -> Any:
        kind, params, measured = header["kind"], _tuples(header["params"]), header["op"] != "run"
        return self._interface.build(kind, self._student, params, arrays, measured=measured)

    def _laid_out(
        self, header: dict[str, Any], arrays: scenarios.CallArrays
    ) -> dict[str, np.ndarray[Any, Any]]:
        layouts = header.get("layouts", {})
        return {name: scenarios.laid_out(a, layouts.get(name, "contiguous")) for name, a in arrays.items()}

    def _answer(
        self,
        header: dict[str, Any],
        parts: Any,
        inputs: scenarios.CallArrays,
        originals: scenarios.CallArrays,
    ) -> None:
        """Send the wanted parts that `parts` yields, and the error that stopped it."""
        wanted = list(header["parts"])
        try:
            for part, value in parts():
                if part in wanted:
                    wanted.remove(part)
                    self._part(header, part, value)
                if not wanted:
                    break
        except BaseException as error:
            self._send(header, wanted.pop(0) if wanted else "end", **failure(error, self._files))
        else:
            for part in wanted:
                self._send(header, part, status="not_implemented", message=f"no {part} was returned")
        self._send(header, "end", modified=scenarios.modified(inputs, originals))

    def _part(self, header: dict[str, Any], part: str, value: Any) -> None:
        try:
            array = checked(part, value, self._max_bytes)
        except Exception as error:
            self._send(header, part, **failure(error, self._files))
        else:
            self._send(header, part, {part: array}, status="ok")

    def _send(
        self, header: dict[str, Any], part: str, arrays: scenarios.CallArrays | None = None, **fields: Any
    ) -> None:
        data = memoryview(wire.encode({"id": header["id"], "part": part, **fields}, arrays or {}))
        while data:
            data = data[self._write(self._fd, data) :]


def serve(request_fd: int, reply_fd: int) -> None:
    """Answer requests until there are no more; never returns to code that could run exit hooks."""
    checked_strides.install()
    hide()
    worker, decoder = Worker(reply_fd), wire.Decoder(MAX_REQUEST, MAX_REQUEST)
    leave = os._exit
    try:
        while True:
            data = os.read(request_fd, 1 << 20)
            if not data:
                leave(0)
            for header, arrays in decoder.feed(data):
                worker.handle(header, arrays)
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
