"""`grader check` and plain `pytest` in the template: check one file with the public cases."""

import json
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat import v4

from tests.cli.conftest import ROOT

SAMPLES = ROOT / "data" / "sample_submissions"
TEMPLATE = ROOT / "student_template"


def test_check_right_file_earns_every_point_but_speed(grader, tmp_path):
    ran = grader(
        "check", SAMPLES / "im2col.py", "--json", tmp_path / "own.json", "--html", tmp_path / "own.html"
    )
    assert ran.status == 0, ran.err
    (score,) = json.loads((tmp_path / "own.json").read_text())["submissions"]
    assert all(c["points"] == c["max_points"] for c in score["criteria"] if "speed" not in c["name"])
    assert "<html" in (tmp_path / "own.html").read_text()


def test_check_wrong_file_shows_case_parameters_deviation_place_and_picture(grader):
    ran = grader("check", SAMPLES / "padding_ignored_in_backward.py")
    assert ran.status == 0
    assert "k3x3-s1x1-p1x1-r0x0" in ran.out
    assert "padding=1" in ran.out
    assert re.search(
        r"the largest deviation is [\d.]+ at \[n=\d, c=\d, i=\d, j=\d\]: expected -?[\d.]+, got", ran.out
    )
    assert "# wrong, . right" in ran.out


def test_check_wrong_shape_shows_both_shapes(grader):
    ran = grader("check", SAMPLES / "padded_shape_returned.py")
    assert "expected shape (2, 3, 5, 5), got (2, 3, 7, 7)" in ran.out


@pytest.fixture
def template(tmp_path):
    return shutil.copytree(TEMPLATE, tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__"))


def _pytest(folder, *arguments):
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def test_template_pytest_on_the_empty_template_fails_as_not_implemented(template):
    done = _pytest(template, "-k", "relu")
    assert done.returncode == 1
    assert "not_implemented: ReLU.forward" in done.stdout
    assert "passed" not in done.stdout.splitlines()[-1]


def test_template_pytest_on_a_right_file_passes(template):
    shutil.copy(SAMPLES / "as_strided_einsum.py", template / "cnn.py")
    done = _pytest(template, "-k", "not speed")
    assert done.returncode == 0, done.stdout[-2000:]
    assert re.search(r"\d{3} passed", done.stdout)


def test_template_pytest_failure_explains_itself_without_our_source(template):
    shutil.copy(SAMPLES / "kernel_flipped.py", template / "cnn.py")
    done = _pytest(template, "-k", "conv2d_output and k3x3-s1x1-p1x1-r0x0-c1")
    assert done.returncode == 1
    assert (
        "conv2d(in_channels=1, out_channels=4, kernel_size=3, stride=1, padding=1) on N=2, C_in=1"
        in done.stdout
    )
    assert "wrong_value:" in done.stdout
    assert "# wrong, . right" in done.stdout
    assert "raise CheckFailed" not in done.stdout


def test_template_pytest_on_a_raising_notebook_shows_cell_line_and_the_call_that_led_there(template):
    cell = "import numpy as np\n\ndef rectify(x):\n    return x[:, 99]\n"
    layer = "%time\n\nclass ReLU:\n    def forward(self, x):\n        return rectify(x)\n"
    book = v4.new_notebook(cells=[v4.new_code_cell(cell), v4.new_markdown_cell("#"), v4.new_code_cell(layer)])
    nbformat.write(book, template / "cnn.ipynb")
    test_file = (template / "test_cnn.py").read_text()
    (template / "test_cnn.py").write_text(test_file.replace('"cnn.py"', '"cnn.ipynb"'))
    done = _pytest(template, "-k", "relu_output")
    assert (
        "at cnn.ipynb, code cell 1, line 4, in rectify: `return x[:, 99]`\n"
        "called from cnn.ipynb, code cell 2, line 5, in forward: `return rectify(x)`\n"
    ) in done.stdout


def test_template_notebook_holds_the_same_definitions_as_the_file():
    notebook = nbformat.read(TEMPLATE / "cnn.ipynb", as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    file = (TEMPLATE / "cnn.py").read_text()
    assert [cell for cell in cells if cell not in file] == []
    assert len(re.findall(r"^class ", "\n".join(cells), re.M)) == len(re.findall(r"^class ", file, re.M)) == 7
