"""What a worker may still do: read NumPy and the standard library, compute, and answer.

Trusted side. Two walls that each suffice where they overlap: Landlock says which files
can be read (none written), seccomp which system calls exist. Both are allow-lists, built here once by
maintained libraries and put on by the forked child itself.
"""

import ctypes
import errno
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from landlockpy import AccessFS, LandlockError, Ruleset, Scope, abi_version

from grader.errors import SandboxError

_ALLOWED_CALLS = """
read readv pread64 write writev close lseek dup dup2 dup3 poll ppoll select pselect6
fstat stat lstat newfstatat getdents64 getcwd
mmap munmap mprotect mremap madvise brk
rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall
clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times
getpid gettid getppid getuid geteuid getgid getegid getrusage getrlimit uname sysinfo getrandom
sched_yield sched_getaffinity getcpu futex exit exit_group
"""

# Newer calls for which the C library has an older one at hand if they do not exist.
MISSING_CALLS = ("clone3", "statx", "openat2", "faccessat2", "close_range", "rseq", "membarrier")

# The same number on every processor. Source: linux/landlock.h, "errors of landlock_create_ruleset".
_LANDLOCK_CREATE_RULESET, _VERSION = 444, 1
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_F_GETFD, _F_SETFD, _F_GETFL, _F_DUPFD_CLOEXEC = 1, 2, 3, 1030


def landlock_abi() -> int:
    """Return the kernel's Landlock version, 0 where there is none."""
    try:
        return abi_version()
    except LandlockError:
        return 0


def _why_no_landlock() -> str:
    """Return why Landlock's version cannot be asked for, by what the kernel answers."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _VERSION)
    if ctypes.get_errno() == errno.EOPNOTSUPP:
        return "Landlock is in this kernel but switched off: add `landlock` to the boot option lsm=…"
    return "this kernel has no Landlock (it needs Linux 5.13 or newer)"


def ruleset(readable: Iterable[str]) -> Ruleset:
    """Return a Landlock ruleset that refuses all but reading the given files and folders.

    Raises
    ------
    SandboxError
        The kernel has no Landlock.
    """
    if landlock_abi() < 1:
        raise SandboxError(_why_no_landlock())
    rules = Ruleset(scoped=Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL)
    for path in readable:
        rights = AccessFS.READ_FILE | AccessFS.READ_DIR if Path(path).is_dir() else AccessFS.READ_FILE
        rules.allow_path(path, rights)
    return rules


def readable(places: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the paths that a worker must read, given what its interpreter told of itself.

    Parameters
    ----------
    places : mapping
        ``library``: folders of the standard library; ``packages``: NumPy's folder; ``shared``: folders of
        shared libraries in use.
    """
    paths = [path for folder in places["library"] for path in _without_packages(Path(folder))]
    for folder in map(Path, places["packages"]):
        paths += [folder, *(own for own in [folder.with_name(f"{folder.name}.libs")] if own.exists())]
    for folder in map(Path, places["shared"]):
        if not any(folder.is_relative_to(known) for known in paths):
            paths += _shared(folder)
    paths += [cache for cache in [Path("/etc/ld.so.cache")] if cache.exists()]
    return tuple(dict.fromkeys(map(str, paths)))


def _without_packages(library: Path) -> Iterator[Path]:
    """Yield a standard library's children, without the packages that were installed next to it."""
    for child in sorted(library.iterdir()):
        if child.name not in ("site-packages", "dist-packages"):
            yield child


def _shared(folder: Path) -> Iterator[Path]:
    """Yield a folder of shared libraries, or only its libraries where Python packages live below it."""
    if any(folder.glob("python*")) or any(folder.glob("*-packages")):
        yield from sorted(folder.glob("*.so*"))
    else:
        yield folder


def seccomp_filter() -> bytes:
    """Return the filter over system calls as a BPF program: what is not allowed fails with EPERM.

    Raises
    ------
    SandboxError
        libseccomp is not there.
    """
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError) as error:
        raise SandboxError(f"libseccomp (package libseccomp2) is needed to confine: {error}") from None
    calls = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    for name in _ALLOWED_CALLS.split():
        _add(seccomp, calls, seccomp.ALLOW, name)
    for name in MISSING_CALLS:
        _add(seccomp, calls, seccomp.ERRNO(errno.ENOSYS), name)
    # Opening for reading only, whatever Landlock would say.
    _add(seccomp, calls, seccomp.ALLOW, "openat", seccomp.Arg(2, seccomp.MASKED_EQ, _WRITING, 0))
    _add(seccomp, calls, seccomp.ALLOW, "open", seccomp.Arg(1, seccomp.MASKED_EQ, _WRITING, 0))
    # F_SETOWN and F_SETFL could make the kernel send signals in the worker's name.
    for command in (_F_GETFD, _F_SETFD, _F_GETFL, _F_DUPFD_CLOEXEC):
        _add(seccomp, calls, seccomp.ALLOW, "fcntl", seccomp.Arg(1, seccomp.EQ, command))
    # Reading its own limits, never setting any.
    _add(
        seccomp,
        calls,
        seccomp.ALLOW,
        "prlimit64",
        seccomp.Arg(0, seccomp.EQ, 0),
        seccomp.Arg(2, seccomp.EQ, 0),
    )
    with tempfile.TemporaryFile() as file:
        calls.export_bpf(file)
        file.seek(0)
        return file.read()


def _add(seccomp: object, calls: object, action: int, name: str, *conditions: object) -> None:
    number = seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)  # type: ignore[attr-defined]
    # Some calls do not exist on every processor.
    if number >= 0:
        calls.add_rule(action, number, *conditions)  # type: ignore[attr-defined]
