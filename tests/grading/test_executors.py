"""The processes that grade: what they start with."""

import os
import subprocess
import sys

from grader.sandbox.worker_source import BLAS_THREADS

PROGRAM = """
import os
from grader.grading.executors import local_executor

if __name__ == "__main__":
    with local_executor(1) as executor:
        print(executor.submit(os.getenv, "OPENBLAS_NUM_THREADS").result(), os.getenv("OMP_NUM_THREADS"))
"""


def test_local_executor_keeps_blas_to_one_thread_there_and_not_here(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    env = {name: value for name, value in os.environ.items() if name not in BLAS_THREADS}
    done = subprocess.run(
        [sys.executable, program], env=env, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "1 None\n"
