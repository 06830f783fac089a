"""What a sandbox costs: start a worker, confine it, load a file, answer once, end it.

Trusted side. Run it with ``python -m tests.quality.bench_sandbox``;
a subprocess that imports NumPy is measured too, for comparison.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from grader.assignment.limits import Limits
from grader.errors import SandboxError
from grader.intake.source import Program
from grader.sandbox.backends.choose import open_backend
from grader.sandbox.client import Client
from grader.sandbox.process import Backend
from grader.sandbox.worker_source import environment

ROUNDS = 40
SOURCE = "class Nothing: pass\n"
INTERFACE = """
NEEDS = {}
class Echo:
    def forward(self, x):
        return x
    def backward(self):
        return iter(())
def echo(student, params, arrays, settings):
    return Echo()
"""


def milliseconds(action: Callable[[], object], rounds: int = ROUNDS) -> dict[str, float]:
    """Return median, first and ninth decile of an action's wall time, in ms, after one round to warm up."""
    action()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        times.append(1e3 * (time.perf_counter() - started))
    deciles = statistics.quantiles(times, n=10)
    values = {"median": statistics.median(times), "p10": deciles[0], "p90": deciles[-1]}
    return {name: round(value, 2) for name, value in values.items()}


def empty_submission(backend: Backend) -> None:
    """Do everything that a submission costs except the student's own computation."""
    program = Program("cnn.py", {"cnn.py": SOURCE})
    with Client(program, INTERFACE, {}, (), Limits(), backend) as client:
        answer = client.run("echo", {}, {"x": np.zeros(1)}, parts=("output",)).answers["output"]
    assert answer.array is not None, answer.message


def plain_numpy() -> None:
    """Start an interpreter that imports NumPy and ends."""
    arguments = [sys.executable, "-I", "-c", "import numpy"]
    subprocess.run(arguments, env=dict(environment()), check=True)


def measure() -> dict[str, dict[str, float]]:
    """Return the times of each backend that opens here, in milliseconds."""
    times = {"subprocess with import numpy": milliseconds(plain_numpy, ROUNDS // 4)}
    for name in ("native", "bwrap", "container", "none"):
        try:
            backend = open_backend(name)
        except SandboxError:
            continue
        with backend:
            rounds = ROUNDS if name == "native" else ROUNDS // 4
            times[name] = milliseconds(lambda: empty_submission(backend), rounds)  # noqa: B023
    return times


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
