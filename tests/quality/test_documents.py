"""What the documents point at exists: files, tests, and `make` targets."""

import re
from pathlib import Path

import pytest

from tests.quality.rooms import layers

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *("README.md", "CONTRIBUTING.md", "SECURITY.md", "data/README.md", "docs/interfaces.md"),
    *("docs/own_forward.md", "docs/speed.md"),
    "student_template/README.md",
]
ROOMS = tuple(f"{room}/" for floor in layers() for room in floor)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_of_a_document_lead_to_files(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(((?!http|#)[^)#]+)", text):
        assert ((ROOT / name).parent / link).exists(), link


@pytest.mark.parametrize("name", DOCUMENTS)
def test_paths_that_a_document_quotes_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    quoted = set(re.findall(r"`((?:grader|tests|reference|data|docs)/[\w./]+)`", text))
    if name == "CONTRIBUTING.md":
        shortened = re.findall(r"`(\w+/[\w./]*)`", text)
        quoted |= {f"grader/{path}" for path in shortened if path.startswith(ROOMS)}
    for path in quoted:
        assert (ROOT / path).exists(), path


def test_tests_that_security_names_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = re.findall(r"`(?:([\w/]+\.py)::)?(test_\w+)`", text)
    assert len(named) > 10
    for file, test in named:
        source = (ROOT / "tests" / (file or "hostile/test_corpus.py")).read_text(encoding="utf-8")
        assert f"def {test}(" in source, (file, test)


def test_make_targets_that_contributing_names_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:^|`)make ([a-z-]+)", text, flags=re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
