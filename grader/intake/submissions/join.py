"""Joins names, e-mails and status of Moodle's worksheet with the submissions, by number only.

Trusted side; pure. A team's files go to every member that the worksheet lists: each member is graded by
Moodle separately, so each is a submission of its own.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from grader.intake.submissions.budget import TEXT_BYTES, human
from grader.intake.submissions.file_types import ONLINE_TEXT, shown
from grader.intake.submissions.model import HandIn, SourceFile
from grader.moodle.dates import late_seconds
from grader.moodle.download_names import as_moodle_writes
from grader.moodle.worksheet import Row, Worksheet
from grader.results import Standing

# Moodle's English words; more text follows them in the Status cell.
_STATES = (
    ("submitted", ("Submitted for grading", "Submitted")),
    ("draft", ("Draft",)),
    ("reopened", ("Reopened",)),
    ("nothing", ("No submission", "No attempt", "Nothing", "Not submitted")),
)
_DEFAULT_GROUP = "Default group"


def join(
    handins: Sequence[HandIn], worksheet: Worksheet, due: datetime | None = None
) -> tuple[list[HandIn], list[str]]:
    """Return the hand-ins with their standing, participants without files among them, and warnings.

    The order is the worksheet's; what the worksheet does not list comes after it, with a warning.
    """
    find = _by_team(handins) if worksheet.is_team else _by_number(handins)
    joined = []
    used: set[int] = set()
    notes = list(worksheet.warnings)
    for row in worksheet.rows:
        mine = find.get(_key(row, worksheet), [])
        used.update(id(handin) for handin in mine)
        joined.append(_member(row, mine, worksheet, due))
    joined += [_unlisted(handin, worksheet) for handin in handins if id(handin) not in used]
    if worksheet.rows and not used and handins:
        notes.append("no participant of the worksheet has a submission here; is it the right worksheet?")
    return joined, notes


def _by_number(handins: Sequence[HandIn]) -> dict[str, list[HandIn]]:
    found = defaultdict(list)
    for handin in handins:
        if handin.moodle and handin.number is not None and not handin.team:
            found[str(handin.number)].append(handin)
    return found


def _by_team(handins: Sequence[HandIn]) -> dict[str, list[HandIn]]:
    """Find teams by their cleaned name: the worksheet has the group's name, the download its number too."""
    found = defaultdict(list)
    for handin in handins:
        if handin.moodle:
            found[_DEFAULT_GROUP if handin.number is None else handin.name].append(handin)
    return found


def _key(row: Row, worksheet: Worksheet) -> str:
    return as_moodle_writes(row.group or _DEFAULT_GROUP) if worksheet.is_team else str(row.participant)


def _member(row: Row, mine: list[HandIn], worksheet: Worksheet, due: datetime | None) -> HandIn:
    warnings = [warning for handin in mine for warning in handin.warnings]
    files = mine[-1].files if mine else ()
    if len(mine) > 1:
        what = "groups" if worksheet.is_team else "submissions"
        places = ", ".join(shown(handin.origin) for handin in mine)
        warnings.append(f"{len(mine)} {what} have this name or number ({places}); only the last one is used")
    if not files and row.online_text.strip():
        typed = row.online_text.encode("utf-8", "replace")
        if len(typed) <= TEXT_BYTES:
            files = (SourceFile(ONLINE_TEXT, typed),)
        else:
            warnings.append(
                f"the online text was left out: it has {human(len(typed))}, the limit is {human(TEXT_BYTES)}"
            )
    state = _state(row, files, warnings)
    if mine and not worksheet.is_team and not _may_be_same(row.name, mine[-1].name):
        there, here = mine[-1].name, row.name
        warnings.append(
            f"Participant {row.participant} is {there!r} in the download, {here!r} in the worksheet; "
            "do both belong to the same assignment?"
        )
    return HandIn(
        name=row.name or (mine[0].name if mine and not worksheet.is_team else row.identifier),
        origin=f"worksheet {row.participant}",
        root=mine[0].root if mine else "",
        files=files,
        warnings=tuple(warnings),
        moodle=True,
        number=row.participant,
        standing=_standing(row, state, due),
    )


def _may_be_same(listed: str, downloaded: str) -> bool:
    """Compare names only to warn of a worksheet of another assignment: blind marking hides them."""
    if not listed or downloaded.startswith("Participant"):
        return True
    return downloaded.endswith(as_moodle_writes(listed))  # a group's name may stand before it


def _state(row: Row, files: tuple[SourceFile, ...], warnings: list[str]) -> str:
    state = next((state for state, words in _STATES if row.status.startswith(words)), "")
    if not state:
        state = "submitted" if files else "nothing"
        warnings.append(f"the worksheet's Status {row.status[:60]!r} is unknown; it is treated as {state}")
    if state == "nothing" and files:
        warnings.append(
            f"the worksheet says {row.status[:40]!r}, but there are files; is it older than the download?"
        )
        state = "submitted"
    elif state != "nothing" and not files and not warnings:
        warnings.append(f"the worksheet says {row.status[:40]!r}, but there is no file of this participant")
    return state


def _standing(row: Row, state: str, due: datetime | None) -> Standing:
    return Standing(
        state=state,
        status=row.status,
        email=row.email,
        id_number=row.id_number,
        group=row.group,
        late_seconds=None if state == "nothing" else late_seconds(row.status, row.submitted, due),
    )


def _unlisted(handin: HandIn, worksheet: Worksheet) -> HandIn:
    if not handin.moodle:
        why = "its name has no Moodle number, so the grader cannot find it in the worksheet"
    elif worksheet.is_team:
        why = f"no row of the worksheet has the group {handin.name!r}"
    else:
        why = f"the worksheet has no Participant {handin.number}"
    return replace(
        handin, team=handin.team or (worksheet.is_team and handin.moodle), warnings=(*handin.warnings, why)
    )
