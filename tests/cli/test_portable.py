"""A student's own check needs nothing that exists on Linux or POSIX only."""

import shutil
import subprocess
import sys

from tests.cli.conftest import ROOT

ABSENT = ("landlockpy", "pyseccomp", "fcntl", "resource", "pwd")
BLOCK = f"import sys\nfor name in {ABSENT!r}: sys.modules[name] = None\n"
# The worker is an interpreter of its own: the modules must be absent there too.
SETUP = (
    BLOCK
    + f"""
from grader.sandbox.backends import unconfined
unconfined.FLAGS = (*unconfined.FLAGS[:-1], {BLOCK!r} + unconfined.FLAGS[-1])
"""
)
SAMPLE = ROOT / "data" / "sample_submissions" / "as_strided_einsum.py"


def _python(text, *arguments, cwd=ROOT):
    command = [sys.executable, "-c", text, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


def test_check_runs_without_modules_of_linux():
    done = _python(SETUP + "from grader.cli import main\nsys.exit(main(sys.argv[1:]))", "check", SAMPLE)
    assert done.returncode == 0, done.stderr
    assert "error of the grader" not in done.stdout
    assert "could not be loaded" not in done.stdout
    assert "conv2d.forward" in done.stdout


def test_plain_pytest_runs_without_modules_of_linux(tmp_path):
    folder = shutil.copytree(ROOT / "student_template", tmp_path / "mine")
    shutil.copy(SAMPLE, folder / "cnn.py")
    text = SETUP + "import pytest\nsys.exit(pytest.main(['-q', '-k', 'relu or conv2d_output']))"
    done = _python(text, cwd=folder)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def test_run_without_modules_of_linux_says_which_package_is_missing(tmp_path):
    text = SETUP + "from grader.cli import main\nsys.exit(main(sys.argv[1:]))"
    done = _python(text, "run", SAMPLE, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "native: the Python package landlockpy is not installed" in done.stderr
    assert "Traceback" not in done.stderr
