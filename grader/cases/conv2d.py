"""The conv2d cases: kernel 1..5, stride 1..4, padding 0..3, remainder 0..s-1, per axis.

Trusted side; data. A row gives kernel, stride, padding, remainder and *output* size, each per
axis; the input's size follows, H = (H_out - 1) * s + K - 2p + r, so that a row says the
remainder that it is about instead of hiding it in a sum. Rows that ask for one thing beside the
plainest setting (stride 1, padding (K - 1) / 2) have square images, so that they ask for this alone.
"""

from collections.abc import Iterator

from grader.cases.model import Case

# kernel, stride, padding, remainder, output size: each (height, width).
_ROWS: tuple[tuple[str, str, str, str, str, str], ...] = (
    # stride 1: padding from none to more than the kernel
    ("1x1", "1x1", "0x0", "0x0", "5x5", "a 1x1 kernel mixes channels only"),
    ("2x2", "1x1", "0x0", "0x0", "4x4", "an even kernel has no middle"),
    ("2x2", "1x1", "1x1", "0x0", "6x6", "an even kernel with padding"),
    ("3x3", "1x1", "0x0", "0x0", "3x3", "no padding: a crop by p:-p is empty"),
    ("3x3", "1x1", "1x1", "0x0", "5x5", "the textbook setting, p = (K - 1) / 2"),
    ("3x3", "1x1", "2x2", "0x0", "7x7", "full padding, p = K - 1"),
    ("3x3", "1x1", "3x3", "0x0", "7x6", "padding as wide as the kernel: whole windows of zeros"),
    ("4x4", "1x1", "1x1", "0x0", "4x4", "padding that is not (K - 1) / 2"),
    ("5x5", "1x1", "0x0", "0x0", "2x2", "a large kernel, no padding"),
    ("5x5", "1x1", "1x1", "0x0", "4x4", "padding between none and (K - 1) / 2"),
    ("5x5", "1x1", "2x2", "0x0", "6x6", "the textbook setting for K = 5"),
    ("5x5", "1x1", "3x3", "0x0", "5x4", "more than (K - 1) / 2"),
    # stride 2
    ("1x1", "2x2", "0x0", "0x0", "3x2", "a 1x1 kernel that skips pixels: gradient zero between"),
    ("1x1", "2x2", "0x0", "1x1", "2x3", "the skipped pixels include the last row and column"),
    ("2x2", "2x2", "0x0", "0x0", "3x2", "windows that tile the input"),
    ("2x2", "2x2", "0x0", "1x1", "2x3", "tiles with an unread last row and column"),
    ("2x2", "2x2", "1x1", "1x1", "3x2", "the unread row is padding"),
    ("3x3", "2x2", "0x0", "0x0", "3x2", "overlap and stride, no padding, nothing left over"),
    ("3x3", "2x2", "0x0", "1x1", "2x3", "the unread last row must get gradient zero"),
    ("3x3", "2x2", "1x1", "0x0", "3x3", "stride 2 and padding 1, nothing left over"),
    ("3x3", "2x2", "1x1", "1x1", "2x3", "the setting of most networks, one padded row unread"),
    ("3x3", "2x2", "2x2", "1x1", "3x4", "full padding with a stride"),
    ("4x4", "2x2", "1x1", "0x0", "2x3", "the usual down-sampling with an even kernel"),
    ("4x4", "2x2", "3x3", "1x1", "4x3", "even kernel, full padding, unread padding"),
    ("5x5", "2x2", "2x2", "0x0", "3x3", "a large kernel with a stride"),
    ("5x5", "2x2", "2x2", "1x1", "3x3", "the stem of many networks"),
    ("5x5", "2x2", "0x0", "1x1", "2x1", "unread row inside the image"),
    # stride 3: dilation by a fixed single zero is wrong from here on
    ("3x3", "3x3", "0x0", "0x0", "2x3", "windows that tile, stride 3"),
    ("3x3", "3x3", "0x0", "1x2", "3x2", "one unread row, two unread columns"),
    ("3x3", "3x3", "0x0", "2x1", "2x3", "two unread rows, one unread column"),
    ("3x3", "3x3", "1x1", "0x0", "2x2", "windows that tile a padded image"),
    ("3x3", "3x3", "1x1", "1x1", "2x2", "stride 3, the last padded row unread"),
    ("3x3", "3x3", "1x1", "2x2", "2x2", "the remainder is larger than the padding"),
    ("3x3", "3x3", "1x1", "0x1", "2x3", "remainder in one axis only"),
    ("2x2", "3x3", "0x0", "0x0", "3x2", "a stride larger than the kernel leaves gaps"),
    ("2x2", "3x3", "0x0", "2x1", "2x3", "gaps and unread rows"),
    ("2x2", "3x3", "1x1", "1x2", "3x2", "gaps, padding and a remainder"),
    ("5x5", "3x3", "2x2", "0x0", "2x2", "overlap at stride 3"),
    ("5x5", "3x3", "2x2", "2x1", "2x3", "wide overlap at stride 3"),
    ("5x5", "3x3", "1x1", "1x0", "3x2", "K = 5 with padding 1"),
    ("4x4", "3x3", "2x2", "0x2", "2x3", "even kernel, odd stride"),
    # stride 4
    ("3x3", "4x4", "0x0", "0x1", "2x3", "stride above the kernel: columns never read"),
    ("3x3", "4x4", "1x1", "0x0", "2x2", "gaps between windows, nothing left over"),
    ("3x3", "4x4", "1x1", "3x3", "2x2", "three rows left over, one of them padding"),
    ("3x3", "4x4", "1x1", "2x3", "3x2", "the largest remainder, more than the padding"),
    ("1x1", "4x4", "0x0", "3x2", "2x3", "one pixel of sixteen is read"),
    ("5x5", "4x4", "3x3", "3x0", "2x3", "K, s and p all large"),
    ("4x4", "4x4", "0x0", "3x3", "2x1", "tiles and the largest remainder"),
    ("2x4", "4x2", "1x1", "1x0", "2x3", "the smallest remainder of stride 4, gaps in one axis"),
    # height and width differ in one thing or in all
    ("3x2", "1x1", "0x0", "0x0", "3x5", "kernel sides exchanged"),
    ("2x3", "1x1", "1x1", "0x0", "4x5", "kernel sides exchanged, with padding"),
    ("3x5", "1x1", "1x2", "0x0", "5x5", "a flat kernel on a square image"),
    ("5x3", "1x1", "2x1", "0x0", "6x4", "a tall kernel that keeps the image's size"),
    ("1x5", "1x1", "0x2", "0x0", "3x4", "a row kernel"),
    ("5x1", "1x1", "2x0", "0x0", "4x3", "a column kernel"),
    ("3x3", "2x1", "1x1", "0x0", "3x4", "stride in one axis only"),
    ("3x3", "1x2", "0x0", "0x1", "4x3", "stride in the other axis only"),
    ("3x3", "1x3", "1x1", "0x2", "4x2", "strides exchanged, stride 3"),
    ("3x3", "1x1", "0x1", "0x0", "3x4", "padding in one axis only"),
    ("3x3", "1x1", "2x0", "0x0", "4x3", "padding in the other axis only"),
    ("3x2", "2x3", "1x0", "1x2", "3x2", "everything differs between the axes"),
    ("2x4", "3x2", "0x1", "1x0", "2x4", "everything differs, K_w > K_h"),
    ("4x1", "2x4", "3x0", "1x3", "3x2", "extremes of each axis"),
    ("5x3", "4x1", "2x0", "2x0", "2x4", "tall kernel with a tall stride"),
    ("1x4", "2x3", "0x2", "1x1", "3x2", "flat kernel, wide stride"),
    ("5x2", "3x4", "1x3", "2x3", "2x3", "large remainders in both axes"),
    ("2x5", "1x2", "3x2", "0x1", "8x2", "padding above the kernel in one axis"),
    # padding at or above the kernel
    ("1x1", "1x1", "1x1", "0x0", "4x5", "a 1x1 kernel on padding: the border is the bias"),
    ("2x2", "1x1", "2x2", "0x0", "5x6", "p = K: a dilated form that pads K - 1 - p goes negative"),
    ("2x2", "2x2", "3x3", "1x0", "4x4", "p > K with a stride"),
    ("1x1", "3x3", "2x2", "1x2", "2x3", "p > K, 1x1, remainder: padding is read, image skipped"),
)


