"""What a student is shown of code that raises: their own cell or file, line and calls."""

from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from grader.assignment.interface import load_interface
from grader.grading.grade import grade
from grader.grading.job import Job
from grader.grading.local import local_job, read_own_file
from grader.intake.submissions import SourceFile, Submission
from grader.reports.pages import feedback_page
from grader.reports.tables import check_report
from grader.results import Item, Outcome, Place, Result

HELPER = "import numpy as np\n\n\ndef rectify(x):\n    return x[:, 99]\n"
CELL = """%matplotlib inline
from pads import rectify
import warnings

class ReLU:
    def forward(self, x):
        warnings.warn('beware')
        return self._apply(x)

    def _apply(self, x):
        return rectify(x)

    def backward(self, grad_output):
        return grad_output
"""


@pytest.fixture(scope="module")
def job() -> Job:
    """Return a job for ReLU alone, which takes no time."""
    job = local_job()
    return replace(job, assignment=replace(job.assignment, points={"relu.forward": 1.0, "relu.grad_x": 1.0}))


@pytest.fixture(scope="module")
def raising(job: Job) -> Result:
    cells = [v4.new_markdown_cell("# A"), v4.new_code_cell("print('training')"), v4.new_code_cell(CELL)]
    book = nbformat.writes(v4.new_notebook(cells=cells))
    files = (SourceFile("hw/cnn.ipynb", book.encode()), SourceFile("hw/pads.py", HELPER.encode()))
    return grade(Submission("one", "One", None, files), job)


def test_grade_raising_code_keeps_the_students_own_calls_innermost_first(raising: Result):
    failed = [item for item in raising.items if item.outcome is Outcome.RAISED]
    assert failed
    assert {item.location for item in failed} == {
        (
            Place("hw/pads.py", None, 5, "return x[:, 99]", "rectify"),
            Place("hw/cnn.ipynb", 2, 11, "return rectify(x)", "_apply"),
            Place("hw/cnn.ipynb", 2, 8, "return self._apply(x)", "forward"),
        )
    }


def test_grade_raising_code_is_shown_in_the_terminal_and_on_the_page(raising: Result):
    text = check_report(raising)
    shown = (
        "    at hw/pads.py, line 5, in rectify: `return x[:, 99]`\n"
        "    called from hw/cnn.ipynb, code cell 2, line 11, in _apply: `return rectify(x)`\n"
        "    called from hw/cnn.ipynb, code cell 2, line 8, in forward: `return self._apply(x)`\n"
    )
    assert text.count(shown) == 1
    page = feedback_page(raising, "Convolution")
    assert "<li>at hw/pads.py, line 5, in <code>rectify</code>: <code>return x[:, 99]</code></li>" in page


def test_grade_printed_warnings_name_the_cell(raising: Result):
    assert "cnn.ipynb, code cell 2, line 7: UserWarning: beware" in raising.printed
    assert "cnn.ipynb:" not in raising.printed


def test_grade_code_that_does_not_load_names_the_place(job: Job):
    files = (SourceFile("cnn.py", b"import numpy as np\nclass ReLU(np.nothing):\n    pass\n"),)
    result = grade(Submission("one", "One", None, files), job)
    place = Place("cnn.py", None, 2, "class ReLU(np.nothing):")
    assert {(item.outcome, item.location) for item in result.items} == {(Outcome.IMPORT_FAILED, (place,))}


def test_grade_code_that_does_not_load_is_told_once_on_the_page(job: Job):
    points = {"relu.forward": 1.0, "conv2d.speed_forward": 1.0}
    both = replace(job, assignment=replace(job.assignment, points=points))
    files = (SourceFile("cnn.py", b"import numpy as np\nclass ReLU(np.nothing):\n    pass\n"),)
    page = feedback_page(grade(Submission("one", "One", None, files), both), "Convolution")
    assert page.count("at cnn.py, line 2: <code>class ReLU(np.nothing):</code>") == 1


def test_item_survives_the_way_through_json():
    place = Place("cnn.ipynb", 2, 8, "return x", "forward")
    item = Item("relu.forward", "k1", Outcome.RAISED, "no", 0.5, True, "a case", 0.25, "mean", True, (place,))
    assert Item.from_json(item.to_json()) == item


