"""Give up rights permanently: privileges, and every system call that the filter does not name.

Untrusted side, run before any student's code is there. The filter comes ready-made from the trusted side.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Any

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SECCOMP_MODE_FILTER = 2
SYS_LANDLOCK_RESTRICT_SELF = 446
CAPABILITY_VERSION_3 = 0x20080522


def die_with_parent(signal_number: int) -> None:
    """Be sent a signal when the process that forked this one ends."""
    _check(_libc().prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "PR_SET_PDEATHSIG")


def give_up_privileges() -> None:
    """Drop all capabilities, for this process and whatever it might execute; be no debugger's target."""
    libc = _libc()
    _check(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE")
    _check(libc.capset(struct.pack("=Ii", CAPABILITY_VERSION_3, 0), bytes(24)), "capset")
    _check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")


def restrict_files(ruleset_fd: int) -> None:
    """Put on a Landlock ruleset."""
    _check(_libc().syscall(SYS_LANDLOCK_RESTRICT_SELF, ruleset_fd, 0), "landlock_restrict_self")


def restrict_calls(bpf: bytes) -> None:
    """Put on a seccomp filter."""
    filters = ctypes.create_string_buffer(bpf, len(bpf))
    program = struct.pack("@HP", len(bpf) // 8, ctypes.addressof(filters))
    _check(_libc().prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0), "PR_SET_SECCOMP")


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
