"""Which loops run in Python: four known styles told apart, and those that hide."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.assignment.interface import load_interface
from grader.intake.source import Program
from grader.results import Outcome, Place
from grader.sandbox import Backend, Client, Limits, open_backend
from grader.speed.baselines import Opponents, open_opponents
from grader.speed.python_loops import (
    DIMENSIONS,
    Loop,
    Loops,
    find_loops,
    sentences,
)
from grader.speed.stopwatch import PHASES, Stopwatch, Voided

SUBMISSIONS = Path(__file__).parents[1] / "fixtures" / "planted" / "speed"
ALL = tuple(DIMENSIONS)
STYLES = {
    "seven_loops": (ALL, ALL),
    "images_and_channels": (("N", "C_in"), ("N", "C_in")),
    "kernel_taps": (("K_h", "K_w"), ("K_h", "K_w")),
    "vectorised": ((), ()),
}

Find = Callable[..., Loops]


@pytest.fixture(scope="session")
def backend() -> Iterator[Backend]:
    with open_backend("native") as backend:
        yield backend


@pytest.fixture(scope="session")
def opponents(backend: Backend) -> Iterator[Opponents]:
    with open_opponents(backend) as opponents:
        yield opponents


@pytest.fixture
def find(backend: Backend, opponents: Opponents) -> Find:
    def find(style: str, phases: tuple[str, ...] = PHASES) -> Loops:
        text = (SUBMISSIONS / f"{style}.py").read_text(encoding="utf-8")
        program = Program("cnn.py", {"cnn.py": text}, (), ())
        with Client(program, load_interface("layers").source, {}, (), Limits(), backend) as client:
            return find_loops(client, opponents.idle, Stopwatch(None, phases))

    return find


@pytest.mark.parametrize("style", STYLES)
def test_find_loops_known_style_names_its_dimensions(find: Find, style: str) -> None:
    loops = find(style)
    assert (loops.over("forward"), loops.over("backward")) == STYLES[style]
    assert loops.unknown == ()


def test_find_loops_code_for_squares_only_is_asked_for_squares(find: Find) -> None:
    assert find("squares_only").over("backward") == ALL


def test_find_loops_names_function_line_and_dimensions(find: Find) -> None:
    assert str(find("seven_loops").counted["backward"][0]) == (
        "cnn.py, line 55, in backward: `for v in range(k_w):` runs once per image, per input channel, "
        "per filter, per output row, per output column, per kernel row and per kernel column"
    )


def test_find_loops_comprehension_map_and_recursion_are_loops(find: Find) -> None:
    assert find("other_ways_to_loop", ("forward",)).over("forward") == ("N", "C_out", "H")


def test_find_loops_counter_switched_off_is_found_by_processor_time(find: Find) -> None:
    # A busy moment of the machine hides growth now and then, so one of three tries is enough here.
    tries = (find("tracing_switched_off", ("forward",)) for _ in range(3))
    loops = next((found for found in tries if {"N", "H", "W"} <= set(found.over("forward"))), None)
    assert loops is not None
    assert "the counter saw none" in sentences(loops, "forward")[-1]


def test_find_loops_other_answers_while_watched_are_void(find: Find) -> None:
    with pytest.raises(Voided) as caught:
        find("other_when_traced")
    assert caught.value.outcome is Outcome.WRONG_VALUE


def test_loop_two_dimensions_are_joined_by_and() -> None:
    loop = Loop("backward", Place("cnn.py", None, 41, "while i < H:", "step"), ("N", "H"))
    assert str(loop) == "cnn.py, line 41, in step: `while i < H:` runs once per image and per output row"


def test_loop_in_no_file_of_the_submission_names_the_phase() -> None:
    loop = Loop("backward", None, ("N",))
    assert str(loop) == "`backward`, in code that is not in any file: runs once per image"


def test_over_counted_and_hidden_come_in_the_usual_order() -> None:
    loops = Loops({"forward": (Loop("forward", None, ("W", "N")),)}, {"forward": ("C_in",)})
    assert loops.over("forward") == ("N", "C_in", "W")
    assert loops.over("backward") == ()
