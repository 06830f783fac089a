"""Draw the figures of DERIVATION.md: ``python -m cnn_reference.figures [-o DIR]``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from cnn_reference.arrays import Array
from cnn_reference.conv import conv2d_backward, conv2d_forward
from cnn_reference.loss import cross_entropy_backward, cross_entropy_forward

FOLDER = Path(__file__).parents[1] / "figures"
PIXEL, KERNEL, OUTPUT, BORDER, UNREAD, PLAIN = "#cfe3f7", "#fbd9a8", "#cdebc5", "#eeeeee", "#f5b7b1", "white"

# The example of the note: padded x, kernel, and the gradient of the output.
PADDED, WEIGHT, GRAD_OUTPUT = [0, 1, 2, 3, 4, 0], [2, 1, 3], [10, 1]
STRIDE, PADDING = 2, 1


def canvas(width: float, height: float, x: float, y: float) -> tuple[Figure, Axes]:
    """Make a figure in inches, whose one axes runs from (0, 0) to (x, y) with square units, unmarked."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.set(xlim=(0, x), ylim=(0, y), aspect="equal")
    axes.axis("off")
    return figure, axes


def cells(axes: Axes, x: float, y: float, values: Sequence[object], colors: Sequence[str] | str) -> None:
    """Draw a row of unit boxes from (x, y) rightwards, each with its value."""
    for i, value in enumerate(values):
        color = colors if isinstance(colors, str) else colors[i]
        axes.add_patch(Rectangle((x + i, y), 1, 1, facecolor=color, edgecolor="black", linewidth=0.8))
        axes.text(x + i + 0.5, y + 0.5, f"{value}", ha="center", va="center")


def note(axes: Axes, x: float, y: float, text: str, **options: Any) -> None:
    """Write text, centred on (x, y) unless told otherwise."""
    axes.text(x, y, text, **{"ha": "center", "va": "center", **options})


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], style: str = "->") -> None:
    """Draw an arrow."""
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle=style, mutation_scale=10, color="0.3", linewidth=1))


def draw_shapes() -> Figure:
    """Three blocks: images, kernels, output; which axes meet."""
    figure, axes = canvas(9, 3.1, 30, 10)
    for x, width, height, depth, color, name, axes_of in (
        (1, 5, 5, 3, PIXEL, "x", "(N, C_in, H, W)"),
        (12, 3, 3, 3, KERNEL, "weight", "(C_out, C_in, K_h, K_w)"),
        (22, 4, 4, 4, OUTPUT, "output", "(N, C_out, H_out, W_out)"),
    ):
        for layer in reversed(range(depth)):
            corner = (x + 0.45 * layer, 2 + 0.45 * layer)
            axes.add_patch(
                Rectangle(corner, width, height, facecolor=color, edgecolor="black", linewidth=0.8)
            )
        note(axes, x + width / 2 + 0.7, 1.1, f"{name}  {axes_of}")
    note(axes, 3.5, 4.5, "H x W")
    note(axes, 13.5, 3.5, "K_h x K_w")
    note(axes, 24, 4, "H_out x W_out")
    note(axes, 4.5, 8.9, "C_in deep")
    note(axes, 14.2, 6.9, "C_in deep, C_out of them")
    note(axes, 24.8, 8.4, "C_out deep")
    note(axes, 9.6, 4.5, "meets", fontsize=11)
    note(axes, 19.2, 4.5, "gives", fontsize=11)
    return figure


def draw_number_line() -> Figure:
    """The padded row of the example with its windows, and the pixel that is left over."""
    figure, axes = canvas(7.5, 4, 15, 8)
    cells(axes, 4, 5, PADDED, [BORDER, *[PIXEL] * 4, BORDER])
    for index in range(6):
        note(axes, 4.5 + index, 6.35, f"{index}", color="0.4")
    note(axes, 3.6, 6.35, "index", ha="right", color="0.4")
    note(axes, 3.6, 5.5, "padded", ha="right")
    for i, y in ((0, 3.4), (1, 2.1)):
        cells(axes, 4 + STRIDE * i, y, WEIGHT, KERNEL)
        note(axes, 3.6, y + 0.5, f"window {i}", ha="right")
    arrow(axes, (4, 1.4), (6, 1.4), "<->")
    note(axes, 5, 0.8, "s = 2")
    arrow(axes, (6, 1.4), (9, 1.4), "<->")
    note(axes, 7.5, 0.8, "K = 3")
    arrow(axes, (9, 1.4), (10, 1.4), "<->")
    note(axes, 9.5, 0.8, "r = 1")
    arrow(axes, (4, 7), (5, 7), "<->")
    arrow(axes, (9, 7), (10, 7), "<->")
    note(axes, 4.5, 7.6, "p = 1")
    note(axes, 9.5, 7.6, "p = 1")
    arrow(axes, (5, 7), (9, 7), "<->")
    note(axes, 7, 7.6, "H = 4")
    note(axes, 10.4, 4.2, "never read:\nits gradient is 0", ha="left", color="#a93226")
    arrow(axes, (10.8, 4.9), (10.1, 5.4))
    return figure


