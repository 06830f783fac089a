"""One run of the command line over the whole corpus, and what it left behind."""

import contextlib
import ctypes
import gzip
import json
import os
import shutil
import socket
import sqlite3
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
HOSTILE = HERE.parent / "fixtures" / "hostile"
HONEST_PARTS = HOSTILE / "honest_parts"
HOLE = b"# The attack goes here.\n"
NEIGHBOURS = HERE.parent / "fixtures" / "neighbours"
ROOT = HERE.parents[1]
TRUTH = ROOT / "data" / "ground_truth"
CASES_OF_EACH_KIND = 3
PORT = 48611
LONGEST_RUN = 600
"""Seconds; a run that hangs is killed then. `test_corpus` says how long it may take."""
TRACES = [Path(top) for top in ("/", "/tmp", "/var/tmp", "/dev/shm", str(Path.home()), str(ROOT))]
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Run:
    """What a run over submissions came to."""

    status: int
    seconds: float
    submissions: Mapping[str, Mapping[str, Any]]
    text: str
    html: str
    reached: tuple[str, ...]
    traces: tuple[str, ...]
    processes: tuple[str, ...]

    def points(self, name: str) -> float:
        return float(self.submissions[name]["points"])

    def speed_points(self, name: str) -> float:
        criteria = self.submissions[name]["criteria"]
        return sum(float(one["points"]) for one in criteria if ".speed_" in one["name"])


@pytest.fixture(scope="session")
def grade(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what grades a folder by the command line with the corpus's assignment."""
    course = tmp_path_factory.mktemp("course")
    shutil.copy(HERE / "assignment.toml", course)
    shutil.copy(HERE / "speed.toml", course)
    _small_truth(course / "truth")

    def run(folder: Path, assignment: str = "assignment.toml") -> Run:
        results = tmp_path_factory.mktemp("results")
        arguments = ["run", str(folder), "-o", str(results), "--assignment", str(course / assignment)]
        main = "from grader.cli import main; raise SystemExit(main())"
        before, started = _children(), time.monotonic()
        with _listeners() as reached:
            done = subprocess.run(
                [sys.executable, "-c", main, *arguments],
                cwd=ROOT,
                capture_output=True,
                timeout=LONGEST_RUN,
                check=False,
            )
        seconds = time.monotonic() - started
        time.sleep(0.3)
        assert done.returncode in (0, 1), done.stderr.decode(errors="replace")
        scores = json.loads((results / "scores.json").read_text())
        return Run(
            done.returncode,
            seconds,
            {entry["id"]: entry for entry in scores["submissions"]},
            _everything(results) + (done.stdout + done.stderr).decode(errors="replace"),
            "\n".join(path.read_text(errors="replace") for path in results.rglob("*.html")),
            tuple(reached),
            tuple(str(path) for top in TRACES for path in top.glob("*red_team_trace*")),
            tuple(_children() - before),
        )

    return run


@pytest.fixture(scope="session")
def corpus(grade: Any, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Grade every attacker and, among them, the neighbours."""
    folder = tmp_path_factory.mktemp("class")
    for path in HOSTILE.glob("*.py"):
        if not path.name.startswith("fake_speed"):
            (folder / path.name).write_bytes(submission(path))
    for path in NEIGHBOURS.glob("*.py"):
        shutil.copy(path, folder)
    _deep_sources(folder)
    _archives(folder)
    _costly_sources(folder)
    _costly_archives(folder)
    result: Run = grade(folder)
    return result


@pytest.fixture(scope="session")
def against_the_clock(grade: Any, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Grade the files that fake their speed."""
    folder = tmp_path_factory.mktemp("racers")
    for path in HOSTILE.glob("fake_speed_*.py"):
        (folder / path.name).write_bytes(submission(path))
    result: Run = grade(folder, "speed.toml")
    return result


def submission(path: Path) -> bytes:
    """Return what is handed in: a file of the corpus, which is only the attack, with its honest part."""
    attack = path.read_bytes()
    if path.name.startswith("fake_speed"):
        name = "loops.py"
    elif b"def attack(" in attack:
        name = "linear.py"
    else:
        name = "relu.py"
    head, hole, tail = (HONEST_PARTS / name).read_bytes().partition(HOLE)
    assert hole
    return head + attack + tail


def _deep_sources(folder: Path) -> None:
    """Make sources that nest deeper than any parser goes."""
    honest = (HONEST_PARTS / "relu.py").read_text()
    deep = {"brackets": "(" * 100_000 + "0" + ")" * 100_000, "minuses": "-" * 100_000 + "0"}
    for name, text in deep.items():
        (folder / f"deny_deep_{name}.py").write_text(f"{honest}DEEP = {text}\n")


def _costly_sources(folder: Path) -> None:
    """Make sources for which Python's parser, or a walk over its tree, takes minutes or gigabytes."""
    honest = (HONEST_PARTS / "relu.py").read_text()
    texts = {
        "names_without_end": "a\n" * 600_000,
        "row_of_marks": "a" + "\u0301\u0316" * 100_000 + " = 1\n",
        "f_string": 'x = f"' + "{a}" * 60_000 + '"\n',
    }
    for name, text in texts.items():
        (folder / f"deny_{name}.py").write_text(f"{honest}\n{text}", encoding="utf-8")
    (folder / "deny_online_text").mkdir()
    (folder / "deny_online_text" / "onlinetext.html").write_text("<p>" + "<a " * 170_000)


def _costly_archives(folder: Path) -> None:
    """Make archives of some kilobytes that took minutes or gigabytes."""
    honest = (NEIGHBOURS / "honest.py").read_bytes()
    with zipfile.ZipFile(folder / "deny_zip_deep_folders.zip", "w") as archive:
        archive.writestr("a/" * 30_000 + "cnn.py", honest)
    with zipfile.ZipFile(folder / "deny_zip_bzip2.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("cnn.py", bytes(1 << 20))
    (folder / "deny_gzip_streams.tar.gz").write_bytes(gzip.compress(b"") * 500_000)
    words = [f"GNU.sparse.{word}\n".encode() for word in ("major=1", "minor=0", "name=cnn.py")]
    pax = b"".join(b"%d %s" % (len(word) + 3, word) for word in words)
    sparse = tarfile.TarInfo("cnn.py")
    sparse.size = 100_000_000
    described = tarfile.TarInfo("header")
    described.type, described.size = tarfile.XHDTYPE, len(pax)
    headers = described.tobuf() + pax.ljust(512, b"\0") + sparse.tobuf()
    (folder / "deny_tar_sparse.tar.gz").write_bytes(gzip.compress(headers + b"1\n" + b"1" * 99_999_998, 1))
    (folder / "deny_zip64_directory.zip").write_bytes(_zip64(600_000))


def _zip64(count: int) -> bytes:
    """Return a zip of so many entries whose older end record claims one."""
    head, entry = b"PK\x03\x04" + bytes(26), b"PK\x01\x02" + bytes(42)
    size, start = count * len(entry), len(head)
    record = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, count, count, size, start)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, start + size, 1)
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 1, 1, len(entry), start, 0)
    return head + entry * count + record + locator + end


