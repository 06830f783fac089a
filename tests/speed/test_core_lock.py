"""Timing slots: one holder for each core, waiting for a free one, freed by a holder's end."""

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.speed import core_lock
from grader.speed.core_lock import timing_slot

HOLD = """
import sys
from pathlib import Path
from grader.speed.core_lock import timing_slot
with timing_slot(Path(sys.argv[1])) as slot:
    print(slot.core, flush=True)
    sys.stdin.read()
"""


def test_timing_slot_yields_a_core_of_this_process(tmp_path: Path) -> None:
    with timing_slot(tmp_path) as slot:
        assert slot.core in os.sched_getaffinity(0)
        assert slot.problem == ""


def test_timing_slot_each_holder_has_a_core_of_its_own(tmp_path: Path) -> None:
    processes = [hold(tmp_path) for _ in os.sched_getaffinity(0)]
    try:
        assert {core(process) for process in processes} == os.sched_getaffinity(0)
    finally:
        end(processes)


def test_timing_slot_all_taken_waits_until_one_is_free(tmp_path: Path) -> None:
    processes = [hold(tmp_path) for _ in os.sched_getaffinity(0)]
    got: list[int | None] = []

    def take() -> None:
        with timing_slot(tmp_path) as mine:
            got.append(mine.core)

    try:
        first = core(processes[0])
        for process in processes[1:]:
            core(process)
        thread = threading.Thread(target=take)
        thread.start()
        thread.join(0.2)
        assert got == []
        processes[0].kill()
        thread.join(10)
        assert got == [first]
    finally:
        end(processes)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the folder that is tried in the temporary files, where this user has no other folder."""
    monkeypatch.setattr(core_lock.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(core_lock, "RUNTIME", tmp_path / "no such folder")
    return tmp_path / f"{core_lock.FOLDER}-{os.getuid()}"


def test_timing_slot_makes_a_folder_for_this_user_alone(alone: Path) -> None:
    with timing_slot() as slot:
        assert slot.problem == ""
        assert alone.stat().st_mode & 0o777 == 0o700
        assert [path.name for path in alone.iterdir()] == [f"core-{slot.core}"]


def test_timing_slot_prefers_the_folder_that_nobody_else_can_write(
    alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / str(os.getuid())
    own.mkdir(mode=0o700)
    monkeypatch.setattr(core_lock, "RUNTIME", tmp_path)
    with timing_slot() as slot:
        assert (own / core_lock.FOLDER / f"core-{slot.core}").exists()
    assert not alone.exists()


def somebody_elses(place: Path) -> None:
    place.mkdir(mode=0o700)
    os.chown(place, 65534, 65534)


def writable_for_all(place: Path) -> None:
    place.mkdir()
    place.chmod(0o777)


def link_to_a_folder(place: Path) -> None:
    target = place.with_name("target")
    target.mkdir(mode=0o700)
    place.symlink_to(target)


def files_are_folders(place: Path) -> None:
    for core in os.sched_getaffinity(0):
        (place / f"core-{core}").mkdir(parents=True)
    place.chmod(0o700)


def files_are_links(place: Path) -> None:
    place.mkdir(mode=0o700)
    for core in os.sched_getaffinity(0):
        (place / f"core-{core}").symlink_to(place / "elsewhere")


@pytest.mark.parametrize(
    "prepare",
    [somebody_elses, writable_for_all, link_to_a_folder, Path.touch, files_are_folders, files_are_links],
)
def test_timing_slot_where_another_user_was_first_measures_without_a_lock_and_says_so(
    alone: Path, prepare: Callable[[Path], None]
) -> None:
    if prepare is somebody_elses and os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    prepare(alone)
    before = sorted(alone.parent.rglob("*"))
    with timing_slot() as slot:
        assert slot.core in os.sched_getaffinity(0)
        assert slot.problem
        assert str(alone) not in slot.problem
    assert sorted(alone.parent.rglob("*")) == before


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Path]:
    """Hold every core for good, since second 1000."""
    files = []
    for core in os.sched_getaffinity(0):
        file = os.open(tmp_path / f"core-{core}", os.O_RDWR | os.O_CREAT)
        fcntl.flock(file, fcntl.LOCK_EX)
        os.utime(file, (1000, 1000))
        files.append(file)
    yield tmp_path
    for file in files:
        os.close(file)


class Clock:
    """Tells a time that passes by sleeping alone."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.then: Callable[[], None] = lambda: None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 1.0)
        self.then()


def test_timing_slot_all_held_for_ever_stops_waiting_and_says_so(stuck: Path) -> None:
    clock = Clock(1000.0)
    with timing_slot(stuck, longest_hold=50, clock=clock, sleep=clock.sleep) as slot:
        assert slot.problem == "every core has been held by another measurement for 50 s"
        assert slot.core in os.sched_getaffinity(0)
    assert 1050 < clock.now < 1055


def test_timing_slot_held_for_too_long_already_is_not_waited_for(stuck: Path) -> None:
    clock = Clock(5000.0)
    with timing_slot(stuck, longest_hold=50, clock=clock, sleep=clock.sleep) as slot:
        assert slot.problem
    assert clock.now == 5000.0


def test_timing_slot_waits_on_while_locks_change_hands(stuck: Path) -> None:
    clock = Clock(1000.0)
    file = stuck / f"core-{min(os.sched_getaffinity(0))}"

    def change_hands() -> None:
        if clock.now < 1500:
            os.utime(file, (clock.now, clock.now))

    clock.then = change_hands
    with timing_slot(stuck, longest_hold=50, clock=clock, sleep=clock.sleep) as slot:
        assert slot.problem
    assert 1545 < clock.now < 1555


def test_timing_slot_notes_when_a_core_was_taken(tmp_path: Path) -> None:
    with timing_slot(tmp_path, clock=lambda: 777.0) as slot:
        assert (tmp_path / f"core-{slot.core}").stat().st_mtime == 777.0


def hold(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def core(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def end(processes: "list[subprocess.Popen[str]]") -> None:
    for process in processes:
        process.kill()
        process.communicate()