def _pair(text: str) -> tuple[int, int]:
    height, width = text.split("x")
    return int(height), int(width)


def pair_or_int(text: str) -> int | tuple[int, int]:
    """Read ``3x2`` as a pair, equal sides as one int, as students write it."""
    height, width = _pair(text)
    return height if height == width else (height, width)


def extents(kernel: str, stride: str, padding: str, remainder: str, output: str) -> tuple[int, int]:
    """Return (H, W) of the input: ``(H_out - 1) * s + K - 2p + r`` per axis."""
    rows = zip(*map(_pair, (kernel, stride, padding, remainder, output)), strict=True)
    height, width = ((o - 1) * s + k - 2 * p + r for k, s, p, r, o in rows)
    return height, width


def _case(row: tuple[str, str, str, str, str, str], **changes: object) -> Case:
    kernel, stride, padding, remainder, output, why = row
    height, width = extents(kernel, stride, padding, remainder, output)
    channels: dict[str, int] = {"N": 2, "C_in": 3, "C_out": 4}
    sizes = {name: changes.pop(name, size) for name, size in channels.items()}
    name = f"k{kernel}-s{stride}-p{padding}-r{remainder}"
    fields: dict[str, object] = {
        "id": name,
        "kind": "conv2d",
        "params": {
            "in_channels": sizes["C_in"],
            "out_channels": sizes["C_out"],
            "kernel_size": pair_or_int(kernel),
            "stride": pair_or_int(stride),
            "padding": pair_or_int(padding),
        },
        "sizes": {**sizes, "H": height, "W": width},
        "why": why,
    }
    suffix = changes.pop("suffix", "")
    fields["id"] = f"{name}-{suffix}" if suffix else name
    return Case(**{**fields, **changes})  # type: ignore[arg-type]


