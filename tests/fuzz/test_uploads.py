"""Whatever archive or worksheet is given, reading it ends in submissions and warnings, or in a sentence.

The inputs are real archives and worksheets in which fields were altered, parts cut, repeated or packed again.
`FUZZ_TIMES` multiplies their number.
"""

import bz2
import contextlib
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import InputError
from grader.intake.submissions import gather
from grader.intake.submissions.archives import take_archive
from grader.intake.submissions.budget import Basket, ReadingBudget, Unreadable
from grader.visible_text import visible
from tests.fuzz.limits import TIMES, within_limits

ROOT = Path(__file__).parents[2]
REAL = (ROOT / "data/sample_submissions/zip_in_a_folder.zip").read_bytes()
BUDGET = ReadingBudget(read_bytes=32 << 20)
SLOW = settings(suppress_health_check=list(HealthCheck), max_examples=60 * TIMES)

NUMBERS = st.sampled_from([0, 1, 8, 99, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF])
NAMES = st.sampled_from(
    [
        *(
            "cnn.py",
            "a/b.ipynb",
            "../x.py",
            "/x.py",
            "C:\\x.py",
            "a\\b.py",
            "x" * 300 + ".py",
            "a/" * 60 + "x.py",
        ),
        *(
            "inner.zip",
            "inner.tar.gz",
            "x.7z",
            "venv/x.py",
            "__MACOSX/x.py",
            ".x.py",
            "\x1b\u202e\n.py",
            "é.py",
        ),
        *(
            "Ada_9_assignsubmission_file/a.py",
            "Ada_9_assignsubmission_file_a.py",
            "T_assignsubmission_file/x.zip",
        ),
        *(
            "Ada_9_assignsubmission_onlinetext/onlinetext.html",
            "_assignsubmission_file_",
            "a.PY",
            "a.py.txt",
            "dir/",
        ),
    ]
)


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(form: int) -> Callable[[dict[str, bytes]], bytes]:
    def pack(files: dict[str, bytes]) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        return buffer.getvalue()

    return pack


PACKERS = st.sampled_from([zipped, zipped, tarred(tarfile.GNU_FORMAT), tarred(tarfile.PAX_FORMAT)])
SQUEEZERS = st.sampled_from([bytes] * 3 + [lambda data: gzip.compress(data, 1), bz2.compress, lzma.compress])


@dataclass(frozen=True)
class Blob:
    """The recipe of an upload, since hypothesis keeps what is drawn, and its text, in memory."""

    data: bytes
    times: int = 1

    def made(self) -> bytes:
        return self.data * self.times


BLOBS = st.one_of(
    st.builds(Blob, st.binary(max_size=60)),
    st.builds(Blob, st.sampled_from([b"class Conv2d: pass\n", b"", REAL, b"Rar!\x1a\x07"])),
    st.builds(Blob, st.just(b"0"), st.sampled_from([900_000, 3_000_000])),
)


@dataclass(frozen=True)
class Packed:
    pack: Callable[[dict[str, bytes]], bytes]
    files: dict[str, Any]
    squeeze: Callable[[bytes], bytes]

    def made(self) -> bytes:
        return self.squeeze(self.pack({name: file.made() for name, file in self.files.items()}))


@dataclass(frozen=True)
class Changed:
    upload: Any
    changes: list[tuple[Any, ...]]

    def made(self) -> bytes:
        data = self.upload.made()
        for change, *arguments in self.changes:
            data = change(data, *arguments)
        return bytes(data)


ARCHIVES = st.recursive(
    BLOBS,
    lambda inner: st.builds(
        Packed, PACKERS, st.dictionaries(NAMES, inner, min_size=1, max_size=4), SQUEEZERS
    ),
    max_leaves=6,
)

