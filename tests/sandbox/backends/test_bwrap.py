"""bubblewrap is started with the right words, or refused with the reason."""

import shutil

import pytest

from grader.errors import SandboxError
from grader.sandbox.backends import bwrap


def test_bwrap_command_mounts_read_only_and_unshares_all():
    arguments = bwrap.bwrap_command("/usr/bin/bwrap", ["/lib/a.so", "/opt/numpy"], [("usr/lib", "/lib")])
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
