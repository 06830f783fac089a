import contextlib
import gzip
import io
import stat
import tarfile
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.intake.submissions.archives import take_archive
from grader.intake.submissions.budget import Basket, ReadingBudget, Unreadable

SMALL = ReadingBudget(
    entries=20,
    source_bytes=5_000,
    archive_bytes=50_000,
    read_bytes=60_000,
    kept_bytes=9_000,
    ratio_from=2_000,
)


def unpack(data, name="a.zip", budget=None):
    basket = Basket(budget or ReadingBudget())
    take_archive(data, basket, name)
    return {file.path: file.data for file in basket.files}, basket.warnings


def tar_of(members, mode="w:gz"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for info, data in members:
            if isinstance(info, str):
                info = tarfile.TarInfo(info)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def test_take_archive_zip_in_zip_keeps_the_way_in_the_path(zip_of):
    inner = zip_of({"1805003/main.py": b"x = 1"})
    assert unpack(zip_of({"hw.zip": inner}))[0] == {"hw.zip/1805003/main.py": b"x = 1"}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_take_archive_tar_is_read_in_every_packing(mode):
    files, warnings = unpack(tar_of([("./src/a.py", b"x = 1")], mode), "a.tar")
    assert files == {"src/a.py": b"x = 1"}
    assert warnings == ()


def test_take_archive_tar_links_and_ways_out_are_refused_by_name():
    link = tarfile.TarInfo("link.py")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    files, warnings = unpack(tar_of([(link, b""), ("../out.py", b"x"), ("/abs.py", b"x"), ("a.py", b"y")]))
    assert files == {"a.py": b"y"}
    assert warnings == (
        "link.py was left out: it is a link or a device, not a file",
        "../out.py was left out: its path leads out of the archive",
        "abs.py was left out: its path leads out of the archive",
    )


def tar_header(kind, body):
    """Return a tar's special header of a kind with a body, as the packer of an attack would write it."""
    header = tarfile.TarInfo("header")
    header.type, header.size = kind, len(body)
    return header.tobuf(tarfile.USTAR_FORMAT) + body + b"\0" * (-len(body) % 512)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE])
def test_take_archive_tar_header_of_a_million_digits_is_refused_unread(kind):
    """The standard library's pattern for such a header takes quadratic time: 8 s for 80,000 digits."""
    data = gzip.compress(tar_header(kind, b"1" * 1_000_000) + bytes(1024))
    with pytest.raises(Unreadable, match=r"a header of 1,000,000 bytes; the limit is 8,192"):
        unpack(data, "a.tar.gz")


def test_take_archive_tar_of_many_headers_is_refused():
    one = tar_header(tarfile.XHDTYPE, b"30 comment=" + b"x" * 8000)
    with pytest.raises(Unreadable, match=r"headers of more than 1,048,576 bytes"):
        unpack(gzip.compress(one * 200 + bytes(1024), 1), "a.tar.gz", ReadingBudget(ratio_from=1 << 30))


def test_take_archive_tar_with_a_long_path_in_a_header_is_read():
    name = "/".join(["a" * 90] * 10) + "/cnn.py"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo(name)
        info.size = 5
        archive.addfile(info, io.BytesIO(b"x = 1"))
    assert unpack(buffer.getvalue(), "a.tar.gz")[0] == {name: b"x = 1"}


def test_take_archive_zip_link_is_refused(write_zip, member):
    data = write_zip([member(b"cnn.py", b"/etc/passwd", system=3, mode=stat.S_IFLNK | 0o777)])
    files, warnings = unpack(data)
    assert files == {}
    assert warnings == ("cnn.py was left out: it is a link or a device, not a file",)


def test_take_archive_encrypted_entry_is_named(write_zip, member):
    files, warnings = unpack(write_zip([member(b"cnn.py", b"x" * 40, flags=0x0801)]))
    assert files == {}
    assert warnings == ("cnn.py was left out: it is encrypted",)


def test_take_archive_damaged_zip_is_named(zip_of):
    with pytest.raises(Unreadable, match="not a readable zip"):
        unpack(zip_of({"a.py": b"x" * 100})[:60])


def test_take_archive_damaged_entry_spares_the_others(zip_of):
    data = bytearray(zip_of({"a.py": bytes(range(97, 122)) * 8, "b.py": b"y"}))
    data[40:44] = b"\xff\xff\xff\xff"
    files, warnings = unpack(bytes(data))
    assert files == {"b.py": b"y"}
    assert warnings[0].startswith("a.py was left out: it cannot be unpacked: ")


@pytest.mark.parametrize(
    ("head", "kind"), [(b"Rar!\x1a\x07\x01\x00", "rar"), (b"7z\xbc\xaf\x27\x1c\x00\x04", "7z")]
)
def test_take_archive_unsupported_kind_is_named_whatever_the_suffix(head, kind):
    with pytest.raises(Unreadable, match=f"{kind} archives are not supported"):
        unpack(head + b"\0" * 100, "renamed.zip")