def draw_matrix() -> Figure:
    """The forward pass as the matrix C, the backward pass as its transpose."""
    figure, axes = canvas(9, 3.6, 25, 9.6)
    rows = [["w0", "w1", "w2", "", "", ""], ["", "", "w0", "w1", "w2", ""]]
    for i, row in enumerate(rows):
        cells(axes, 1, 5.3 - i, row, [KERNEL if value else PLAIN for value in row])
    for index, value in enumerate(["x0", "x1", "x2", "x3", "x4", "x5"]):
        cells(axes, 8, 7.3 - index, [value], BORDER if index in (0, 5) else PIXEL)
    cells(axes, 10.2, 5.3, ["y0"], OUTPUT)
    cells(axes, 10.2, 4.3, ["y1"], OUTPUT)
    note(axes, 7.5, 5.3, "·", fontsize=16)
    note(axes, 9.6, 5.3, "=", fontsize=13)
    note(axes, 4, 0.8, "forward:  y = C · padded")
    for j in range(6):
        column = [row[j] for row in rows]
        cells(axes, 14, 7.3 - j, column, [KERNEL if value else PLAIN for value in column])
        cells(axes, 20, 7.3 - j, [PADDED_GRADIENT[j]], UNREAD if j == 5 else PIXEL)
    cells(axes, 17, 5.3, ["g0"], OUTPUT)
    cells(axes, 17, 4.3, ["g1"], OUTPUT)
    note(axes, 16.5, 5.3, "·", fontsize=16)
    note(axes, 19, 5.3, "=", fontsize=13)
    note(axes, 17.5, 0.8, "backward:  grad_padded = Cᵀ · g")
    note(axes, 21.3, 2.8, "row of zeros in Cᵀ", ha="left", color="#a93226", fontsize=9)
    return figure


PADDED_GRADIENT = ["w0g0", "w1g0", "…", "w1g1", "w2g1", "0"]


def draw_windows() -> Figure:
    """One image, its windows, and the two pairs of axes that number them."""
    figure, axes = canvas(9, 4.2, 28, 12)
    for row in range(6):
        cells(axes, 1, 8 - row, [6 * row + column for column in range(6)], PIXEL)
    for i, j, color in ((0, 0, "#1f618d"), (0, 1, "#b9770e"), (1, 0, "#1e8449"), (1, 1, "#a93226")):
        corner = (1.06 + 2 * j, 9 - 2 * i - 3 + 0.06)
        axes.add_patch(Rectangle(corner, 2.88, 2.88, fill=False, edgecolor=color, linewidth=2.2))
        left, top = 12 + 7 * j, 8.6 - 5 * i
        for u in range(3):
            cells(axes, left, top - u, [6 * (2 * i + u) + 2 * j + v for v in range(3)], PLAIN)
        axes.add_patch(Rectangle((left, top - 2), 3, 3, fill=False, edgecolor=color, linewidth=2.2))
        note(axes, left + 3.3, top - 0.5, f"i = {i}\nj = {j}", ha="left")
    note(axes, 4, 1.7, "padded[n, c]: 6 x 6, numbered as in memory\nstrides, in elements: row 6, column 1")
    note(axes, 13.5, 10.3, "v →", color="0.4")
    note(axes, 11.5, 7.1, "u\n↓", color="0.4")
    note(axes, 17.5, 0.5, "view[n, c, i, j, u, v]: strides (…, …, 2·6, 2·1, 6, 1); nothing is copied")
    return figure


