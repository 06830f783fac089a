"""Time our convolution against PyTorch's on the CPU: ``python -m cnn_reference.bench [-o DIR]``.

Each number of threads gets a process of its own, because BLAS reads the number when it is loaded. In
this process, both sides run in turns on the same arrays, and the ratio is the median over the pairs, so
that other programs on the machine slow down both sides alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import geometric_mean, median
from time import perf_counter
from typing import TypeAlias

import numpy as np

from cnn_reference import conv, loops
from cnn_reference.arrays import Array

FEWEST_PAIRS, SECONDS_EACH = 9, 0.4
Run: TypeAlias = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Shape:
    """One convolution to time; images, kernels and paddings are square."""

    name: str
    N: int
    C_in: int
    size: int
    C_out: int
    kernel: int
    stride: int = 1
    padding: int = 0


SHAPES = (
    Shape("LeNet 1", 32, 1, 32, 6, 5),
    Shape("LeNet 2", 32, 6, 14, 16, 5),
    Shape("28x28 digits", 64, 1, 28, 8, 3, padding=1),
    Shape("3 to 32", 16, 3, 32, 32, 3, padding=1),
    Shape("64 to 64", 4, 64, 32, 64, 3, padding=1),
    Shape("64 to 128, stride 2", 4, 64, 32, 128, 3, stride=2, padding=1),
    Shape("5x5, stride 2", 16, 16, 28, 32, 5, stride=2, padding=2),
    Shape("7x7, stride 2", 2, 3, 224, 64, 7, stride=2, padding=3),
    Shape("256 to 256", 4, 256, 14, 256, 3, padding=1),
    Shape("512 to 512", 2, 512, 7, 512, 3, padding=1),
    Shape("1x1", 4, 64, 28, 256, 1),
    Shape("1x1, stride 2", 4, 256, 28, 512, 1, stride=2),
)


@dataclass(frozen=True, slots=True)
class Timing:
    """One row: medians in milliseconds, and the median over the pairs of our time / theirs."""

    shape: str
    direction: str
    dtype: str
    threads: int
    rival: str
    ours_ms: float
    rival_ms: float
    ratio: float


def alternate(ours: Run, rival: Run) -> tuple[float, float, float]:
    """Run both in turns; return the median milliseconds of each and of the ratio."""
    ours()
    rival()
    pairs: list[tuple[float, float]] = []
    start = perf_counter()
    while len(pairs) < FEWEST_PAIRS or perf_counter() - start < SECONDS_EACH:
        pairs.append((_seconds(ours), _seconds(rival)))
    mine, theirs = zip(*pairs, strict=True)
    return 1e3 * median(mine), 1e3 * median(theirs), median(a / b for a, b in pairs)


def _seconds(function: Run) -> float:
    start = perf_counter()
    function()
    return perf_counter() - start


def arrays(shape: Shape, dtype: str) -> tuple[Array, Array, Array, Array]:
    """Draw x, weight, bias and grad_output for a shape."""
    rng, k = np.random.default_rng(0), shape.kernel
    H_out = (shape.size + 2 * shape.padding - k) // shape.stride + 1
    shapes = (
        (shape.N, shape.C_in, shape.size, shape.size),
        (shape.C_out, shape.C_in, k, k),
        (shape.C_out,),
        (shape.N, shape.C_out, H_out, H_out),
    )
    x, weight, bias, grad_output = (rng.normal(size=s).astype(dtype) for s in shapes)
    return x, weight, bias, grad_output


def against_torch(threads: int) -> Iterator[Timing]:
    """Time every shape, dtype and direction in this process, whose BLAS has `threads` threads."""
    import torch

    torch.set_num_threads(threads)
    for dtype in ("float32", "float64"):
        for shape in SHAPES:
            for direction, (ours, rival) in ours_and_torch(shape, dtype).items():
                yield Timing(shape.name, direction, dtype, threads, "PyTorch", *alternate(ours, rival))


def ours_and_torch(shape: Shape, dtype: str) -> dict[str, tuple[Run, Run]]:
    """Give for each direction our run and PyTorch's, on the same arrays."""
    import torch

    x, weight, bias, g = arrays(shape, dtype)
    tx, tw, tb, tg = (torch.from_numpy(array) for array in (x, weight, bias, g))
    s, p = [shape.stride] * 2, [shape.padding] * 2
    how = {"stride": shape.stride, "padding": shape.padding}
    options = ([shape.C_out], s, p, [1, 1], False, [0, 0], 1, [True, True, True])
    return {
        "forward": (
            lambda: conv.conv2d_forward(x, weight, bias, **how),
            lambda: torch.nn.functional.conv2d(tx, tw, tb, s, p),
        ),
        "backward": (
            lambda: conv.conv2d_backward(g, x, weight, **how),
            lambda: torch.ops.aten.convolution_backward(tg, tx, tw, *options),
        ),
    }


