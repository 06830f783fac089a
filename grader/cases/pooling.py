"""The pooling cases: overlap, gaps, remainder, padding, ties and negative inputs.

Trusted side; data. Rows give kernel, stride, padding, remainder and output size, as in `conv2d`.
"""

from collections.abc import Iterator

from grader.cases.conv2d import extents, pair_or_int
from grader.cases.model import Case

_ROWS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("2x2", "2x2", "0x0", "0x0", "3x2", "the textbook setting: windows that tile"),
    ("2x2", "2x2", "0x0", "1x1", "2x3", "an unread last row and column"),
    ("3x3", "2x2", "0x0", "0x0", "2x3", "windows that overlap: gradients add up"),
    ("3x3", "1x1", "0x0", "0x0", "3x4", "strong overlap"),
    ("3x3", "2x2", "1x1", "1x0", "3x2", "overlap, padding and a remainder"),
    ("2x2", "3x3", "0x0", "2x1", "2x3", "gaps between windows"),
    ("2x2", "1x1", "1x1", "0x0", "4x3", "corner windows that are mostly padding"),
    ("3x2", "2x3", "1x0", "0x2", "3x2", "everything differs between the axes"),
    ("1x3", "1x2", "0x1", "0x1", "4x2", "a row window"),
    ("4x4", "4x4", "2x2", "3x1", "2x3", "the largest padding that PyTorch allows, K / 2"),
    ("1x1", "1x1", "0x0", "0x0", "2x3", "the identity"),
)


def _case(row: tuple[str, str, str, str, str, str], kind: str = "max_pool2d", **changes: object) -> Case:
    kernel, stride, padding, remainder, output, why = row
    height, width = extents(kernel, stride, padding, remainder, output)
    prefix = {"max_pool2d": "pool", "avg_pool2d": "avg-pool"}[kind]
    name = f"{prefix}-k{kernel}-s{stride}-p{padding}-r{remainder}"
    suffix = changes.pop("suffix", "")
    sizes = {"N": changes.pop("N", 2), "C": changes.pop("C", 3), "H": height, "W": width}
    params = {
        "kernel_size": pair_or_int(kernel),
        "stride": pair_or_int(stride),
        "padding": pair_or_int(padding),
    }
    fields: dict[str, object] = {
        "id": f"{name}-{suffix}" if suffix else name,
        "kind": kind,
        "params": params,
        "sizes": sizes,
        "why": why,
    }
    return Case(**{**fields, **changes})  # type: ignore[arg-type]


def max_pool2d_cases() -> Iterator[Case]:
    """Yield every max-pooling case."""
    tile, overlap, padded = _ROWS[0], _ROWS[2], _ROWS[4]
    for row in _ROWS:
        yield _case(row)
    for row in (tile, overlap):
        yield _case((*row[:4], "3x3", "a square image, as in lectures"), suffix="square")
    for row in (tile, overlap, _ROWS[3], padded):
        yield _case((*row[:5], "ties: the first of a window gets the gradient"), suffix="ties", values="ties")
    for row in (padded, _ROWS[6], _ROWS[7]):
        why = "all inputs negative: padding must not win the maximum"
        yield _case((*row[:5], why), suffix="negative", values="negative")
    yield _case(
        (*tile[:5], "stride left out: it is the kernel's size"), suffix="default", params={"kernel_size": 2}
    )
    yield _case((*overlap[:5], "a batch of one image of one channel"), suffix="n1c1", N=1, C=1)
    yield _case((*overlap[:5], "float32 in"), suffix="float32", dtype="float32")
    layouts = {"x": "sliced", "grad_output": "fortran"}
    yield _case((*overlap[:5], "inputs that are not contiguous"), suffix="sliced", layouts=layouts)
    for scenario in ("twice", "second_forward", "two_layers"):
        why = "state of an earlier or another call must not leak"
        for row in (tile, overlap, padded):
            yield _case((*row[:5], why), suffix=scenario.replace("_", "-"), scenario=scenario)


_WHY_AVERAGE = {
    "corner windows that are mostly padding": "zeros of the border count in the mean",
    "the largest padding that PyTorch allows, K / 2": "the border counts however wide it is",
}


def avg_pool2d_cases() -> Iterator[Case]:
    """Yield every average-pooling case; the default assignment grades none of them."""
    tile, overlap, padded = _ROWS[0], _ROWS[2], _ROWS[4]
    kind = "avg_pool2d"
    for row in _ROWS:
        yield _case((*row[:5], _WHY_AVERAGE.get(row[5], row[5])), kind)
    why = "stride left out: it is the kernel's size"
    yield _case((*tile[:5], why), kind, suffix="default", params={"kernel_size": 2})
    for row in (tile, overlap):
        yield _case((*row[:4], "3x3", "a square image, as in lectures"), kind, suffix="square")
    yield _case((*overlap[:5], "a batch of one image of one channel"), kind, suffix="n1c1", N=1, C=1)
    yield _case((*overlap[:5], "float32 in"), kind, suffix="float32", dtype="float32")
    layouts = {"x": "sliced", "grad_output": "fortran"}
    yield _case((*overlap[:5], "inputs that are not contiguous"), kind, suffix="sliced", layouts=layouts)
    for scenario in ("twice", "second_forward", "two_layers"):
        for row in (tile, padded, _ROWS[7]):
            why = "state of an earlier or another call must not leak"
            yield _case((*row[:5], why), kind, suffix=scenario.replace("_", "-"), scenario=scenario)
