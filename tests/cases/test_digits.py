import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grader.cases.compare import compare
from grader.cases.digits import enough_digits
from grader.cases.ground_truth import Part

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=4))
def test_enough_digits_tells_every_pair_apart_and_no_digit_less_does(
    pairs: list[tuple[float, float]],
) -> None:
    digits = enough_digits(pairs, usual=4)
    assert all(f"{one:.{digits}g}" != f"{other:.{digits}g}" for one, other in pairs if one != other)
    fewer = [f"{one:.{digits - 1}g}" == f"{other:.{digits - 1}g}" for one, other in pairs if one != other]
    assert digits == 4 or any(fewer)


@given(st.floats(1, 1e6), st.floats(1e-5, 1e-3))
def test_compare_float32_message_never_prints_the_wrong_number_as_the_right_one(
    right: float, off: float
) -> None:
    truth = Part(np.array([right]), np.array([right]), 1)
    verdict = compare(np.array([right * (1 + off)], np.float32), truth, "float32")
    expected, got = re.search(r"expected (\S+), got (\S+)", verdict.message).groups()  # type: ignore[union-attr]
    assert expected != got
