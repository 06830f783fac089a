"""Builders of archives as Moodle and students write them, and as attackers do."""

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

UTF8 = 0x0808
ENCRYPTED = 0x0809
OS2 = 6
UNIX = 3


@dataclass(frozen=True)
class Member:
    """One zip entry; ``claims`` is the size written in the headers, the true one by default."""

    name: bytes
    data: bytes
    flags: int = UTF8
    system: int = OS2
    mode: int = 0
    claims: int | None = None
    method: int = zlib.DEFLATED


def write_zip(members: list[Member]) -> bytes:
    """Write a zip byte by byte, since the standard writer refuses what attackers and Moodle write."""
    body, directory = b"", b""
    for one in members:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = one.data if one.method == 0 else packer.compress(one.data) + packer.flush()
        size = len(one.data) if one.claims is None else one.claims
        common = struct.pack(
            "<HHHHLLLHH", one.flags & ~8, one.method, 0, 0x5921, zlib.crc32(one.data), len(packed), size,
            len(one.name), 0,
        )  # fmt: skip
        directory += b"PK\x01\x02" + bytes([20, one.system]) + b"\x14\0" + common
        directory += struct.pack("<HHHLL", 0, 0, 0, one.mode << 16 | 0x20, len(body)) + one.name
        body += b"PK\x03\x04\x14\0" + common + one.name + packed
    end = struct.pack("<HHHHLLH", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """Write a zip as Moodle does: names in UTF-8 with the flag for it, marked as made on OS/2."""
    return write_zip([Member(name.encode(), data) for name, data in files.items()])


@pytest.fixture(name="zip_of")
def zip_of_fixture() -> Callable[[Mapping[str, bytes]], bytes]:
    return zip_of


@pytest.fixture(name="write_zip")
def write_zip_fixture() -> Callable[[list[Member]], bytes]:
    return write_zip


@pytest.fixture
def member() -> type[Member]:
    return Member


@pytest.fixture
def download(tmp_path: Path) -> Callable[[Mapping[str, bytes]], Path]:
    """Write a Moodle download to a file and return its path."""

    def write(files: Mapping[str, bytes]) -> Path:
        path = tmp_path / "CSE 472-Offline 1-57.zip"
        path.write_bytes(zip_of(files))
        return path

    return write


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[Mapping[str, bytes]], Path]:
    """Write files below a new folder and return it."""

    def write(files: Mapping[str, bytes]) -> Path:
        top = tmp_path / "handed_in"
        top.mkdir()
        for name, data in files.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_bytes(data)
        return top

    return write


HEADER = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
)
TEAM_HEADER = HEADER.replace("Status,Grade,", "Status,Group,Grade,")


@pytest.fixture
def worksheet(tmp_path: Path) -> Callable[..., Path]:
    """Write a worksheet from ``(number, name, status, date)`` or, for teams, with the group at the end."""

    def write(*rows: tuple[object, ...], team: bool = False) -> Path:
        text = TEAM_HEADER if team else HEADER
        for number, name, status, date, *group in rows:
            belongs = f'"{group[0]}",' if team else ""
            mail = f"s{number}@example.com"
            text += f'"Participant {number}","{name}",{mail},"{status}",{belongs},100.00,Yes,"{date}",-,\n'
        path = tmp_path / "worksheet.csv"
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
        return path

    return write
