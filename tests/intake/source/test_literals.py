"""A file that is mostly data is flagged, by its name and the data's size; an honest one is not."""

import ast
import time
from pathlib import Path

import pytest

from grader.intake.source import read_program
from grader.intake.source.literals import MOST_BYTES, data_bytes, much_data
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
        f"# {HEX}\n",
        "".join(f"A = 0  # {i:04} {HEX[:50]}\n" for i in range(1500)),
        "def f():\n" + "".join(f"    x.a{i:04}{HEX[:60]}\n" for i in range(1200)),
    ],
    ids=["string", "bytes", "floats", "integer", "table", "docstring", "lines", "comment", "ends", "names"],
)
def test_program_with_much_data_is_flagged_with_file_and_size(text):
    (warning,) = [one for one in program(f"{text}class ReLU: pass\n").warnings if "literals" in one]
    whole = f"{text}class ReLU: pass\n"
    size = data_bytes(ast.parse(whole), whole)
    assert size > MOST_BYTES
    said = f"its literals and comments hold {size >> 10} KB, as in a file with stored answers"
    assert warning == f"cnn.py: {said}"


def test_as_much_as_is_allowed_is_not_flagged():
    for more, flagged in ((0, False), (1, True)):
        text = f"A = '{'x' * (MOST_BYTES - 1 + more)}'"
        assert bool(much_data("cnn.py", ast.parse(text), text)) == flagged


def test_samples_are_not_flagged():
    for submission in collect([SAMPLES]):
        read = read_program(submission, ["Conv2d", "ReLU"])
        assert not [warning for warning in read.warnings if "literals" in warning]


def test_data_bytes_takes_time_in_proportion():
    texts = ["A = [" + "1, " * count + "]" for count in (10_000, 100_000)]
    seconds = []
    for text in texts:
        tree = ast.parse(text)
        start = time.process_time()
        data_bytes(tree, text)
        seconds.append(time.process_time() - start)
    assert seconds[1] < 40 * seconds[0] + 0.5
