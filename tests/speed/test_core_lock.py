"""Timing slots: one holder for each core, waiting for a free one, freed by a holder's end."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from grader.speed.core_lock import timing_slot

HOLD = """
import sys
from pathlib import Path
from grader.speed.core_lock import timing_slot
with timing_slot(Path(sys.argv[1])) as core:
    print(core, flush=True)
    sys.stdin.read()
"""


def test_timing_slot_yields_a_core_of_this_process(tmp_path: Path) -> None:
    with timing_slot(tmp_path) as core:
        assert core in os.sched_getaffinity(0)


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
            got.append(mine)

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
