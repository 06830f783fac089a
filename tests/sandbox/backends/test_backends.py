"""Backends prove themselves or are refused; what starts a worker is right to the letter."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from grader.errors import SandboxError
from grader.sandbox import Limits, open_backend
from grader.sandbox.backends import bwrap, choose, container
from grader.sandbox.backends.unconfined import PlainBackend
from grader.sandbox.probe import Attempt, Report, probe
from grader.worker.escape_attempts import NAMES


def test_probe_native_refuses_every_attempt(native):
    report = probe(native)
    assert report.problem == ""
    assert [attempt.name for attempt in report.attempts] == [name.replace("_", " ") for name in NAMES]
    assert [attempt.name for attempt in report.attempts if not attempt.refused] == []
    assert report.facts["Landlock"].startswith("ABI ")


def test_probe_leaves_no_trace_where_nothing_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with open_backend("none") as backend:
        assert not probe(backend).holds
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["auto", "native"])
def test_open_backend_that_holds_is_opened(name):
    with open_backend(name) as backend:
        assert backend.name == "native"


def test_open_backend_unknown_name_says_which_there_are():
    with pytest.raises(SandboxError, match=r"no sandbox 'chroot': there are auto, native, bwrap"):
        open_backend("chroot")


def test_open_backend_auto_where_a_backend_does_not_hold_takes_the_next(monkeypatch):
    openers = dict.fromkeys(choose.CONFINING, PlainBackend)
    answers = iter([Report("native", problem="a worker could fork"), Report("bwrap")])
    monkeypatch.setattr(choose, "_OPENERS", openers)
    monkeypatch.setattr(choose, "probe", lambda backend: next(answers))
    with open_backend("auto") as backend:
        assert isinstance(backend, PlainBackend)
    assert next(answers, None) is None


def test_open_backend_auto_where_nothing_holds_names_every_reason(monkeypatch):
    monkeypatch.setattr(choose, "_OPENERS", dict.fromkeys(choose.CONFINING, PlainBackend))
    refused = Report("x", (Attempt("fork", refused=False),), problem="a worker could fork")
    monkeypatch.setattr(choose, "probe", lambda backend: refused)
    with pytest.raises(SandboxError, match=r"native: a worker could fork\nbwrap: a worker could fork"):
        open_backend("auto")


def test_open_backend_without_landlock_says_so(monkeypatch):
    monkeypatch.setattr("grader.sandbox.backends.syscalls.landlock_abi", lambda: 0)
    with pytest.raises(SandboxError, match="no Landlock"):
        open_backend("native")


@pytest.mark.parametrize("python", ["/nonexistent/python", "/bin/false"])
def test_open_backend_interpreter_that_does_not_start_is_named(python):
    with pytest.raises(SandboxError, match=r"cannot be started|did not start"):
        open_backend("native", python)


def test_spawn_processes_where_none_can_be_allowed_is_refused(native):
    with pytest.raises(SandboxError, match=r"limits.processes = 2: the native sandbox allows 0 only"):
        native.spawn(Limits(processes=2))


def test_examine_names_every_confining_backend(monkeypatch):
    reports = choose.examine()
    assert [report.backend for report in reports] == ["native", "bwrap", "container"]
    assert reports[0].holds
    assert all(report.holds or report.problem for report in reports)


def test_bwrap_command_mounts_read_only_and_unshares_all():
    arguments = bwrap.command("/usr/bin/bwrap", ["/lib/a.so", "/opt/numpy"], [("usr/lib", "/lib")])
    assert arguments[:5] == [
        "/usr/bin/bwrap",
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
        "--as-pid-1",
    ]
    text = " ".join(arguments)
    assert "--ro-bind /lib/a.so /lib/a.so --ro-bind /opt/numpy /opt/numpy --remount-ro /" in text
    assert "--symlink usr/lib /lib" in text
    assert "--clearenv" in arguments
    assert "--bind" not in arguments
    assert "--proc" not in arguments
    assert "--share-net" not in arguments


def test_bwrap_not_installed_is_refused(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SandboxError, match=r"bubblewrap .* is not installed"):
        bwrap.BwrapBackend()


def test_container_command_gives_nothing_away():
    limits = Limits(memory_mb=512, processes=2, file_mb=1)
    arguments = container.command("podman", "course/numpy", "grader-1", limits, "{}")
    assert arguments[:4] == ["podman", "run", "--rm", "--interactive"]
    for option in (
        "--name=grader-1",
        "--network=none",
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--user=65534:65534",
        "--pids-limit=3",
        "--memory=768m",
        "--memory-swap=768m",
        "--pull=never",
        "--ulimit=fsize=1048576",
    ):
        assert option in arguments
    assert not any(
        argument.startswith(("--volume", "-v", "--mount", "--privileged")) for argument in arguments
    )
    image = arguments.index("course/numpy")
    assert arguments[image + 1 : image + 3] == ["-I", "-B"]
    assert arguments[-1] == "{}"


ENGINE = """#!/bin/sh
echo "$1 $2" >> {log}
[ "$1" = run ] || exit 0
while [ "$1" != course/numpy ]; do shift; done
shift
exec {python} "$@"
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an engine on the path that runs the image's command on this machine; return its log."""
    log = tmp_path / "log"
    script = tmp_path / "podman"
    script.write_text(ENGINE.format(log=log, python=sys.executable))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return log


def test_container_worker_answers_and_is_killed_by_name(engine, open_client, ask, layer):
    with container.ContainerBackend("course/numpy") as backend:
        client = open_client(backend, layer("return x + 1"))
        np.testing.assert_array_equal(ask(client)["output"].array, np.arange(-2.0, 4.0))
        client.close()
    lines = engine.read_text().splitlines()
    assert lines[:2] == ["image inspect", "run --rm"]
    assert lines[2].startswith("kill grader-")


def test_container_image_missing_is_refused(tmp_path, monkeypatch):
    script = tmp_path / "podman"
    script.write_text("#!/bin/sh\necho no such image >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match=r"podman has no image 'conv-grader-worker': no such image"):
        container.ContainerBackend()