# Where the numbers are: behind the signs of a zip's records, and at the places of a tar's header.
ZIP_FIELDS = {
    b"PK\x03\x04": ((6, "H"), (8, "H"), (18, "L"), (22, "L"), (26, "H"), (28, "H")),
    b"PK\x01\x02": (
        *((8, "H"), (10, "H"), (20, "L"), (24, "L"), (28, "H"), (30, "H"), (32, "H")),
        *((34, "H"), (38, "L"), (42, "L")),
    ),
    b"PK\x05\x06": ((4, "H"), (8, "H"), (10, "H"), (12, "L"), (16, "L"), (20, "H")),
}
TAR_FIELDS = (
    (0, 100),
    (100, 8),
    (124, 12),
    (136, 12),
    (156, 1),
    (157, 100),
    (257, 8),
    (345, 155),
    (386, 24),
    (482, 13),
)


def with_zip_field(data: bytes, kind: int, which: int, field: int, value: int) -> bytes:
    sign = [*ZIP_FIELDS][kind % len(ZIP_FIELDS)]
    places = (
        [place for place in range(len(data)) if data.startswith(sign, place)] if len(data) < 9_999 else []
    )
    if not places:
        return data
    offset, form = ZIP_FIELDS[sign][field % len(ZIP_FIELDS[sign])]
    place = places[which % len(places)] + offset
    new = struct.pack("<" + form, value & (0xFFFF if form == "H" else 0xFFFFFFFF))
    return data[:place] + new + data[place + len(new) :]


