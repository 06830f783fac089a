"""Every example of docs/interfaces.md is graded unchanged and gets full points."""

import re
from pathlib import Path

import pytest

from grader.assignment.interface import load_interface
from grader.assignment.load import load_assignment
from grader.grading.grade import grade
from grader.grading.job import Job
from grader.intake.submissions import SourceFile, Submission
from grader.worker.interface.interface_settings import LAYOUTS, NAMES, PLACES, STAGES
from grader.worker.interface.synonyms import (
    ATTRIBUTES,
    CLASS_NAMES,
    LOSS_METHODS,
    METHODS,
    PARAMETERS,
    folded,
)

TEXT = (Path(__file__).parents[3] / "docs" / "interfaces.md").read_text()
SECTIONS = {
    section.partition("\n")[0]: section for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
}
EXAMPLES = {title: section for title, section in SECTIONS.items() if "```python" in section}


def blocks(section: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL)


def test_examples_are_one_for_each_interface_and_one_of_ones_own():
    assert [title.partition(":")[0] for title in EXAMPLES] == [
        *("`layers`", "`functions`", "`cs231n`", "`sgd_layers`"),
        "Your own, in thirty lines",
    ]


@pytest.mark.parametrize("title", EXAMPLES)
def test_grade_example_gets_full_points(title, tmp_path, drawn_questions):
    *interface, student = blocks(EXAMPLES[title], "python")
    (tmp_path / "assignment.toml").write_text(blocks(EXAMPLES[title], "toml")[0])
    if interface:
        assert len(interface[0].splitlines()) <= 32
        (tmp_path / "tape.py").write_text(interface[0])
    assignment = load_assignment(tmp_path / "assignment.toml")
    loaded = load_interface(assignment.interface, tmp_path, assignment.interface_settings)
    job = Job(assignment, loaded, sandbox="native", questions=drawn_questions)
    result = grade(Submission("one", "one", None, (SourceFile("cnn.py", student.encode()),)), job)
    assert [i for i in result.items if i.criterion in assignment.points and i.outcome != "passed"] == []
    assert (result.points, result.status) == (assignment.max_points, "graded")


@pytest.mark.parametrize("name", [*STAGES, *PLACES, *LAYOUTS, *NAMES, "pairs"])
def test_settings_table_names_every_key(name):
    section = SECTIONS["Settings"]
    assert re.search(rf"[`.]{name}`", section), name


TABLES = {**PARAMETERS, **ATTRIBUTES, **METHODS, **LOSS_METHODS, **CLASS_NAMES}


@pytest.mark.parametrize("name", [name for name in TABLES if not name.startswith("grad_")])
def test_table_of_other_names_is_the_one_that_is_used(name):
    (row,) = re.findall(rf"^\| `{name}` \| (.*) \|$", SECTIONS["Other names"], flags=re.MULTILINE)
    written = {folded(word) for word in re.findall(r"`(\w+)`", row)}
    assert written | {folded(name)} == TABLES[name] | {folded(name)}


@pytest.mark.parametrize("name", ["weight", "bias"])
def test_gradients_names_are_those_of_their_arrays_with_a_word_before_or_after(name):
    (row,) = re.findall(r"^\| `grad_weight`, `grad_bias` \| (.*) \|$", TEXT, flags=re.MULTILINE)
    before, after = (re.findall(r"`(\w+)`", part) for part in row.partition(":")[0].split("before"))
    names = ATTRIBUTES[name]
    expected = {folded(word) + one for word in before for one in names}
    assert ATTRIBUTES[f"grad_{name}"] == expected | {one + folded(word) for word in after for one in names}
