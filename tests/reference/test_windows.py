"""The rules of the walk, in numbers that a reader can count."""

import numpy as np
import pytest

from cnn_reference.windows import crop, pad, pair, walk, window_view


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "output"),
    [
        ((5, 5), 3, 1, 0, (3, 3)),
        ((5, 5), 3, 1, 1, (5, 5)),
        ((6, 5), 3, 2, 0, (2, 2)),  # remainder 1 in the height
        ((7, 4), (3, 2), (3, 1), (0, 1), (2, 5)),
        ((1, 1), 1, 5, 0, (1, 1)),  # stride larger than everything
        ((2, 2), 5, 1, 2, (2, 2)),  # kernel larger than the image, but not than the padded one
    ],
)
def test_walk_counts_the_windows_that_end_inside(size, kernel, stride, padding, output):
    assert walk(size, kernel, stride, padding).output == output


def test_walk_kernel_too_large_raises_with_both_sizes():
    with pytest.raises(ValueError, match=r"kernel \(5, 5\) is larger than the padded input \(4, 6\)"):
        walk((2, 4), 5, 1, 1)


def test_taps_meet_the_pixels_that_the_view_shows():
    walked = walk((7, 6), (3, 2), (2, 3), 1)
    padded = pad(np.arange(84.0).reshape(2, 1, 7, 6), walked.padding)
    view = window_view(padded, walked)
    for u, v, rows, columns in walked.taps():
        np.testing.assert_array_equal(view[..., u, v], padded[:, :, rows, columns])


def test_window_view_cannot_be_written():
    view = window_view(np.zeros((1, 1, 3, 3)), walk((3, 3), 2, 1, 0))
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0, 0, 0] = 1


@pytest.mark.parametrize("padding", [(0, 0), (0, 2), (1, 0), (2, 1)])
def test_crop_undoes_pad(padding):
    x = np.arange(24.0).reshape(2, 1, 3, 4)
    padded = pad(x, padding, -np.inf)
    assert padded.size == 2 * (3 + 2 * padding[0]) * (4 + 2 * padding[1])
    np.testing.assert_array_equal(crop(padded, walk((3, 4), 1, 1, padding)), x)


def test_pair_reads_numpy_integers_and_lists():
    assert pair("stride", np.int64(2), minimum=1) == (2, 2)
    assert pair("stride", [1, 2], minimum=1) == (1, 2)
