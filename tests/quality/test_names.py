"""A public name has one home and one meaning, so that a reader who meets it knows what it is."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import grader

FOLDER = Path(grader.__file__).parent
ALLOWED = {
    # Programs that are started by their module.
    "main",
    # What each interface is asked for, and the table that it is made of.
    "interface",
    "CALLS",
    # The fixture by which a student's own pytest replaces the plugin's.
    "submission",
}


def names(path: Path) -> Iterator[str]:
    """Yield the public names that a module defines at its top."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found = [node.name]
        elif isinstance(node, ast.Assign):
            found = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found = [node.target.id]
        else:
            continue
        yield from (name for name in found if not name.startswith("_"))


def test_public_names_have_one_home() -> None:
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for path in FOLDER.rglob("*.py"):
        for name in names(path):
            homes[name].add(path.relative_to(FOLDER).as_posix())
    several = {name: sorted(places) for name, places in homes.items() if len(places) > 1}
    # Checks of different layers share names: a check is known by its file.
    assert {name for name in several if not name.startswith("test_")} <= ALLOWED, several