def with_tar_field(data: bytes, which: int, field: int, value: bytes) -> bytes:
    """Alter a header of a tar, with the right checksum, so that it is believed."""
    start = 512 * (which % (len(data) // 512)) if len(data) >= 512 else 0
    header = bytearray(data[start : start + 512])
    if len(header) < 512:
        return data
    place, length = TAR_FIELDS[field % len(TAR_FIELDS)]
    header[place : place + length] = value[:length].ljust(length, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return data[:start] + bytes(header) + data[start + 512 :]


WHERE = st.integers(0, 99_999)
TAR_VALUES = st.sampled_from(
    [
        *(
            b"77777777777",
            b"-1",
            b"\x80" + b"\xff" * 11,
            b"\xff" * 12,
            b"0",
            b"x",
            b"S",
            b"L",
            b"K",
            b"g",
            b"1",
            b"2",
        ),
        *(b"5", b"6", b"ustar\0", b"a/../../b.py", b"/etc/passwd", b"\xff\xfe.py", b"1"),
    ]
)
CHANGES = st.one_of(
    st.tuples(st.just(with_zip_field), st.integers(0, 2), WHERE, WHERE, NUMBERS),
    st.tuples(st.just(with_zip_field), st.integers(0, 2), WHERE, WHERE, NUMBERS),
    st.tuples(st.just(with_tar_field), st.integers(0, 9), WHERE, TAR_VALUES),
    st.tuples(st.just(lambda data, place: data[: place % (len(data) + 1)]), WHERE),
    st.tuples(
        st.just(lambda data, place, new: data[: place % (len(data) + 1)] + new + data[place:]),
        WHERE,
        st.binary(max_size=9),
    ),
    st.tuples(
        st.just(lambda data, times: data * times if len(data) < 5_000 else data),
        st.sampled_from([2, 40, 3_000]),
    ),
    st.tuples(st.just(lambda data, squeeze: squeeze(data)), SQUEEZERS),
)


UPLOADS = st.builds(Changed, ARCHIVES, st.lists(CHANGES, max_size=4))


@SLOW
@given(upload=UPLOADS, name=NAMES)
def test_any_archive_is_read_within_its_budget_or_called_unreadable(upload, name):
    data = upload.made()
    basket = Basket(BUDGET)
    with within_limits(), contextlib.suppress(Unreadable):
        take_archive(data, basket, name)
    assert sum(len(file.data) for file in basket.files) <= BUDGET.kept_bytes
    assert len(basket.files) <= BUDGET.files
    assert len(basket.warnings) <= BUDGET.warnings + 1
    for text in (*basket.warnings, *(file.path for file in basket.files)):
        assert visible(text) == text
        assert len(text) <= 1_100


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@settings(SLOW, max_examples=40 * TIMES)
@given(upload=UPLOADS, suffix=st.sampled_from(["zip", "zip", "tar", "tar.gz", "py", "rar"]))
def test_any_upload_gives_submissions_or_an_error_of_the_input(upload, suffix, place):
    file = place / f"upload.{suffix}"
    file.write_bytes(upload.made())
    with within_limits(), contextlib.suppress(InputError):
        intake = gather([file], budget=BUDGET)
        assert len({one.id for one in intake.submissions}) == len(intake.submissions)
        assert all(visible(one.name) == one.name for one in intake.submissions)


CELLS = st.one_of(
    st.sampled_from(
        [
            *(
                "Participant 9",
                "Participant 99999999999999",
                "9" * 5_000,
                "Submitted for grading - 1 day 2 hours late",
            ),
            *(
                "Draft (not submitted)",
                "No submission",
                "1 day " * 900 + "late",
                "=1+1",
                'a"b',
                "a\nb",
                "a;b\tc",
                "-",
            ),
            *(
                "Monday, 23 November 2026, 2:26 AM",
                "99 November 9999, 99:99",
                "<p>class Conv2d: pass</p>",
                "\x00",
                "é",
            ),
            *(
                "Extension granted until: Monday, 23 November 2026, 2:26 AM",
                "\u202e\x1b[31m",
                "x" * 9_000,
                "100.00",
            ),
        ]
    ),
    st.text(max_size=9),
)
COLUMNS = st.sampled_from(
    [
        *(
            "Identifier",
            "Full name",
            "Email address",
            "Status",
            "Group",
            "Grade",
            "Scale",
            "Online text",
            "x",
        ),
        *("Last modified (submission)", "Last modified (grade)", "Feedback comments", "ID number"),
    ]
)


def sheet(
    columns: list[str], rows: list[list[str]], separator: str, times: int, cuts: list[tuple[int, str]]
) -> str:
    def line(cells: list[str]) -> str:
        return separator.join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"

    width = len(columns)
    text = line(columns) + "".join(line((cells * width)[:width]) for cells in rows) * times
    for where, new in cuts:
        start = where % (len(text) + 1)
        text = text[:start] + new + text[start + len(new) :]
    return text


SHEETS = st.builds(
    sheet,
    st.lists(COLUMNS, max_size=6).map(lambda more: ["Identifier", "Status", *more]),
    st.lists(st.lists(CELLS, min_size=1, max_size=8), max_size=4),
    st.sampled_from([",", ",", ",", ";", "\t", "|"]),
    st.sampled_from([1, 1, 1, 300]),
    st.lists(st.tuples(WHERE, st.sampled_from(['"', ",", "\n", "\r", "\0", '""', "\ufeff"])), max_size=2),
)


@settings(SLOW, max_examples=60 * TIMES)
@given(
    text=SHEETS,
    codec=st.sampled_from(["utf-8-sig", "utf-8", "utf-16", "cp1252"]),
    number=st.sampled_from([9, 3]),
)
def test_any_worksheet_is_joined_or_an_error_of_the_input(text, codec, number, place):
    folder = place / "class" / f"Ada_{number}_assignsubmission_file"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cnn.py").write_bytes(b"class Conv2d: pass\n")
    file = place / "worksheet.csv"
    file.write_bytes(text.encode(codec, "replace"))
    with within_limits(), contextlib.suppress(InputError):
        intake = gather([place / "class"], file)
        for one in intake.submissions:
            texts = [one.name, *one.warnings]
            texts += [one.standing.status, one.standing.email, one.standing.group] if one.standing else []
            assert all(visible(text) == text and len(text) < 7_000 for text in texts)
