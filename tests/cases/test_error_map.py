"""The picture marks exactly what is wrong, whatever the array's shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from grader.cases.error_map import wrong_positions


def test_wrong_positions_nothing_wrong_is_empty():
    assert wrong_positions(np.zeros((2, 3), dtype=bool)) == ""


def test_wrong_positions_empty_array_is_empty():
    assert wrong_positions(np.zeros((0, 3), dtype=bool)) == ""


def test_wrong_positions_scalar_is_one_mark():
    assert wrong_positions(np.array(True)) == "[]: 1 of 1 wrong (# wrong, . right)\n     0\n   0 #"


def test_wrong_positions_vector_is_one_row():
    picture = wrong_positions(np.array([False, True, True]))
    assert picture.splitlines() == ["[:]: 2 of 3 wrong (# wrong, . right)", "     0", "   0 .##"]


def test_wrong_positions_images_draws_the_worst_plane():
    wrong = np.zeros((2, 3, 2, 4), dtype=bool)
    wrong[0, 0, 0, 0] = True
    wrong[1, 2, :, 3] = True
    assert wrong_positions(wrong).splitlines() == [
        "[1, 2, :, :]: 2 of 8 wrong (# wrong, . right)",
        "     0",
        "   0 ...#",
        "   1 ...#",
    ]


def test_wrong_positions_wide_plane_numbers_every_tenth_column():
    wrong = np.zeros((1, 25), dtype=bool)
    wrong[0, 20] = True
    lines = wrong_positions(wrong).splitlines()
    assert lines[1] == "     0         10        20"
    assert lines[2][lines[1].index("20")] == "#"


def test_wrong_positions_large_plane_counts_in_blocks():
    wrong = np.zeros((8, 8), dtype=bool)
    wrong[:4, :4] = True
    wrong[7, 7] = True
    assert wrong_positions(wrong, max_size=(2, 2)).splitlines() == [
        "[:, :]: 17 of 64 wrong (each character counts the wrong ones of 4x4 elements; . none, # 10 or more)",
        "     0",
        "   0 #.",
        "   4 .1",
    ]


@given(wrong=arrays(bool, array_shapes(max_dims=4, max_side=6)))
def test_wrong_positions_small_planes_mark_as_many_as_are_wrong(wrong: np.ndarray):
    lines = wrong_positions(wrong).splitlines()
    worst = (
        max(np.sum(wrong.reshape(-1, *wrong.shape[-2:]), axis=(-2, -1))) if wrong.ndim > 1 else wrong.sum()
    )
    assert sum(line.count("#") for line in lines[1:]) == worst


@given(height=st.integers(1, 100), width=st.integers(1, 100))
def test_wrong_positions_any_plane_fits_the_size_asked(height: int, width: int):
    lines = wrong_positions(np.ones((height, width), dtype=bool), max_size=(7, 11)).splitlines()
    assert len(lines) <= 2 + 7
    assert max(len(line) for line in lines[2:]) <= 5 + 11


@pytest.mark.parametrize("side", [16, 17, 33])
def test_wrong_positions_blocks_count_every_element_once(side: int):
    wrong = np.eye(side, dtype=bool)
    drawn = "".join(line[5:] for line in wrong_positions(wrong, max_size=(16, 16)).splitlines()[2:])
    assert sum(1 if mark == "#" else int(mark) for mark in drawn if mark != ".") == side