_Setting = tuple[str, str, str, str, str]
_PLAIN: _Setting = ("3x3", "1x1", "1x1", "0x0", "5x5")
_LARGE: _Setting = ("5x5", "1x1", "2x2", "0x0", "6x6")
_STRIDED: _Setting = ("3x3", "2x2", "1x1", "1x1", "2x3")
_BARE: _Setting = ("3x3", "2x2", "0x0", "1x1", "2x3")
_UNEVEN: _Setting = ("3x2", "2x3", "1x0", "1x2", "3x2")


def conv2d_cases() -> Iterator[Case]:
    """Yield every valid conv2d case."""
    for row in _ROWS:
        yield _case(row)
    yield from _sizes()
    yield from _dtypes_and_layouts()
    yield from _scenarios()


def _sizes() -> Iterator[Case]:
    for setting, added in ((_PLAIN, ""), (_STRIDED, ", a remainder")):
        yield _case((*setting, f"a batch of one{added}"), suffix="n1", N=1)
        yield _case((*setting, f"one output channel{added}"), suffix="f1", C_out=1)
    yield _case((*_LARGE, "a batch of one, a large kernel"), suffix="n1", N=1)
    yield _case((*_PLAIN, "one input channel"), suffix="c1", C_in=1)
    yield _case((*_BARE, "one image and one kernel"), suffix="n1f1", N=1, C_out=1)
    yield _case((*_UNEVEN, "one of each: no axis to hide behind"), suffix="n1c1f1", N=1, C_in=1, C_out=1)
    for setting in (_PLAIN, _LARGE, _STRIDED):
        why = "a larger batch, more channels in than out"
        yield _case((*setting, why), suffix="n5", N=5, C_in=4, C_out=2)
    for setting, output in ((_PLAIN, "4x7"), (_PLAIN, "6x5"), (_LARGE, "5x7")):
        suffix = "wide" if output < output[::-1] else "tall"
        yield _case((*setting[:4], output, f"a {suffix} image, else plain"), suffix=suffix)
    yield _case(("3x4", "1x1", "0x0", "0x0", "1x1", "the kernel is as large as the input"), suffix="whole")
    yield _case(("3x3", "2x2", "1x1", "0x0", "1x1", "one window only, mostly padding"), suffix="one")
    yield _case(("3x3", "2x2", "1x1", "1x1", "3x3", "a square image, as in lectures"), suffix="square")
    yield _case(("2x2", "2x2", "0x0", "0x0", "4x1", "an output of one column"), suffix="column")


