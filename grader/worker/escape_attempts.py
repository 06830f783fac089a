"""The attempts that a probe makes from inside a sandbox; every one must fail.

Untrusted side: this text is handed to a worker as if it were a student's file. An attempt raises
OSError if it is refused; if it returns, it succeeded. No attempt does harm if it succeeds.
"""

# The attempts' names say what they do; the probe's report prints them.
# ruff: noqa: D102

from __future__ import annotations

import errno
import os
import platform
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

REFUSALS = frozenset(
    {
        errno.EPERM,
        errno.EACCES,
        errno.ENOSYS,
        errno.ENOENT,
        errno.ESRCH,
        errno.EROFS,
        errno.EAGAIN,
        errno.ECONNREFUSED,
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.EAFNOSUPPORT,
    }
)

# io_uring_setup has one number everywhere; the older ones differ.
SYSCALL_NUMBERS = {
    "x86_64": {
        "ptrace": 101,
        "mount": 165,
        "keyctl": 250,
        "unshare": 272,
        "perf_event_open": 298,
        "bpf": 321,
    },
    "aarch64": {"ptrace": 117, "mount": 40, "keyctl": 219, "unshare": 97, "perf_event_open": 241, "bpf": 280},
}
CLONE_NEWUSER = 0x10000000
# Unlike PTRACE_ATTACH it does not stop who is traced.
PTRACE_SEIZE = 0x4206


class Attempts:
    """The attempts, given what the trusted side laid out for them to find."""

    def __init__(self, bait: dict[str, Any]) -> None:
        self.bait = bait

    def read_a_file(self) -> None:
        with open(self.bait["file"], "rb") as file:  # noqa: PTH123
            file.read()

    def list_a_folder(self) -> None:
        list(Path(self.bait["folder"]).iterdir())

    def write_a_file(self) -> None:
        with open(self.bait["new_file"], "wb") as file:  # noqa: PTH123
            file.write(b"x")

    def connect_by_tcp(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.settimeout(1.0)
            sock.connect(("127.0.0.1", self.bait["port"]))

    def connect_by_abstract_socket(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.connect(b"\0" + self.bait["abstract"].encode())

    def fork(self) -> None:
        if os.fork() == 0:
            os._exit(0)

    def start_a_thread(self) -> None:
        try:
            threading.Thread(target=int).start()
        except RuntimeError as error:
            raise PermissionError(errno.EPERM, str(error)) from None

    def execute_a_program(self) -> None:
        os.execv("/bin/true", ["true"])

    def signal_the_grader(self) -> None:
        os.kill(self.bait["pid"], 0)

    def raise_a_limit(self) -> None:
        import resource

        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE))
        except ValueError as error:
            raise PermissionError(errno.EPERM, str(error)) from None

    def trace_the_grader(self) -> None:
        self.call("ptrace", PTRACE_SEIZE, self.bait["pid"], 0, 0)

    def mount(self) -> None:
        self.call("mount", 0, 0, 0, 0, 0)

    def make_a_user_namespace(self) -> None:
        self.call("unshare", CLONE_NEWUSER)

    def use_io_uring(self) -> None:
        self.call("io_uring_setup", 1, 0)

    def use_a_keyring(self) -> None:
        self.call("keyctl", 0, -3, 0, 0, 0)

    def use_perf(self) -> None:
        self.call("perf_event_open", 0, 0, -1, -1, 0)

    def use_bpf(self) -> None:
        self.call("bpf", 0, 0, 0)

    def call(self, name: str, *arguments: int) -> None:
        import ctypes

        number = 425 if name == "io_uring_setup" else SYSCALL_NUMBERS.get(platform.machine(), {}).get(name)
        if number is None:
            raise OSError(errno.ENOSYS, "no number known on this machine")
        if ctypes.CDLL(None, use_errno=True).syscall(number, *map(ctypes.c_long, arguments)) == -1:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))


# execv last: where nothing refuses it, nothing comes after it.
ATTEMPT_NAMES = (
    "read_a_file",
    "list_a_folder",
    "write_a_file",
    "connect_by_tcp",
    "connect_by_abstract_socket",
    "start_a_thread",
    "signal_the_grader",
    "raise_a_limit",
    "trace_the_grader",
    "mount",
    "make_a_user_namespace",
    "use_io_uring",
    "use_a_keyring",
    "use_perf",
    "use_bpf",
    "fork",
    "execute_a_program",
)


def result(attempt: Callable[[], Any]) -> int:
    """Return the errno that refused an attempt, 0 if nothing did."""
    try:
        attempt()
    except OSError as error:
        if error.errno in REFUSALS:
            return int(error.errno)
    return 0


def run(bait: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Return the errno of each attempt, in the order of `ATTEMPT_NAMES`."""
    attempts = Attempts(bait)
    return np.array([result(getattr(attempts, name)) for name in ATTEMPT_NAMES], dtype=np.int64)