def test_take_archive_macos_name_without_utf8_flag_is_read(write_zip, member):
    files, _ = unpack(write_zip([member("ক.py".encode(), b"x", flags=0)]))
    assert files == {"ক.py": b"x"}


def test_take_archive_backslashes_of_windows_are_folders(write_zip, member):
    files, _ = unpack(write_zip([member(b"src\\model.py", b"x")]))
    assert files == {"src/model.py": b"x"}


def test_take_archive_same_path_twice_takes_the_last_and_says_so(write_zip, member):
    files, warnings = unpack(write_zip([member(b"a.py", b"1"), member(b"a.py", b"2")]))
    assert files == {"a.py": b"2"}
    assert warnings == ("a.py appears twice; the last one counts",)


def test_take_archive_large_source_is_named_with_its_size(zip_of):
    files, warnings = unpack(zip_of({"big.py": b"# " + bytes(range(32, 120)) * 40_000, "a.py": b"x"}))
    assert files == {"a.py": b"x"}
    assert warnings == ("big.py was left out: it has 3.4 MiB, the limit is 2 MiB",)


def test_take_archive_bomb_is_refused_by_ratio(zip_of):
    _, warnings = unpack(zip_of({"bomb.ipynb": b"0" * 3_000_000}))
    assert "times its size, the limit is 200" in warnings[0]


def test_take_archive_understated_size_is_no_way_round_the_limit(write_zip, member):
    files, warnings = unpack(write_zip([member(b"a.py", b"0" * 4_000_000, claims=10)]))
    assert all(len(data) <= 10 for data in files.values())
    assert len(warnings) <= 1


def test_take_archive_nesting_ends_at_the_depth(zip_of):
    data = zip_of({"a.py": b"deep"})
    for _ in range(4):
        data = zip_of({"in.zip": data})
    files, warnings = unpack(data)
    assert files == {}
    assert warnings == ("in.zip/in.zip/in.zip/in.zip was left out: it is nested in 4 other archives",)


def test_take_archive_tar_bomb_ends_at_the_budget():
    bomb = gzip.compress(tar_of([("zeros.bin", b"\0" * 400_000), ("a.py", b"x")], "w"))
    with pytest.raises(Unreadable, match="read only in part"):
        unpack(bomb, "a.tar.gz", SMALL)


def test_take_archive_many_warnings_are_counted_not_listed(write_zip, member):
    _, warnings = unpack(write_zip([member(b"../%d.py" % n, b"x") for n in range(100)]))
    assert len(warnings) == 31
    assert warnings[-1] == "… and 70 more warnings of this kind"


def test_take_archive_more_entries_than_allowed_are_not_looked_at(zip_of):
    files, warnings = unpack(zip_of({f"{n:02}.py": b"x" for n in range(30)}), budget=SMALL)
    assert len(files) == 20
    assert warnings == ("more than 20 files; the grader ignores the rest",)


names = st.sampled_from(
    ["a.py", "../b.py", "/c.py", "d/e.ipynb", "f.zip", "g.tar.gz", "n.txt", "h.bin", "x/../../i.py"]
)
blobs = st.one_of(st.binary(max_size=200), st.integers(1, 60_000).map(lambda size: b"0" * size))


def _as_zip(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _as_tar(files):
    return tar_of(list(files.items()))


trees = st.recursive(
    blobs,
    lambda inner: st.dictionaries(names, inner, max_size=6).flatmap(
        lambda files: st.sampled_from([_as_zip(files), _as_tar(files)])
    ),
    max_leaves=12,
)


@given(st.dictionaries(names, trees, max_size=8))
@settings(deadline=None, max_examples=60)
def test_take_archive_any_nesting_stays_within_the_budget(files):
    basket = Basket(SMALL)
    take_archive(_as_zip(files), basket, "a.zip")
    assert sum(len(file.data) for file in basket.files) <= SMALL.kept_bytes
    assert all(len(file.data) <= SMALL.notebook_bytes for file in basket.files)
    assert all(".." not in file.path.split("/") and not file.path.startswith("/") for file in basket.files)
    assert len(basket.warnings) <= SMALL.warnings + 1


@given(
    st.binary(max_size=400),
    st.sampled_from([b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08\0", b"BZh9", b"", b"\xfd7zXZ\0"]),
)
@settings(deadline=None)
def test_take_archive_any_bytes_are_read_or_called_unreadable(data, magic):
    basket = Basket(SMALL)
    with contextlib.suppress(Unreadable):
        take_archive(magic + data, basket, "a.zip")
    assert sum(len(file.data) for file in basket.files) <= SMALL.kept_bytes


@given(st.data())
@settings(deadline=None)
def test_take_archive_flipped_bytes_are_read_or_called_unreadable(data):
    whole = bytearray(_as_zip({"a.py": b"x = 1\n" * 50, "b.zip": _as_zip({"c.py": b"y"})}))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    basket = Basket(SMALL)
    with contextlib.suppress(Unreadable):
        take_archive(bytes(whole), basket, "a.zip")
    assert sum(len(file.data) for file in basket.files) <= SMALL.kept_bytes
