"""The files taken from one student, under a budget that no archive can exceed.

Trusted side; everything in memory, nothing is ever extracted to a disk.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from grader.intake.submissions.file_types import shown
from grader.intake.submissions.model import SourceFile

_MIB = 1 << 20
TEXT_BYTES = _MIB // 2
"""The largest size of a plain text or page."""

Reading = Callable[[str], AbstractContextManager[str]]
"""Entered around the reading of an upload, with what stands for it; gives why not to read it, or nothing."""


def read_all(upload: str) -> AbstractContextManager[str]:  # noqa: ARG001
    """Let every upload be read."""
    return nullcontext("")


@dataclass(frozen=True, slots=True)
class ReadingBudget:
    """How much one student may make the grader read (sizes in bytes).

    ``ratio`` is how many times its packed size an entry may grow to; it counts from ``ratio_from`` bytes
    on, since short repetitive text packs that well in earnest. ``read_bytes`` includes archives
    inside archives; ``kept_bytes`` are the sources that travel to the grading processes. ``reading`` is
    entered around each student's upload.
    """

    entries: int = 100_000
    files: int = 2_000
    source_bytes: int = 2 * _MIB
    notebook_bytes: int = 16 * _MIB
    text_bytes: int = TEXT_BYTES
    archive_bytes: int = 128 * _MIB
    read_bytes: int = 256 * _MIB
    kept_bytes: int = 48 * _MIB
    ratio: int = 200
    ratio_from: int = _MIB
    depth: int = 4
    warnings: int = 30
    reading: Reading = read_all

    def file_bytes(self, path: str) -> int:
        """Return the largest size that a source of this name may have."""
        lower = path.lower()
        if lower.endswith(".ipynb"):
            return self.notebook_bytes
        return self.text_bytes if lower.endswith((".txt", ".html")) else self.source_bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One file that a folder or archive offers, not read yet.

    ``read(limit)`` returns at most ``limit`` bytes. ``packed`` is the size in the archive, ``size``
    what the archive claims it to be unpacked; ``problem`` says why it must not be read.
    """

    path: str
    size: int
    read: Callable[[int], bytes]
    packed: int | None = None
    problem: str = ""


def upload_digest(root: str, name: str, entries: Sequence[Entry]) -> str:
    """Return the SHA-256 that stands for one student's upload: its place, and its files' names and sizes."""
    digest = hashlib.sha256(repr((root, name)).encode("utf-8", "backslashreplace"))
    for entry in entries:
        digest.update(repr((entry.path, entry.size, entry.packed)).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


class Unreadable(Exception):  # noqa: N818 - a finding about one file, not an error of the run
    """A file or archive of a student cannot be read; the text completes "… was left out: "."""


class Basket:
    """Collects one student's sources and warnings, and counts what reading them cost."""

    def __init__(self, budget: ReadingBudget) -> None:
        self.budget = budget
        self._files: dict[str, bytes] = {}
        self._warnings: list[str] = []
        self._unsaid = 0
        self._entries = 0
        self._listed = 0
        self._read = 0
        self._kept = 0

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """What was kept, in the order of the paths."""
        return tuple(SourceFile(path, self._files[path]) for path in sorted(self._files))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The files that were left out, each with the reason."""
        unsaid = [f"… and {self._unsaid} more warnings of this kind"] if self._unsaid else []
        return (*self._warnings, *unsaid)

    @property
    def bytes_left(self) -> int:
        """How many bytes may still be unpacked for this student."""
        return self.budget.read_bytes - self._read

    def warn(self, text: str) -> None:
        """Keep a warning, unless a hostile archive has caused too many already."""
        if len(self._warnings) < self.budget.warnings:
            self._warnings.append(text)
        else:
            self._unsaid += 1

    def leave_out(self, path: str, why: str) -> None:
        """Warn that a file is not used."""
        self.warn(f"{shown(path)} was left out: {why}")

    def offers(self, entries: Iterable[Entry]) -> Iterable[Entry]:
        """Yield entries until the student's number of entries is used up."""
        for entry in entries:
            if self._entries >= self.budget.entries:
                self.warn(f"more than {self.budget.entries} files; the grader ignores the rest")
                return
            self._entries += 1
            yield entry

    def count_listed(self, number: int) -> None:
        """Count entries that an archive lists, whether they are looked at or not.

        Raises
        ------
        Unreadable
            If the archives of one student list more than twice the number of entries.
        """
        self._listed += number
        if self._listed > 2 * self.budget.entries:
            raise Unreadable(f"the archives of one student list more than {2 * self.budget.entries} files")

    def count(self, size: int) -> None:
        """Count bytes that were unpacked, as part of an archive's stream for instance."""
        self._read += size

    def read(self, entry: Entry, limit: int) -> bytes:
        """Return an entry's bytes.

        Raises
        ------
        Unreadable
            If it is larger than ``limit`` bytes, grows beyond the ratio, or the budget is used up.
        """
        if entry.size > limit:
            raise Unreadable(f"it has {human(entry.size)}, the limit is {human(limit)}")
        growth = entry.size / entry.packed if entry.packed else 0
        if entry.size > self.budget.ratio_from and growth > self.budget.ratio:
            raise Unreadable(f"it unpacks to {growth:.0f} times its size, the limit is {self.budget.ratio}")
        if entry.size > self.bytes_left:
            raise Unreadable(f"the limit of {human(self.budget.read_bytes)} for one student is reached")
        # Before reading, since damaged entries cost time too, by what is unpacked or by what is packed.
        self.count(max(entry.size, min(entry.packed or 0, limit)))
        data = entry.read(limit + 1)
        if len(data) > limit:
            raise Unreadable(f"it has more than {human(limit)}")
        return data

    def keep(self, path: str, data: bytes) -> None:
        """Keep a source; of two with the same path the last counts, as when unpacking."""
        if len(self._files) >= self.budget.files and path not in self._files:
            self.leave_out(path, f"the limit of {self.budget.files} sources for one student is reached")
            return
        if self._kept + len(data) > self.budget.kept_bytes:
            self.leave_out(
                path, f"the limit of {human(self.budget.kept_bytes)} of sources for one student is reached"
            )
            return
        if path in self._files:
            self.warn(f"{shown(path)} appears twice; the last one counts")
        self._kept += len(data)
        self._files[path] = data


def human(size: int) -> str:
    """Return a size in bytes for people.

    Examples
    --------
    >>> human(900), human(3 << 20), human(1536)
    ('900 bytes', '3 MiB', '1.5 KiB')
    """
    for unit, step in (("GiB", 1 << 30), ("MiB", _MIB), ("KiB", 1 << 10)):
        if size >= step:
            return f"{size / step:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} bytes"
