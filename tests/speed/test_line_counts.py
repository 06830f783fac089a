"""What is believed of a worker's table of counts, and which of its lines are the innermost loops."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.results import Place
from grader.sandbox import Answer, Reply
from grader.speed.line_counts import MOST_ROWS, growing_lines, innermost, read_table, shown_first
from grader.speed.python_loops import LONGEST_SENTENCE, MOST_SHOWN, Loop, find_loops, sentences
from grader.speed.stopwatch import Stopwatch, Voided
from grader.speed.workloads import CONV2D_PARTS, TimedParts, right_answers

NAMES = ("N", "C_in", "C_out", "H", "W", "K_h", "K_w")
HUGE = np.iinfo(np.int64).max


def rows(*values: Sequence[int]) -> np.ndarray[Any, Any]:
    return np.array(values, dtype=np.int64).reshape(-1, 4)


def test_read_table_believes_lines_that_exist() -> None:
    assert read_table(rows((0, 0, 1, 5), (1, 1, 9, HUGE)), [3, 9]) == {(0, 0, 1): 5, (1, 1, 9): HUGE}


@pytest.mark.parametrize(
    "row",
    [
        (2, 0, 1, 5),
        (-1, 0, 1, 5),
        (0, 2, 1, 5),
        (0, -2, 1, 5),
        (0, 0, 0, 5),
        (0, 0, 4, 5),
        (0, 0, 2, 0),
        (0, 0, 2, -1),
    ],
)
def test_read_table_leaves_out_a_row_that_names_nothing(row: tuple[int, ...]) -> None:
    assert read_table(rows((0, 0, 1, 5), row), [3, 9]) == {(0, 0, 1): 5}


def test_read_table_code_outside_of_the_files_is_one_place() -> None:
    assert read_table(rows((0, -1, 0, 5)), [3]) == {(0, -1, 0): 5}
    assert read_table(rows((0, -1, 0, 5), (0, -1, 1, 5)), [3]) == {}


def test_read_table_that_names_a_line_twice_is_empty() -> None:
    assert read_table(rows((0, 0, 1, 5), (0, 0, 1, 7)), [3]) == {}


def test_read_table_longer_than_the_source_is_empty() -> None:
    assert read_table(rows(*[(0, 0, line, 1) for line in range(9)]), [3]) == {}
    many = np.ones((MOST_ROWS + 1, 4), np.int64)
    many[:, 1], many[:, 2] = 0, np.arange(1, len(many) + 1)
    assert read_table(many, [10**9]) == {}
    assert len(read_table(many[1:], [10**9])) == MOST_ROWS


@pytest.mark.parametrize("table", [None, np.zeros((2, 4)), np.zeros((2, 3), np.int64), np.zeros(4, np.int64)])
def test_read_table_of_another_kind_is_empty(table: Any) -> None:
    assert read_table(table, [3]) == {}


@given(
    st.lists(st.tuples(*[st.integers(-2, 5) | st.sampled_from([HUGE, -HUGE])] * 4).map(tuple), max_size=30),
    st.lists(st.integers(0, 4), max_size=3),
)
def test_read_table_is_never_larger_than_the_source_in_two_phases(table: Any, lines: list[int]) -> None:
    read = read_table(rows(*table), lines)
    assert len(read) <= 2 * (sum(lines) + 1)
    for (phase, file, line), count in read.items():
        assert phase in (0, 1)
        assert count > 0
        assert (file, line) == (-1, 0) or 1 <= line <= lines[file]


def test_growing_lines_constant_and_new_lines_are_no_loops() -> None:
    base = {(0, 0, 1): 10, (0, 0, 2): 10}
    assert growing_lines(base, {"H": {(0, 0, 1): 13, (0, 0, 2): 20, (0, 0, 3): 5}}) == {(0, 0, 2): ("H",)}


some_lines = st.dictionaries(
    st.tuples(st.integers(0, 1), st.integers(-1, 2), st.integers(0, 12)),
    st.sets(st.sampled_from(NAMES), min_size=1).map(lambda names: tuple(sorted(names))),
    max_size=40,
)


@given(some_lines)
def test_innermost_lines_are_those_that_no_line_of_their_function_outdoes(lines: Mapping[Any, Any]) -> None:
    def function_of(file: int, line: int) -> str:
        return f"f{line // 4}"

    expected: dict[Any, Any] = {}
    for spot, names in sorted(lines.items()):
        place = (spot[0], spot[1], function_of(*spot[1:]))
        rivals = [
            other
            for (phase, file, line), other in lines.items()
            if place == (phase, file, function_of(file, line))
        ]
        if not any(set(names) < set(other) for other in rivals):
            expected.setdefault((place, frozenset(names)), spot)
    found = innermost(lines, function_of)
    assert list(found) == sorted(expected.values())
    assert {name for names in found.values() for name in names} == {
        name for names in lines.values() for name in names
    }


@given(some_lines)
def test_shown_first_names_every_dimension_however_few_are_shown(lines: Mapping[Any, Any]) -> None:
    shown = shown_first(lines, len(NAMES))
    assert len(shown) <= len(NAMES)
    assert {name for spot in shown for name in lines[spot]} == {
        name for names in lines.values() for name in names
    }


class Forger:
    """Takes the place of a client whose worker counts whatever it likes, for many files of many lines."""

    def __init__(self) -> None:
        self.modules = {f"helper{number}.py": "\n" * 99 for number in range(300)}
        self.places = 0
        self.counted = 0
        self.cpu_seconds = 0.0

    def place(self, file: int, line: int) -> Place:
        self.places += 1
        return Place(list(self.modules)[file], None, line, "x" * 120, "f" * 100_000)

    def count(self, kind: str, params: Any, arrays: Any, *, parts: Sequence[str]) -> Reply:
        self.counted += 1
        answers = {name: Answer(name, array=part.values) for name, part in right_answers(arrays).items()}
        lines = np.arange(MOST_ROWS)
        table = np.stack([lines % 2, lines // 100, lines % 100, np.full(MOST_ROWS, 2**self.counted)], 1)
        return Reply({**answers, "counts": Answer("counts", array=table)})

    def time(self, kind: str, params: Any, arrays: Any, *, parts: Sequence[str]) -> Reply:
        answers = {name: Answer(name, array=part.values) for name, part in right_answers(arrays).items()}
        return Reply({part: answers[part] for part in CONV2D_PARTS})


def test_find_loops_forged_table_costs_few_places_and_short_sentences() -> None:
    forger = Forger()
    loops = find_loops(forger, forger, Stopwatch(None))  # type: ignore[arg-type]
    assert loops.over("forward") == NAMES
    assert 0 < forger.places <= 2 * MOST_SHOWN
    said = sentences(loops, "forward")
    assert len(said) == MOST_SHOWN + 1
    assert said[-1].endswith("more lines of `forward` run in a loop")
    assert max(map(len, said)) <= LONGEST_SENTENCE


def test_find_loops_compares_with_what_the_stopwatch_lets_count() -> None:
    def zeros(inputs: Mapping[str, Any]) -> TimedParts:
        return {
            part: (replace(right, values=0 * right.values),) for part, right in right_answers(inputs).items()
        }

    forger = Forger()
    with pytest.raises(Voided):
        find_loops(forger, forger, Stopwatch(None, answers=zeros))  # type: ignore[arg-type]


def test_loop_in_a_function_with_an_absurd_name_is_cut() -> None:
    loop = Loop("forward", Place("cnn.py", None, 1, "for i in x:", "f" * 10_000), ("N",))
    assert len(str(loop)) == LONGEST_SENTENCE
