"""A container engine is started with the right words and killed by name, or refused with the reason."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from grader.errors import SandboxError
from grader.sandbox import Limits
from grader.sandbox.backends import container


def test_container_command_gives_nothing_away():
    limits = Limits(memory_mb=512, processes=2, file_mb=1)
    arguments = container.container_command("podman", "course/numpy", "grader-1", limits, "{}")
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