def test_grade_says_on_how_many_cases_and_by_group(job: Job):
    tables = {"max_pool2d.forward": {"basic": 1.0, "ties": 3.0}}
    assignment = replace(job.assignment, points={"max_pool2d.forward": 4.0}, groups=tables)
    pooling = replace(job, assignment=assignment, interface=load_interface("cs231n"))
    nothing = (SourceFile("cnn.py", b"def max_pool_forward_naive(x, pool_param): return x, x"),)
    (criterion,) = grade(Submission("one", "One", None, nothing), pooling).criteria
    left_out = "9 with padding, 3 with padding and pairs (height, width)"
    assert criterion.note == f"graded on 21 of 33 cases; left out: {left_out}"
    assert [(group.name, group.total) for group in criterion.groups] == [("basic", 18), ("ties", 3)]
    # A 1x1 window at stride 1 is the identity.
    assert [group.passed for group in criterion.groups] == [1, 0]


RELU = """class ReLU:
    def forward(self, x):
        self.positive = x > 0
        return x * self.positive

    def backward(self, grad_output):
        return grad_output * self.positive
"""
LINEAR = """import numpy as np

class Linear:
    def __init__(self, in_features, out_features):
        self.weight = np.zeros((out_features, in_features))
        self.bias = np.zeros(out_features)

    def forward(self, x):
        return x @ self.weight.T + self.bias
"""


def graded(job: Job, files: dict[str, str], *criteria: str) -> Result:
    points = dict.fromkeys(criteria, 1.0)
    sources = tuple(SourceFile(path, text.encode()) for path, text in files.items())
    there = replace(job, assignment=replace(job.assignment, points=points))
    return grade(Submission("one", "One", None, sources), there)


def test_grade_layers_in_two_files_earn_all_points_without_a_warning(job: Job):
    result = graded(
        job, {"act.py": RELU, "hw/lin.py": LINEAR}, "relu.forward", "relu.grad_x", "linear.forward"
    )
    assert (result.points, result.warnings) == (3.0, ())
    assert set(result.files) == {"act.py", "hw/lin.py"}


def test_grade_statement_that_fails_costs_what_needs_it_alone(job: Job):
    failing = "import numpy as np\nstart = np.zeros(3)\nscale = start['a']\n"
    uses = LINEAR.replace("+ self.bias", "+ self.bias + 0 * scale")
    result = graded(job, {"cnn.py": failing + RELU + uses}, "relu.forward", "linear.forward")
    why = "IndexError: only integers, slices (`:`), ellipsis (`...`)"
    [said] = result.warnings
    assert said.startswith(f"cnn.py: not run, line 3: the assignment to scale failed: {why}")
    assert [one.points for one in result.criteria] == [1.0, 0.0]
    messages = {item.message for item in result.items if item.criterion == "linear.forward"}
    [message] = messages
    assert message.startswith(
        f"NameError: name 'scale' is not defined; scale is set in cnn.py, line 3, which failed: {why}"
    )


def test_grade_name_that_a_skipped_loop_sets_says_so(job: Job):
    text = "for scale in range(3):\n    print(scale)\n" + RELU.replace("x * self", "scale * x * self")
    result = graded(job, {"cnn.py": text}, "relu.forward")
    assert {item.message for item in result.items} == {
        "NameError: name 'scale' is not defined; scale is set in cnn.py, line 1, which was not run: "
        "the grader runs only imports, definitions and simple assignments"
    }


def test_grade_imports_are_warned_of_where_graded_code_needs_them(job: Job):
    head = "import os, csv, pickle\nfrom conv_utils import positive\nfrom torch import nn\n"
    text = (
        head
        + RELU.replace("x > 0", "positive(x)")
        + "def save(net):\n    pickle.dump(net, open(os.devnull))\n"
    )
    result = graded(job, {"cnn.py": text}, "relu.forward")
    assert result.warnings == (
        "cnn.py imports conv_utils, which is not in the upload: hand in conv_utils.py too",
    )
    assert {item.message for item in result.items} == {
        "ImportError: conv_utils.positive was called, but conv_utils is not in the upload"
    }


def test_read_own_file_comes_with_the_modules_next_to_it_that_it_imports(job: Job, tmp_path: Path):
    own = {
        "cnn.py": "from conv_utils import positive\nimport numpy\n" + RELU.replace("x > 0", "positive(x)"),
        "conv_utils.py": "from deep.signs import zero\ndef positive(x):\n    return x > zero\n",
        "deep/signs.py": "zero = 0\n",
        "other.py": RELU,
    }
    for name, text in own.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    submission = read_own_file(tmp_path / "cnn.py")
    assert sorted(file.path for file in submission.files) == ["cnn.py", "conv_utils.py", "deep/signs.py"]
    result = graded(job, {file.path: file.data.decode() for file in submission.files}, "relu.forward")
    assert (result.points, result.warnings) == (1.0, ())