def _dtypes_and_layouts() -> Iterator[Case]:
    for setting in (_PLAIN, _LARGE, _STRIDED, _UNEVEN):
        yield _case((*setting, "float32 in"), suffix="float32", dtype="float32")
    why = "float32 in, a larger batch"
    yield _case((*_PLAIN, why), suffix="n5-float32", dtype="float32", N=5, C_in=4, C_out=2)
    layouts = {
        "fortran": "column-major inputs",
        "sliced": "every second element",
        "reversed": "negative strides",
    }
    for layout, words in layouts.items():
        names = ("x", "weight", "grad_output")
        for setting in (_STRIDED, _BARE):
            # Padding makes a copy, so x itself is seen without padding only.
            row = (*setting, f"inputs not contiguous: {words}")
            yield _case(row, suffix=layout, layouts=dict.fromkeys(names, layout))


def _scenarios() -> Iterator[Case]:
    reasons = {
        "twice": "a second forward and backward: gradients must not add up over calls",
        "second_forward": "forward twice, then backward: the newer input counts",
        "two_layers": "two layers at once: they must not share state",
    }
    for scenario, why in reasons.items():
        for setting in (_PLAIN, _STRIDED, _UNEVEN):
            yield _case((*setting, why), suffix=scenario.replace("_", "-"), scenario=scenario)


def conv2d_invalid_cases() -> Iterator[Case]:
    """Yield the conv2d cases whose arguments are wrong, so that the layer must raise."""
    twin = "k3x3-s1x1-p0x0-r0x0"
    base_params = {"in_channels": 3, "out_channels": 4, "kernel_size": 3, "stride": 1, "padding": 0}
    base_sizes = {"N": 2, "C_in": 3, "C_out": 4, "H": 5, "W": 6}
    table: tuple[tuple[str, dict[str, object], dict[str, int], str], ...] = (
        ("kernel-too-tall", {"kernel_size": (6, 3)}, {}, "the kernel is taller than the input"),
        ("kernel-too-wide", {"kernel_size": (3, 7)}, {}, "the kernel is wider than the input"),
        ("kernel-too-large", {"kernel_size": 7}, {}, "the kernel is larger than the input"),
        ("kernel-too-large-padded", {"kernel_size": 9, "padding": 1}, {}, "padding is not enough"),
        (
            "kernel-too-large-strided",
            {"kernel_size": 7, "stride": 3},
            {},
            "floor division hides the sign",
        ),
        ("channels-too-many", {}, {"C_in": 4}, "x has more channels than the weight"),
        ("channels-too-few", {}, {"C_in": 2}, "x has fewer channels than the weight"),
        ("stride-zero", {"stride": 0}, {}, "a stride of zero never moves"),
        ("stride-zero-across", {"stride": (1, 0)}, {}, "a stride of zero in one axis"),
        ("stride-negative", {"stride": -1}, {}, "a negative stride"),
        ("padding-negative-across", {"padding": (0, -1)}, {}, "a negative padding in one axis"),
        ("padding-negative", {"padding": -1}, {}, "a negative padding"),
    )
    for name, params, sizes, why in table:
        yield Case(
            id=f"invalid-{name}",
            kind="conv2d",
            params={**base_params, **params},
            sizes={**base_sizes, **sizes},
            why=why,
            invalid=True,
            twin=twin,
        )
