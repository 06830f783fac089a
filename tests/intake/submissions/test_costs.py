"""What an archive costs the grader: time and memory within bounds that leave a wide margin.

Each of these took a minute or a gigabyte, or went round a limit.
"""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import time
import zipfile
import zlib

import pytest

from grader.intake.submissions import tars, zips
from grader.intake.submissions.archives import take_archive
from grader.intake.submissions.budget import Basket, ReadingBudget, Unreadable

SECONDS = 5.0


HEAD = b"PK\x03\x04" + bytes(26)


def unpack(
    data: bytes, name: str = "a.zip", budget: ReadingBudget | None = None
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the files and warnings; what is refused as a whole is a warning too."""
    basket = Basket(budget or ReadingBudget())
    start = time.process_time()
    try:
        take_archive(data, basket, name)
    except Unreadable as problem:
        basket.warn(str(problem))
    assert time.process_time() - start < SECONDS
    return {file.path: file.data for file in basket.files}, basket.warnings


def directory(count: int, name: bytes = b"a.py", extra: bytes = b"") -> bytes:
    """Return the directory of a zip whose entries all lie at its beginning."""
    sizes = struct.pack("<LLLHHHHHLL", 0, 0, 0, len(name), len(extra), 0, 0, 0, 0, 0)
    return (b"PK\x01\x02" + b"\x14\0\x14\0\0\x08\0\0\0\0\x21\x59" + sizes + name + extra) * count


def end_of_zip(size: int, count: int, start: int) -> bytes:
    return b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, count & 0xFFFF, count & 0xFFFF, size, start, 0)


def zip64_end(size: int, count: int, start: int) -> bytes:
    """Return the records by which zip64 says where its directory is."""
    record = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, count, count, size, start)
    return record + b"PK\x06\x07" + struct.pack("<LQL", 0, start + size, 1)


def test_zip64_that_claims_a_small_directory_in_its_old_record_is_refused():
    listed = directory(900_000, name=b"")
    data = HEAD + listed + zip64_end(len(listed), 900_000, len(HEAD)) + end_of_zip(46, 1, 0)
    files, warnings = unpack(data)
    assert files == {}
    assert warnings == ("it is not a readable zip: its directory has 39.5 MiB, the limit is 24 MiB",)


def test_zip64_nested_in_a_small_zip_is_refused(zip_of):
    listed = directory(400_000)
    inner = HEAD + listed + zip64_end(len(listed), 400_000, len(HEAD)) + end_of_zip(46, 1, 0)
    files, warnings = unpack(zip_of({"hw.zip": inner, "a.py": b"x"}))
    assert files == {"a.py": b"x"}
    assert len(warnings) == 1


def test_zip_of_more_entries_than_anybody_submits_is_refused():
    listed = directory(150_000)
    _, warnings = unpack(HEAD + listed + end_of_zip(len(listed), 150_000, len(HEAD)))
    assert warnings == ("it is not a readable zip: it has more than 100000 entries",)


def test_zip_of_extra_fields_is_refused_unread():
    """The standard library takes quadratic time for an entry's field, and may hash the name for each part."""
    for extra in (bytes(60_000), struct.pack("<HHBL", 0x7075, 5, 1, 0) * 6_000):
        listed = directory(150, name=b"a" * 60_000, extra=extra)
        _, warnings = unpack(HEAD + listed + end_of_zip(len(listed), 150, len(HEAD)))
        assert warnings == ("it is not a readable zip: its directory has extra fields that are too long",)


def test_zip64_of_an_honest_packer_is_read():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("a.py", "w", force_zip64=True) as member:
        member.write(b"x = 1")
    assert unpack(buffer.getvalue())[0] == {"a.py": b"x = 1"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_entry_packed_by_what_cannot_be_unpacked_in_parts_is_refused(method):
    """Half a gigabyte of zeros takes 400 bytes of bzip2, and zipfile unpacks it in one step."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("a.py", bytes(60_000_000))
    data = bytearray(buffer.getvalue())
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<L", 1_000)  # what it claims to have
    files, warnings = unpack(bytes(data))
    assert files == {}
    assert warnings == ("a.py was left out: it is packed in an unusual way: please submit a normal zip",)


def test_zip_entries_that_share_their_data_count_what_is_unpacked(write_zip, member):
    one = write_zip([member(b"a.py", b"0" * 1_900_000)])
    start = one.index(b"PK\x01\x02")
    entry = one[start : one.index(b"PK\x05\x06")]
    listed = entry * 3_000
    files, _ = unpack(one[:start] + listed + end_of_zip(len(listed), 3_000, start))
    assert len(files) <= 1


@pytest.mark.parametrize("depth", [41, 30_000])
def test_member_that_is_too_deep_is_left_out_by_name(zip_of, depth):
    files, warnings = unpack(zip_of({"a/" * depth + "cnn.py": b"x", "b/cnn.py": b"y"}))
    assert files == {"b/cnn.py": b"y"}
    assert warnings[0].endswith("was left out: it is more than 40 folders deep")
    assert len(warnings[0]) < 300


def test_member_with_a_long_path_is_left_out(zip_of):
    _, warnings = unpack(zip_of({"a" * 2_000 + ".py": b"x"}))
    assert warnings[0].endswith("was left out: its path has more than 1000 characters")


def test_sources_beyond_a_number_are_left_out(zip_of):
    files, warnings = unpack(zip_of({f"{n:04}.py": b"x" for n in range(2_050)}))
    assert len(files) == 2_000
    assert warnings[0] == "2000.py was left out: the limit of 2000 sources for one student is reached"


def tar_header(name: str, kind: bytes, size: int, pax: bytes = b"") -> bytes:
    header = tarfile.TarInfo(name)
    header.type, header.size = kind, size
    return pax + header.tobuf(tarfile.GNU_FORMAT)


def test_tar_with_a_sparse_file_is_refused_unread():
    text = b""
    for word in (b"GNU.sparse.major=1\n", b"GNU.sparse.minor=0\n", b"GNU.sparse.name=a.py\n"):
        text += b"%d %s" % (len(word) + 3, word)
    pax = tar_header("x", tarfile.XHDTYPE, len(text)) + text.ljust(512, b"\0")
    map_without_end = b"1\n" + b"1" * 100_000_000
    body = tar_header("a.py", tarfile.REGTYPE, len(map_without_end), pax) + map_without_end
    old = tar_header("a", tarfile.GNUTYPE_SPARSE, 0) + bytes(9_999)
    for data in (body, old):
        _, warnings = unpack(gzip.compress(data, 1), "a.tar.gz")
        assert warnings == ("it has sparse files: please submit a normal zip",)


def test_tar_of_chained_headers_is_refused():
    link = tar_header("x", tarfile.GNUTYPE_LONGNAME, 100) + b"n".ljust(512, b"\0")
    _, warnings = unpack(gzip.compress(link * 2_000 + bytes(1024)), "a.tar.gz")
    assert warnings[0].startswith("it is not a readable tar packed by gzip")


def test_tar_of_many_empty_files_ends_at_the_number_of_entries():
    one = tar_header("a/x.bin", tarfile.REGTYPE, 0) + tar_header("venv/x.py", tarfile.REGTYPE, 0)
    budget = ReadingBudget(entries=5_000, ratio=10_000)
    _, warnings = unpack(gzip.compress(one * 4_000, 1), "a.tar.gz", budget)
    assert warnings == ("more than 5000 files; the grader ignores the rest",)


@pytest.mark.parametrize(
    "empty", [gzip.compress(b""), bz2.compress(b""), lzma.compress(b"")], ids=["gzip", "bzip2", "xz"]
)
def test_empty_streams_without_end_are_refused(empty):
    """The readers of the standard library take Python steps for each, and none counts as unpacked."""
    _, warnings = unpack(empty * 200_000, "a.tar.gz")
    assert warnings == ("it is made of more than 5000 packed streams",)


def test_gzip_with_a_name_without_end_is_read_past_at_once():
    header = b"\x1f\x8b\x08\x08\0\0\0\0\0\3"
    _, warnings = unpack(header + b"n" * 30_000_000, "a.tar.gz")
    assert warnings[0].startswith("it is not a readable tar packed by gzip")


def test_xz_that_claims_gigabytes_of_memory_is_refused():
    packed = bytearray(lzma.compress(b"x" * 1_000))
    # The dictionary's size is the byte behind the filter's number and length; the header has a checksum.
    place = packed.index(b"\x21\x01", 12)
    packed[place + 2] = 40
    packed[20:24] = struct.pack("<L", zlib.crc32(packed[12:20]))
    _, warnings = unpack(bytes(packed), "a.tar.xz")
    assert warnings == ("it is not a readable tar packed by xz: Memory usage limit exceeded",)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_several_streams_and_padding_are_read_as_one(pack):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("a.py")
        info.size = 30_000
        archive.addfile(info, io.BytesIO(b"# x\n" * 7_500))
    whole = buffer.getvalue()
    data = pack(whole[:9_000]) + (b"\0" * 8 if pack is gzip.compress else b"") + pack(whole[9_000:])
    assert unpack(data, "a.tar.gz")[0] == {"a.py": b"# x\n" * 7_500}


def test_bzip2_is_unpacked_up_to_a_size_of_its_own(monkeypatch):
    monkeypatch.setattr(tars, "_MOST_OF_BZIP2", 20_000)
    whole = tar_header("a.bin", tarfile.REGTYPE, 30_000) + bytes(40_000)
    assert "it was read only in part" in unpack(bz2.compress(whole), "a.tar.bz2")[1][0]
    assert unpack(gzip.compress(whole), "a.tar.gz")[1] == ()


def test_stream_that_is_cut_off_is_named():
    data = gzip.compress(bytes(range(256)) * 400)[:-20]
    _, warnings = unpack(data, "a.tar.gz")
    assert "not a readable tar packed by gzip" in warnings[0]


def test_directory_is_looked_at_in_the_read_that_zipfile_makes(monkeypatch, zip_of):
    """The guard rests on how zipfile reads: by one call for the whole directory."""
    looked = []
    monkeypatch.setattr(zips, "_check_directory", lambda data, most: looked.append((data, most)))
    unpack(zip_of({"a.py": b"x", "b.py": b"y"}))
    assert [(data.count(b"PK\x01\x02"), most) for data, most in looked] == [(2, 100_000)]