def draw_scatter_and_dilate() -> Figure:
    """The two forms of grad_x, on the example."""
    figure, axes = canvas(9.5, 4.3, 30, 12.4)
    note(axes, 6.5, 11.8, "scatter: every g adds its scaled kernel", weight="bold")
    for i, y in ((0, 8.6), (1, 7.0)):
        cells(axes, 0.5, y, [GRAD_OUTPUT[i]], OUTPUT)
        note(axes, 2.2, y + 0.5, "· w at")
        cells(axes, 4 + STRIDE * i, y, [GRAD_OUTPUT[i] * w for w in WEIGHT], KERNEL)
    note(axes, 2, 5.3, "sum")
    gradient = [20, 10, 32, 1, 3, 0]
    cells(axes, 4, 4.8, gradient, [BORDER, *[PIXEL] * 4, UNREAD])
    note(axes, 2, 2.9, "crop p")
    cells(axes, 5, 2.4, gradient[1:5], PIXEL)
    note(axes, 7, 1.6, "grad_x")
    note(axes, 21.5, 11.8, "dilate, append r, pad K - 1, correlate with flipped w", weight="bold")
    colors = [PLAIN, PLAIN, OUTPUT, BORDER, OUTPUT, UNREAD, PLAIN, PLAIN]
    cells(axes, 17, 8.6, [0, 0, 10, 0, 1, 0, 0, 0], colors)
    note(axes, 18, 10.15, "K - 1")
    note(axes, 20.5, 10.15, "dilated by s")
    note(axes, 22.6, 10.15, "r", color="#a93226")
    note(axes, 24, 10.15, "K - 1")
    cells(axes, 17, 7.0, WEIGHT[::-1], KERNEL)
    note(axes, 20.4, 7.5, "flipped kernel, slides by 1", ha="left")
    cells(axes, 17, 4.8, gradient, [BORDER, *[PIXEL] * 4, UNREAD])
    cells(axes, 18, 2.4, gradient[1:5], PIXEL)
    note(axes, 20, 1.6, "grad_x")
    arrow(axes, (13.8, 5.3), (15.8, 5.3), "<->")
    note(axes, 14.8, 6, "equal")
    return figure


def draw_unread_row() -> Figure:
    """grad_x of a 7x7 image under a 3x3 kernel of ones, stride 3: the seventh row and column are 0."""
    x, weight = np.zeros((1, 1, 7, 7)), np.ones((1, 1, 3, 3))
    grad_x, _, _ = conv2d_backward(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), x, weight, stride=3)
    figure, axes = canvas(4.6, 3.6, 12.6, 8.6)
    for row in range(7):
        colors = [UNREAD if value == 0 else PIXEL for value in grad_x[0, 0, row]]
        cells(axes, 0.5, 7 - row, [int(value) for value in grad_x[0, 0, row]], colors)
    note(axes, 8, 1.5, "r = (7 - 3) mod 3 = 1\nno window reads\nthis row", ha="left", color="#a93226")
    note(axes, 4, 0.5, "grad_x, K = 3, s = 3, p = 0")
    return figure


def draw_step_size() -> Figure:
    """Error of the central difference against its step, for a convolution under a cross-entropy."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    steps = np.logspace(-10, 0, 41)
    for dtype, color in ((np.float64, "tab:blue"), (np.float32, "tab:orange")):
        errors = [central_difference_error(step, dtype) for step in steps]
        axes.loglog(steps, errors, ".-", color=color, label=np.dtype(dtype).name)
        best = float(np.cbrt(np.finfo(dtype).eps))
        axes.axvline(best, color=color, linestyle=":", label=f"cube root of ε = {best:.0e}")
    axes.set(xlabel="step h", ylabel="relative error of the gradient", ylim=(1e-13, 1e3))
    axes.legend(fontsize=8)
    return figure


def central_difference_error(step: float, dtype: type[np.floating[Any]]) -> float:
    """Return the relative error of all differences of one kernel's gradient, computed in `dtype`."""
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(4, 2, 6, 6)).astype(dtype), rng.normal(size=(3, 2, 3, 3)).astype(dtype)
    bias, labels = np.zeros(3, dtype), np.array([0, 1, 2, 1])

    def logits(weight: Array) -> Array:
        result: Array = conv2d_forward(x, weight, bias, stride=2).mean(axis=(2, 3))
        return result

    def loss(weight: Array) -> float:
        return cross_entropy_forward(logits(weight), labels)

    grad_logits = cross_entropy_backward(logits(weight), labels)
    grad_output = np.broadcast_to(grad_logits[:, :, None, None] / 4, (4, 3, 2, 2))
    _, exact, _ = conv2d_backward(grad_output, x.astype(float), weight.astype(float), stride=2)
    found = np.zeros(weight.shape)
    for place in np.ndindex(weight.shape):
        there, back = weight.copy(), weight.copy()
        there[place] += dtype(step)
        back[place] -= dtype(step)
        found[place] = (loss(there) - loss(back)) / (2 * step)
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


FIGURES: dict[str, Callable[[], Figure]] = {
    "shapes": draw_shapes,
    "number_line": draw_number_line,
    "matrix": draw_matrix,
    "windows": draw_windows,
    "scatter_and_dilate": draw_scatter_and_dilate,
    "unread_row": draw_unread_row,
    "step_size": draw_step_size,
}


def main(arguments: list[str] | None = None) -> None:
    """Write every figure as SVG; the same NumPy and matplotlib write the same bytes."""
    parser = argparse.ArgumentParser(prog="python -m cnn_reference.figures", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=FOLDER)
    folder = parser.parse_args(arguments).output
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "reference", "font.size": 9}):
        for name, draw in FIGURES.items():
            draw().savefig(folder / f"{name}.svg", metadata={"Date": None}, facecolor="white")


if __name__ == "__main__":
    main()
