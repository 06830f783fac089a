"""The programs that are timed with a submission: nested loops, the reference, and one that computes nothing.

Trusted side. All three run in workers of their own, confined and called exactly as the submission is. The
idle program's time is the time of the transfer, and a submission cannot influence it.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cnn_reference
from grader.assignment.interface import load_interface
from grader.intake.source import Program
from grader.sandbox import Backend, Client, Limits

IDLE = """
import numpy as np

made = {}


def ones(shape):
    if shape not in made:
        made[shape] = np.ones(shape)
    return made[shape]


def conv2d_forward(x, weight, bias, *, stride, padding):
    sides = zip(x.shape[2:], weight.shape[2:], stride, padding)
    return ones((len(x), len(weight), *((side + 2 * p - k) // s + 1 for side, k, s, p in sides)))


def conv2d_backward(grad_output, x, weight, *, stride, padding):
    return ones(x.shape), ones(weight.shape), ones(weight.shape[:1])
"""


@dataclass(frozen=True, slots=True, eq=False)
class Opponents:
    """Clients of the three programs."""

    loops: Client
    reference: Client
    idle: Client


@contextlib.contextmanager
def open_opponents(backend: Backend) -> Iterator[Opponents]:
    """Start a worker for each opponent; they end with the block."""
    source = load_interface("functions").source
    programs = (
        Program("cnn_reference/loops.py", _reference_texts(), (), ()),
        Program("cnn_reference/conv.py", _reference_texts(), (), ()),
        Program("idle.py", {"idle.py": IDLE}, (), ()),
    )
    with contextlib.ExitStack() as stack:
        loops, vectorised, idle = (
            stack.enter_context(Client(program, source, {}, (), Limits(), backend)) for program in programs
        )
        yield Opponents(loops, vectorised, idle)


@cache
def _reference_texts() -> dict[str, str]:
    folder = Path(next(iter(cnn_reference.__path__)))
    names = ("__init__", "arrays", "windows", "conv", "pooling", "loops")
    return {f"cnn_reference/{name}.py": (folder / f"{name}.py").read_text(encoding="utf-8") for name in names}