def against_loops() -> Iterator[Timing]:
    """Time the first shape, with a single image, against the nested loops."""
    shape = SHAPES[0]
    x, weight, bias, g = arrays(shape, "float64")
    x, g = x[:1], g[:1]
    forward = [lambda m=m: m.conv2d_forward(x, weight, bias) for m in (conv, loops)]
    backward = [lambda m=m: m.conv2d_backward(g, x, weight) for m in (conv, loops)]
    for direction, (ours, rival) in {"forward": forward, "backward": backward}.items():
        yield Timing(shape.name + ", N = 1", direction, "float64", 1, "loops", *alternate(ours, rival))


def in_own_process(threads: int) -> Iterator[Timing]:
    """Start this module again with so many BLAS threads, and read a timing from each line it prints."""
    counts = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), str(threads))
    command = [sys.executable, "-m", "cnn_reference.bench", "--threads", str(threads)]
    with subprocess.Popen(command, env=os.environ | counts, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield Timing(**json.loads(line))
    if process.returncode:
        raise SystemExit(process.returncode)


def summaries(timings: Iterable[Timing]) -> dict[str, tuple[float, Timing]]:
    """Give for each group against PyTorch the geometric mean of the ratios, and the worst row."""
    groups: dict[str, list[Timing]] = {}
    for row in timings:
        if row.rival == "PyTorch":
            groups.setdefault(f"{row.threads} thread(s), {row.dtype}, {row.direction}", []).append(row)
    return {
        name: (geometric_mean(row.ratio for row in rows), max(rows, key=lambda row: row.ratio))
        for name, rows in groups.items()
    }


def table(timings: list[Timing]) -> str:
    """Write the timings and their summary as plain text."""
    head = f"{'shape':<22}{'direction':<10}{'dtype':<9}{'threads':>7}"
    lines = [head + f"  {'ours ms':>9}{'rival ms':>10}{'ratio':>9}  rival"]
    lines += [
        f"{row.shape:<22}{row.direction:<10}{row.dtype:<9}{row.threads:>7}  {row.ours_ms:>9.2f}"
        f"{row.rival_ms:>10.2f}{row.ratio:>9.3g}  {row.rival}"
        for row in timings
    ]
    lines += ["", "our time / PyTorch's: geometric mean, worst shape"]
    for name, (mean, worst) in summaries(timings).items():
        lines.append(f"{name:<32}{mean:>6.2f}   {worst.ratio:.2f} ({worst.shape})")
    return "\n".join(lines) + "\n"


def draw(timings: list[Timing], path: Path) -> None:
    """Draw our time / PyTorch's as bars, one panel for each dtype and number of threads."""
    from matplotlib.figure import Figure

    rows = [row for row in timings if row.rival == "PyTorch"]
    panels = sorted({(row.threads, row.dtype) for row in rows})
    figure = Figure(figsize=(4 * len(panels), 5), layout="constrained")
    for axes, (threads, dtype) in zip(
        np.atleast_1d(figure.subplots(1, len(panels), sharey=True)), panels, strict=True
    ):
        for offset, direction in ((-0.2, "forward"), (0.2, "backward")):
            here = [r for r in rows if (r.threads, r.dtype, r.direction) == (threads, dtype, direction)]
            axes.barh(np.arange(len(here)) + offset, [r.ratio for r in here], 0.4, label=direction)
        axes.set_yticks(range(len(here)), [r.shape for r in here])
        axes.axvline(1, color="black", linewidth=1)
        axes.set(title=f"{dtype}, {threads} thread(s)", xlabel="our time / PyTorch's (less is faster)")
    axes.invert_yaxis()
    axes.legend()
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the table, and write bench.txt, bench.json and bench.png."""
    parser = argparse.ArgumentParser(prog="python -m cnn_reference.bench", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("results/bench"), help="where results go")
    parser.add_argument("--threads", type=int, help="measure here, for one number; print a JSON line each")
    options = parser.parse_args(arguments)
    if missing := [name for name in ("torch", "matplotlib") if find_spec(name) is None]:
        raise SystemExit(f"the bench needs {' and '.join(missing)}: pip install 'conv-grader[test]'")
    if options.threads:
        for timing in against_torch(options.threads):
            print(json.dumps(asdict(timing)), flush=True)
        return

    timings = list(against_loops())
    for threads in sorted({1, os.cpu_count() or 1}):
        timings += show_progress(in_own_process(threads), f"{threads} thread(s)", total=4 * len(SHAPES))
    options.output.mkdir(parents=True, exist_ok=True)
    machine = {"machine": platform.platform(), "processor": platform.machine(), "numpy": np.__version__}
    record = machine | {"timings": [asdict(timing) for timing in timings]}
    (options.output / "bench.json").write_text(json.dumps(record, indent=1) + "\n")
    (options.output / "bench.txt").write_text(table(timings))
    draw(timings, options.output / "bench.png")
    print(table(timings), end="")


def show_progress(timings: Iterator[Timing], description: str, *, total: int) -> list[Timing]:
    """Collect the timings behind a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import track

    return list(track(timings, description, total=total, console=Console(stderr=True)))


if __name__ == "__main__":
    main()
