"""The reports' figures as inline SVG: the histogram of points, the class on the scale of speed.

Trusted side; pure. Only numbers go in, so nothing needs to be escaped; colours are the page's.
"""

import math
from collections.abc import Sequence

from markupsafe import Markup

from grader.reports.phrasing import number, ratio

_WIDTH, _HEIGHT, _MARGIN = 640, 200, 28
_SLOWEST, _FASTEST = 1e-3, 1e6  # a ratio beyond these cannot be a speed, and would make the axis useless


def histogram_svg(counts: Sequence[int], max_points: float) -> Markup:
    """Return a histogram of points.

    Parameters
    ----------
    counts : sequence of int
        Submissions in equal parts of 0..max_points.
    max_points : float
    """
    step = (_WIDTH - 2 * _MARGIN) / len(counts)
    scale = (_HEIGHT - 2 * _MARGIN) / max(1, *counts)
    base = _HEIGHT - _MARGIN
    marks = []
    for i, count in enumerate(counts):
        left, height = _MARGIN + i * step, count * scale
        if count:
            marks.append(
                f'<rect class="bar" x="{left + 2:.1f}" y="{base - height:.1f}"'
                f' width="{step - 4:.1f}" height="{height:.1f}"/>'
            )
            marks.append(_label(left + step / 2, base - height - 5, str(count)))
    marks += [
        _label(_MARGIN + i * step, base + 17, number(max_points * i / len(counts)))
        for i in range(len(counts) + 1)
    ]
    said = ", ".join(str(count) for count in counts)
    return _svg(f"Submissions by points, in {len(counts)} equal parts: {said}", marks, base)


def speed_svg(speedups: Sequence[float], own: float | None = None) -> Markup:
    """Return the class on the scale of speed: one dot a submission, on a logarithmic axis.

    Parameters
    ----------
    speedups : sequence of float
        How many times faster than nested loops; what is out of all bounds is left out.
    own : float, optional
        The reader's own, drawn apart.

    Returns
    -------
    Markup
        Empty where there is nothing to draw.
    """
    shown = sorted(value for value in speedups if _SLOWEST <= value <= _FASTEST)
    mine = own if own is not None and _SLOWEST <= own <= _FASTEST else None
    every = [*shown, *([mine] if mine is not None else [])]
    if not every:
        return Markup()
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    decades = max(1, high - low)
    base = _HEIGHT - _MARGIN

    def place(value: float) -> float:
        return _MARGIN + (math.log10(value) - low) / decades * (_WIDTH - 2 * _MARGIN)

    marks = [_label(place(10.0**e), base + 17, f"{10.0**e:g}x") for e in range(low, low + decades + 1)]
    marks += [
        f'<circle class="dot" cx="{x:.1f}" cy="{base - 8 - row * 11:.1f}" r="5"/>'
        for x, row in _stacked([place(value) for value in shown])
    ]
    said = (
        f"{len(shown)} submissions between {ratio(min(every))} and {ratio(max(every))} times as fast as loops"
    )
    if mine is not None:
        x = place(mine)
        marks.append(f'<line class="own" x1="{x:.1f}" x2="{x:.1f}" y1="{_MARGIN}" y2="{base}"/>')
        marks.append(_label(x, _MARGIN - 6, f"you: {ratio(mine)}x"))
        said += f"; yours {ratio(mine)}"
    return _svg(said, marks, base)


def _stacked(places: Sequence[float]) -> list[tuple[float, int]]:
    """Return each place with the lowest row in which its dot touches no earlier one."""
    ends: list[float] = []
    stacked = []
    for x in places:
        row = next((i for i, end in enumerate(ends) if end <= x), len(ends))
        ends[row : row + 1] = [x + 11]
        # Rows above the figure's top would be cut off: the last one holds the rest.
        stacked.append((x, min(row, 12)))
    return stacked


def _label(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{text}</text>'


def _svg(said: str, marks: Sequence[str], base: float) -> Markup:
    axis = f'<line class="axis" x1="{_MARGIN}" x2="{_WIDTH - _MARGIN}" y1="{base}" y2="{base}"/>'
    return Markup(
        f'<svg class="figure" role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-label="{said}">'
        f"{axis}{''.join(marks)}</svg>"
    )
