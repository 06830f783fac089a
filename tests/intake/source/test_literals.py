"""A file that is mostly data is flagged, by its name and the data's size; an honest one is not."""

import ast
import time
from pathlib import Path

import pytest

from grader.intake.source import read_program
from grader.intake.source.literals import MOST_BYTES, literal_bytes, much_data
from grader.intake.submissions import SourceFile, Submission, collect

SAMPLES = Path(__file__).parents[3] / "data" / "sample_submissions"
HEX = "0f" * 50_000


def program(text):
    return read_program(Submission("ada", "Ada", None, (SourceFile("cnn.py", text.encode()),)), ["ReLU"])


@pytest.mark.parametrize(
    "text",
    [
        f"A = '{HEX}'\n",
        f"A = b'{HEX}'\n",
        "A = [" + "0.123456789, " * 8000 + "]\n",
        f"A = 0x{HEX}\n",
        "A = {" + ", ".join(f"'{i:05}': '{i:09}'" for i in range(6000)) + "}\n",
        f'def f():\n    """{HEX}"""\n',
        "A = (" + "\n  ".join(f"'{HEX[:100]}'" for _ in range(700)) + ")\n",
    ],
    ids=["string", "bytes", "floats", "integer", "table", "docstring", "lines"],
)
def test_program_with_much_data_is_flagged_with_file_and_size(text):
    (warning,) = [one for one in program(f"{text}class ReLU: pass\n").warnings if "literals" in one]
    size = literal_bytes(ast.parse(text))
    assert size > MOST_BYTES
    assert (
        warning == f"cnn.py: its literals hold {size >> 10} KB of data, as a file with stored answers would"
    )


def test_as_much_as_is_allowed_is_not_flagged():
    assert much_data("cnn.py", ast.parse(f"A = '{'x' * MOST_BYTES}'")) == ()
    assert much_data("cnn.py", ast.parse(f"A = '{'x' * MOST_BYTES}y'")) != ()


def test_samples_are_not_flagged():
    for submission in collect([SAMPLES]):
        read = read_program(submission, ["Conv2d", "ReLU"])
        assert not [warning for warning in read.warnings if "literals" in warning]


def test_literal_bytes_takes_time_in_proportion():
    trees = [ast.parse("A = [" + "1, " * count + "]") for count in (10_000, 100_000)]
    seconds = []
    for tree in trees:
        start = time.process_time()
        literal_bytes(tree)
        seconds.append(time.process_time() - start)
    assert seconds[1] < 40 * seconds[0] + 0.5