def _small_truth(folder: Path) -> None:
    """Store the first cases of the two layers that the corpus is about, and of a 3 x 3 convolution."""
    folder.mkdir()
    manifest = json.loads((TRUTH / "manifest.json").read_text())
    kinds = {"relu": "", "linear": "", "conv2d": "k3x3"}
    manifest["files"] = {f"{kind}.npz": manifest["files"][f"{kind}.npz"] for kind in kinds}
    manifest["cases"] = [
        case
        for kind, name in kinds.items()
        for case in [
            case for case in manifest["cases"] if case["kind"] == kind and case["id"].startswith(name)
        ][:CASES_OF_EACH_KIND]
    ]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    for name in manifest["files"]:
        shutil.copy(TRUTH / name, folder)


def _archives(folder: Path) -> None:
    """Make what no repository should hold: bombs, paths that climb, and a notebook of 200 MB."""
    honest = (NEIGHBOURS / "honest.py").read_text()
    with zipfile.ZipFile(folder / "deny_zip_bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"part{number}.py", bytes(100 << 20))
    with zipfile.ZipFile(folder / "deny_zip_climbs.zip", "w") as archive:
        for name in ("../red_team_trace.py", "/tmp/red_team_trace.py", "..\\..\\red_team_trace.py"):
            archive.writestr(name, honest)
    with zipfile.ZipFile(folder / "read_zip_links.zip", "w") as archive:
        for name, target in (("cnn.py", str(TRUTH / "manifest.json")), ("link.py", "/etc/passwd")):
            link = zipfile.ZipInfo(name)
            link.create_system, link.external_attr = 3, 0o120777 << 16
            archive.writestr(link, target)
    with (folder / "deny_huge_notebook.ipynb").open("wb") as notebook:
        notebook.write(b'{"cells": [{"cell_type": "code", "source": "')
        for _ in range(200):
            notebook.write(b"#" * (1 << 20))
        notebook.write(b'"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')


@contextlib.contextmanager
def _listeners() -> Iterator[list[str]]:
    """Listen where the corpus tries to connect; yield what arrived, filled in at the end."""
    reached: list[str] = []
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(b"\0red_team_listener")
    tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with unix, tcp, udp:
        for sock in (tcp, udp):
            sock.bind(("127.0.0.1", PORT))
        for sock in (tcp, unix):
            sock.listen()
        yield reached
        for sock in (tcp, udp, unix):
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                reached.append(str(sock.accept() if sock is not udp else sock.recv(100)))


def _children() -> frozenset[str]:
    """Return this process's children; orphans of a run become its children too."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = stat.read_text().rpartition(")")
            state, parent = rest.split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                found.add(name)
    return frozenset(found)


def _everything(results: Path) -> str:
    """Return all text that a run stored, the gradebook's included."""
    texts = [
        path.read_text(errors="replace") for path in results.rglob("*") if path.suffix in (".html", ".json")
    ]
    with contextlib.closing(sqlite3.connect(results / "gradebook.sqlite")) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        texts += [str(row) for table in tables for row in database.execute(f"select * from {table}")]
    return "\n".join(texts)
