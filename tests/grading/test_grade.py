"""What a student is shown of code that raises: their own cell or file, line and calls."""

from dataclasses import replace

import nbformat
import pytest
from nbformat import v4

from grader.assignment.interface import load_interface
from grader.grading.grade import grade
from grader.grading.job import Job
from grader.grading.local import local_job
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
