"""Find the interpreter that `--python` names, and check that it can run a worker.

Trusted side. Done before any sandbox is tried, because its message would blame the sandbox.
"""

import os
import shutil
import subprocess

from grader.errors import InputError
from grader.sandbox.worker_source import environment

_START_SECONDS = 60.0


def find_interpreter(name: str) -> str:
    """Return the absolute path of a Python interpreter that has NumPy.

    Parameters
    ----------
    name : str
        A path, or a name such as ``python3.12`` that is looked up on PATH.

    Raises
    ------
    InputError
        There is no such program, it does not start, or it has no NumPy.
    """
    found = shutil.which(name)
    if found is None:
        where = "no such program on PATH" if os.path.basename(name) == name else "no such program"  # noqa: PTH119
        raise InputError(f"--python: '{name}': {where}")
    # Workers start in another folder. Not resolved: a virtual environment's interpreter is a link.
    path = os.path.abspath(found)  # noqa: PTH100
    try:
        done = subprocess.run(
            [path, "-I", "-B", "-c", "import numpy"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment(),
            timeout=_START_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"--python: '{name}' cannot be started ({error})") from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        if lines and "numpy" in lines[-1]:
            raise InputError(f"--python: '{name}' has no NumPy, which students' code needs ({lines[-1]})")
        # A traceback ends with the reason; any other program begins with it and may go on with advice.
        which = -1 if lines and lines[0].startswith("Traceback") else 0
        said = lines[which] if lines else f"exit status {done.returncode}"
        raise InputError(f"--python: '{name}' is not a Python interpreter that works ({said})")
    return path
