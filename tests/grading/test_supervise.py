"""Work that takes too long or too much memory is ended, and the next task is done all the same."""

import os
import time

import pytest

from grader.errors import SubmissionError
from grader.grading.supervise import Breach, Died, Stage, Supervised

MIB = 1 << 20


def work(task, report):
    """Do what a task names."""
    what, number = task
    report.stage(Stage("read", 0.3, 5.0))
    if what == "burn":
        while True:
            pass
    if what == "wait":
        report.stage(Stage("checked", 0.3, 0.5))
        time.sleep(30)
    if what == "half":
        report.so_far("half")
        report.stage(Stage("explained", 0.3, 5.0))
        while True:
            pass
    if what == "memory":
        return len(bytearray(number * MIB))
    if what == "die":
        os._exit(number)
    if what == "raise":
        raise SubmissionError("no such file")
    return os.getpid() if what == "pid" else number


@pytest.fixture
def supervised():
    with Supervised(work, headroom=512 * MIB) as process:
        yield process


def test_do_returns_what_the_work_returns_from_one_process(supervised):
    assert supervised.do(("echo", 7)) == 7
    first = supervised.do(("pid", 0))
    assert first == supervised.do(("pid", 0)) != os.getpid()


def test_do_ends_what_computes_too_long_and_goes_on(supervised):
    with pytest.raises(Breach, match=r"could not be read within 0\.3 s of processor time") as breach:
        supervised.do(("burn", 0))
    assert breach.value.stage.name == "read"
    assert supervised.do(("echo", 8)) == 8


def test_do_ends_what_waits_too_long(supervised):
    with pytest.raises(Breach, match=r"could not be checked within 0\.5 s"):
        supervised.do(("wait", 0))


def test_do_keeps_what_was_handed_over_before_the_breach(supervised):
    with pytest.raises(Breach, match="could not be explained"):
        supervised.do(("half", 0))
    assert supervised.so_far == "half"
    assert supervised.do(("echo", 1)) == 1
    assert supervised.so_far is None


def test_do_limits_memory_above_what_the_process_has(supervised):
    assert supervised.do(("memory", 100)) == 100 * MIB
    with pytest.raises(Breach, match="could not be read with 512 MiB of memory"):
        supervised.do(("memory", 600))
    assert supervised.do(("echo", 2)) == 2


def test_do_names_a_process_that_ended_by_itself(supervised):
    with pytest.raises(Died, match=r"exit code 9"):
        supervised.do(("die", 9))
    assert supervised.do(("echo", 3)) == 3


def test_do_raises_what_the_work_raised(supervised):
    with pytest.raises(SubmissionError, match="no such file"):
        supervised.do(("raise", 0))


def test_do_from_a_forkserver_too():
    with Supervised(work, method="forkserver", headroom=512 * MIB) as process:
        assert process.do(("echo", 4)) == 4
        with pytest.raises(Breach):
            process.do(("burn", 0))


def test_close_leaves_no_process(supervised):
    pid = supervised.do(("pid", 0))
    supervised.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
