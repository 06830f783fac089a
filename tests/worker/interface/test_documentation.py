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
