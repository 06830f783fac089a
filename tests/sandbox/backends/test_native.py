"""Workers leave nothing behind, and die with who started them."""

import ctypes
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.errors import SandboxError
from grader.sandbox import Limits, open_backend

ROOT = Path(__file__).parents[3]
INSIDE = "os = sys.modules['os']\n"


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_end_kills_and_reaps_the_worker(native):
    worker = native.spawn(Limits())
    assert alive(worker.pid)
    assert worker.end() == -signal.SIGKILL
    assert not Path(f"/proc/{worker.pid}").exists()


def test_spawn_many_workers_leaks_no_descriptor(native):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        native.spawn(Limits()).end()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_close_ends_zygote_and_workers():
    backend = open_backend("native")
    worker = backend.spawn(Limits())
    backend.close()
    time.sleep(0.2)
    assert not alive(worker.pid)
    with pytest.raises(SandboxError, match="zygote"):
        backend.spawn(Limits())


def test_kill_of_the_trusted_process_ends_its_workers():
    code = (
        "import time\nfrom grader.sandbox import Limits, open_backend\n"
        "worker = open_backend('native').spawn(Limits())\nprint(worker.pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT) as trusted:
        assert trusted.stdout is not None
        pid = int(trusted.stdout.readline())
        assert alive(pid)
        trusted.kill()
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(pid)


def test_spawn_after_the_zygote_died_starts_another():
    with open_backend("native") as backend:
        lost = backend.spawn(Limits())
        os.kill(backend._zygote.pid, signal.SIGKILL)
        backend._zygote.wait()
        worker = backend.spawn(Limits())
        assert alive(worker.pid)
        assert lost.end() == worker.end() == -signal.SIGKILL


def numbers(answers):
    assert answers["output"].message == ""
    return answers["output"].array.tolist()


def test_worker_holds_its_own_pipes_only(relu, native):
    found = (
        INSIDE
        + "n = []\nfor fd in range(300):\n    try: os.fstat(fd); n.append(fd)\n    except OSError: pass\n"
    )
    answers, _ = relu(native, found + "return np.array(n, float)")
    assert numbers(answers) == [0, 1, 2, 4, 5]


def test_worker_environment_and_folder_say_nothing(relu, native):
    code = "print(dict(os.environ), os.getcwd(), sys.argv, sys.path)\nreturn x"
    answers, client = relu(native, INSIDE + code)
    numbers(answers)
    client.close()  # what was printed may arrive after the answer
    assert str(ROOT) not in client.printed
    assert client.printed.startswith("{} / ['cnn']")


def test_worker_memory_counts_from_the_zygote(relu, native):
    answers, _ = relu(native, "a = np.ones(80 << 17)\nreturn x", memory_mb=100)
    assert answers["output"].outcome is None
    answers, _ = relu(native, "a = np.ones(120 << 17)\nreturn x", memory_mb=100)
    assert "more than the 100 MiB" in answers["output"].message


def test_worker_as_root_has_no_capability(open_client, native, layer, ask, monkeypatch):
    workers = []

    def spawn(limits):
        workers.append(type(native).spawn(native, limits))
        return workers[-1]

    monkeypatch.setattr(native, "spawn", spawn)
    client = open_client(native, layer("return x"))
    ask(client)
    status = Path(f"/proc/{workers[-1].pid}/status").read_text()
    held = {line.partition(":")[0]: int(line.split()[1], 16) for line in status.splitlines() if "Cap" in line}
    assert {name: held[name] for name in ("CapEff", "CapPrm", "CapInh")} == {
        "CapEff": 0,
        "CapPrm": 0,
        "CapInh": 0,
    }


def test_cpu_seconds_of_a_worker_is_read_from_outside(native):
    worker = native.spawn(Limits())
    assert 0 < worker.cpu_seconds() < 1
    worker.end()


def test_open_backend_without_landlock_says_so(monkeypatch):
    monkeypatch.setattr("grader.sandbox.backends.syscalls.landlock_abi", lambda: 0)
    monkeypatch.setattr(ctypes, "get_errno", lambda: errno.ENOSYS)
    with pytest.raises(SandboxError, match="this kernel has no Landlock"):
        open_backend("native")


def test_open_backend_where_landlock_is_switched_off_names_the_boot_option(monkeypatch):
    """The kernel is new enough there, so a newer one would not help."""
    monkeypatch.setattr("grader.sandbox.backends.syscalls.landlock_abi", lambda: 0)
    monkeypatch.setattr(ctypes, "get_errno", lambda: errno.EOPNOTSUPP)
    with pytest.raises(SandboxError, match=r"in this kernel but switched off.*boot option lsm="):
        open_backend("native")


@pytest.mark.parametrize("python", ["/nonexistent/python", "/bin/false"])
def test_open_backend_interpreter_that_does_not_start_is_named(python):
    with pytest.raises(SandboxError, match=r"cannot be started|did not start"):
        open_backend("native", python)


def test_spawn_processes_where_none_can_be_allowed_is_refused(native):
    with pytest.raises(SandboxError, match=r"limits.processes = 2: the native sandbox allows only 0"):
        native.spawn(Limits(processes=2))
