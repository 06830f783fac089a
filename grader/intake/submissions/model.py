"""What intake hands on: the files of one student, as bytes, with what is known of the student.

Trusted side; pure data. Nothing in it was executed, and paths in it are only labels.
"""

from dataclasses import dataclass, field

from grader.results import Standing


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a submission.

    ``path`` is "/"-separated, relative to the submission, and may be longer than any file system
    allows; a file from an archive carries the archive's name as a folder (``1805003.zip/cnn.py``).
    """

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """The files of one student, and what is known of the student.

    Attributes
    ----------
    id : str
        ASCII, unique in the run, safe as a file name; the same at each run over the same input.
    name : str
        For people, in any script.
    participant : int or None
        Moodle's number of the student in this one assignment.
    files : tuple of SourceFile
        Files that may contain source; empty if there are none or none could be read.
    warnings : tuple of str
        What could not be read, and why.
    standing : Standing or None
        What the worksheet says; None without one.
    problem : str
        Why the upload could not be read at all; a person has to look at it. Empty otherwise.
    upload : str
        SHA-256 that stands for the upload: its place, its names and sizes.
    """

    id: str
    name: str
    participant: int | None
    files: tuple[SourceFile, ...]
    warnings: tuple[str, ...] = ()
    standing: Standing | None = None
    problem: str = ""
    upload: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Intake:
    """All submissions of a run, and the warnings that belong to none of them."""

    submissions: tuple[Submission, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HandIn:
    """A submission in the making: not yet joined to the worksheet, not yet given its id.

    ``number`` is what Moodle's name carried: a participant, or a group where ``team`` is true.
    ``origin`` is the path inside the PATH given, ``root`` that PATH: ids are kept apart by them.
    """

    name: str
    origin: str
    root: str
    files: tuple[SourceFile, ...] = ()
    warnings: tuple[str, ...] = ()
    moodle: bool = False
    number: int | None = None
    team: bool = False
    standing: Standing | None = None
    problem: str = ""
    upload: str = field(default="", compare=False, repr=False)
