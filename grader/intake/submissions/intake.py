"""From the paths that a teaching assistant gives to one Submission for each student.

Trusted side; reads files and never writes one. The files of a student become that student's
warning at worst; only a PATH or worksheet that cannot be read as a whole is an error.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from grader.errors import SubmissionError
from grader.intake.submissions.archives import archive_kind, take, take_archive
from grader.intake.submissions.budget import Basket, Entry, ReadingBudget, Unreadable, upload_digest
from grader.intake.submissions.file_types import is_archive, is_clutter, is_source, shown
from grader.intake.submissions.folders import as_text, file_entry, folder_entries
from grader.intake.submissions.ids import make_ids
from grader.intake.submissions.join import join
from grader.intake.submissions.model import HandIn, Intake, Submission
from grader.intake.submissions.zips import open_zip, zip_entries
from grader.moodle.download_names import Owned, split_owner
from grader.moodle.worksheet import read_worksheet
from grader.visible_text import visible, visible_name

_LONGEST_NAME = 200
_NEVER_ANSWERS = (".md", ".toml", ".txt", ".csv", ".json", ".html", ".pdf")


def collect(
    paths: Sequence[Path], worksheet: Path | None = None, *, due: datetime | None = None
) -> list[Submission]:
    """Return the submissions found at some paths, joined to Moodle's worksheet if there is one.

    Parameters
    ----------
    paths : sequence of Path
        Folders, archives (Moodle's download among them) or single source files. In a folder, each
        sub-folder, archive and source file is one submission.
    worksheet : Path, optional
        Moodle's offline grading worksheet. Participants are matched by their number, never by name;
        participants who submitted nothing become submissions without files.
    due : datetime, optional
        When the assignment was due, in the worksheet's time zone and without one of its own; without
        it, lateness is what the worksheet's Status says.

    Returns
    -------
    list of Submission
        In the order found; each ``id`` occurs once.

    Raises
    ------
    SubmissionError
        If a path or the worksheet cannot be read as a whole, or a folder holds no submission.
    """
    return list(gather(paths, worksheet, due=due).submissions)


def gather(
    paths: Sequence[Path],
    worksheet: Path | None = None,
    *,
    due: datetime | None = None,
    budget: ReadingBudget | None = None,
) -> Intake:
    """Return what `collect` does together with the warnings that belong to no student."""
    handins: list[HandIn] = []
    warnings: list[str] = []
    for path in _distinct(paths):
        found, notes = read_path(path, budget or ReadingBudget())
        handins += found
        warnings += notes
    if worksheet is not None:
        handins, notes = join(handins, read_worksheet(worksheet), due)
        warnings += notes
    ids = make_ids(handins)
    return Intake(tuple(map(_submission, ids, handins)), tuple(map(visible, warnings)))


def _submission(submission_id: str, handin: HandIn) -> Submission:
    """Return a hand-in as it is known from here on: its texts are for people."""
    name = visible_name(handin.name)
    return Submission(
        submission_id,
        name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…",
        None if handin.team else handin.number,
        handin.files,
        tuple(map(visible, handin.warnings)),
        handin.standing,
        visible(handin.problem),
        handin.upload,
    )


def _distinct(paths: Iterable[Path]) -> list[Path]:
    return list({path.resolve(): path for path in paths}.values())


def read_path(path: Path, budget: ReadingBudget) -> tuple[list[HandIn], list[str]]:
    """Return the hand-ins at one path, and warnings that belong to none of them.

    Raises
    ------
    SubmissionError
        If there is nothing at the path, or nothing in it that can be read.
    """
    try:
        if path.is_dir():
            found, notes = _read_folder(path, budget)
        elif path.is_file():
            found, notes = _read_file(path, budget)
        else:
            raise SubmissionError(f"{path}: no such file or folder")
    except Unreadable as problem:
        raise SubmissionError(f"{path}: {problem}") from None
    except OSError as problem:
        raise SubmissionError(f"{path}: it cannot be read: {problem.strerror or problem}") from None
    if not found:
        raise SubmissionError(f"{path} contains no submission: no folder, no archive, no .py or .ipynb file")
    return found, notes


def _read_folder(folder: Path, budget: ReadingBudget) -> tuple[list[HandIn], list[str]]:
    entries = list(folder_entries(folder))
    owner = split_owner(folder.resolve().name + "/")
    if owner is not None:
        return [_moodle_handin(owner, entries, str(folder), budget, team=owner.number is None)], []
    entries, depth = _unwrapped(entries)
    tops = [entry for entry in entries if not is_clutter(entry.path)]
    if depth == 0 and len(tops) == 1 and tops[0].path.lower().endswith(".zip") and not tops[0].problem:
        lone, notes = _read_file(folder / tops[0].path, budget)
        if any(handin.moodle for handin in lone):
            return lone, notes
    return _grouped(entries, str(folder), budget)


def _read_file(file: Path, budget: ReadingBudget) -> tuple[list[HandIn], list[str]]:
    name = as_text(file.name)
    with file.open("rb") as stream:
        kind = archive_kind(stream.read(512))
    if kind == "zip" and not is_source(name):
        with file.open("rb") as stream, open_zip(stream) as archive:
            entries, _ = _unwrapped(list(zip_entries(archive)))
            if any(split_owner(entry.path) for entry in entries):
                return _grouped(entries, str(file), budget)
    entry = file_entry(file.resolve(), name)
    if kind or is_archive(name):
        return [_archive_handin(entry, str(file.parent), budget, alone=True)], []
    if not is_source(name):
        raise SubmissionError(f"{file}: it is not a folder, an archive, or a .py or .ipynb file")
    return [_plain_handin(name, [entry], str(file.parent), budget)], []


def _unwrapped(entries: list[Entry]) -> tuple[list[Entry], int]:
    """Drop a single outer folder if what lies in it was named by Moodle."""
    listed = [entry for entry in entries if not is_clutter(entry.path)]
    firsts = {entry.path.partition("/")[0] for entry in listed}
    below = [entry.path.partition("/")[2] for entry in listed]
    if len(firsts) != 1 or split_owner(next(iter(firsts)) + "/") or not any(map(split_owner, below)):
        return entries, 0
    return [replace(entry, path=path) for entry, path in zip(listed, below, strict=True) if path], 1


def _grouped(entries: list[Entry], root: str, budget: ReadingBudget) -> tuple[list[HandIn], list[str]]:
    """Split the entries of a container into students, by Moodle's names or else by the first folder."""
    moodle: dict[tuple[str, int | None], list[tuple[Owned, Entry]]] = {}
    plain: dict[str, list[Entry]] = {}
    for entry in entries:
        owner = split_owner(entry.path)
        if owner is not None:
            moodle.setdefault((owner.label, owner.number), []).append((owner, entry))
        elif not is_clutter(entry.path):
            plain.setdefault(entry.path.partition("/")[0], []).append(entry)
    team = any(number is None for _, number in moodle)
    found = [
        _moodle_handin(
            pairs[0][0], [replace(entry, path=owner.path) for owner, entry in pairs], root, budget,
            team=team, flat=any(owner.flat for owner, _ in pairs),
        )
        for pairs in moodle.values()
    ]  # fmt: skip
    notes: list[str] = []
    for name, group in plain.items():
        if _may_be_submission(name, group, notes):
            lone_archive = is_archive(name) and group[0].path == name
            found.append(
                _archive_handin(group[0], root, budget)
                if lone_archive
                else _plain_handin(name, group, root, budget)
            )
    return found, notes


def _may_be_submission(name: str, entries: list[Entry], notes: list[str]) -> bool:
    entry = entries[0]
    if entry.problem and "/" not in entry.path:
        notes.append(f"{shown(name)} was left out: {entry.problem}")
        return False
    if "/" in entry.path or is_archive(name):
        return True
    if name.lower().endswith(_NEVER_ANSWERS) and not name.lower().endswith(".py.txt"):
        return False
    if name.startswith(".") or not is_source(name):
        notes.append(f"{shown(name)} was left out: it is not a folder, an archive, or a .py or .ipynb file")
        return False
    return True


def _moodle_handin(
    owner: Owned, entries: list[Entry], root: str, budget: ReadingBudget, *, team: bool, flat: bool = False
) -> HandIn:
    basket = Basket(budget)
    inside = [entry for entry in entries if entry.path]
    number = "" if owner.number is None else f"_{owner.number}"
    upload = upload_digest(root, owner.label + number, inside)
    with budget.reading(upload) as problem:
        if not problem:
            take(iter(inside), basket)
    if flat and len(basket.files) > 1:
        basket.warn(
            "the download has no folders, so Moodle kept only one of several files of the same name; "
            "download submissions in folders to be sure that nothing is missing"
        )
    if not problem:
        _warn_if_empty(basket, inside)
    name = owner.label
    if name.lower() == "participant" and owner.number is not None:
        name = f"{name} {owner.number}"
    return HandIn(
        name=name or f"Participant {owner.number}",
        origin=owner.label + number,
        root=root,
        files=basket.files,
        warnings=basket.warnings,
        moodle=True,
        number=owner.number,
        team=team,
        problem=problem,
        upload=upload,
    )


def _plain_handin(name: str, entries: list[Entry], root: str, budget: ReadingBudget) -> HandIn:
    upload = upload_digest(root, name, entries)
    basket = Basket(budget)
    with budget.reading(upload) as problem:
        if not problem:
            take(_below(name, entries), basket)
            _warn_if_empty(basket, entries)
    return HandIn(name, name, root, basket.files, basket.warnings, problem=problem, upload=upload)


def _archive_handin(entry: Entry, root: str, budget: ReadingBudget, *, alone: bool = False) -> HandIn:
    """Return an archive as one hand-in; if nothing else was given, it must be readable."""
    upload = upload_digest(root, entry.path, [entry])
    basket = Basket(budget)
    with budget.reading(upload) as problem:
        if not problem:
            _take_lone(entry, basket, alone=alone)
    return HandIn(entry.path, entry.path, root, basket.files, basket.warnings, problem=problem, upload=upload)


def _take_lone(entry: Entry, basket: Basket, *, alone: bool) -> None:
    try:
        take_archive(basket.read(entry, basket.budget.archive_bytes), basket, entry.path)
    except Unreadable as problem:
        if alone and not basket.files:
            raise
        basket.leave_out(entry.path, str(problem))
    _warn_if_empty(basket, [entry])


def _below(name: str, entries: list[Entry]) -> Iterator[Entry]:
    prefix = name + "/"
    for entry in entries:
        if entry.path != prefix:
            yield replace(entry, path=entry.path.removeprefix(prefix))


def _warn_if_empty(basket: Basket, entries: list[Entry]) -> None:
    if basket.files or basket.warnings:
        return
    names = [shown(entry.path) for entry in entries if not entry.path.endswith("/")]
    among = f" (submitted: {', '.join(names[:5])}{', …' if len(names) > 5 else ''})" if names else ""
    basket.warn(f"no .py or .ipynb file was found{among}")
