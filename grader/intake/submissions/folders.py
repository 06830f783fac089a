"""A folder on disk as entries: no link is followed, nothing is written, clutter is not entered.

Trusted side; reads the file system.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from grader.intake.submissions.budget import Entry, Unreadable
from grader.intake.submissions.file_types import DEEPEST, NOT_A_FILE, is_clutter


def folder_entries(folder: Path) -> Iterator[Entry]:
    """Yield the files below a folder, and its folders of the first level even if empty.

    Raises
    ------
    OSError
        If the folder itself cannot be listed.
    """
    yield from _walk(folder, "", 0)


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[Entry]:
    with os.scandir(folder) as found:
        items = sorted(found, key=lambda item: (item.is_dir(follow_symlinks=False), item.name))
    for item in items:
        path = prefix + as_text(item.name)
        if item.is_dir(follow_symlinks=False):
            yield from _walk_into(item, path + "/", depth)
        else:
            yield file_entry(Path(item.path), path)


def _walk_into(item: os.DirEntry[str], path: str, depth: int) -> Iterator[Entry]:
    if is_clutter(path + "x"):
        return
    if depth == 0:
        yield Entry(path, 0, lambda _: b"")
    if depth >= DEEPEST:
        yield Entry(path + "…", 0, lambda _: b"", problem=f"it is more than {DEEPEST} folders deep")
        return
    try:
        yield from _walk(Path(item.path), path, depth + 1)
    except OSError as problem:
        yield Entry(path + "…", 0, lambda _: b"", problem=f"the folder cannot be read: {problem.strerror}")


def file_entry(file: Path, path: str) -> Entry:
    """Return the entry for one file on disk, which ``path`` names to people.

    Only regular files are read: opening a pipe would wait for ever, and a link may lead anywhere.
    """
    try:
        found = file.lstat()
    except OSError as problem:
        return Entry(path, 0, lambda _: b"", problem=f"it cannot be read: {problem.strerror}")
    problem_text = "" if stat.S_ISREG(found.st_mode) else NOT_A_FILE
    return Entry(path, found.st_size, lambda limit: _read(file, limit), problem=problem_text)


def _read(file: Path, limit: int) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(limit)
    except OSError as problem:
        raise Unreadable(f"it cannot be read: {problem.strerror}") from None


def as_text(name: str) -> str:
    """Return a name on disk, which need not be UTF-8, as text that reports and databases can hold."""
    return os.fsencode(name).decode("utf-8", "replace")
