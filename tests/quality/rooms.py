"""Draw which room of the grader imports which: ``python -m tests.quality.rooms [-o FILE]``.

Reads the real imports, and the order of the rooms from the contract in ``pyproject.toml``. Not shipped.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "rooms.svg"

CAPTIONS: Mapping[str, str] = {
    "cli": "arguments, printing, exit codes",
    "reports": "results as pages, tables, JSON",
    "selftest": "what a student's test file imports",
    "grading": "one run: submissions to results",
    "feedback": "which mistake, smallest failing case",
    "checks": "the pytest files that ask and judge",
    "speed": "time compared with nested loops",
    "sandbox": "start, limit and end the worker",
    "assignment": "the assignment file",
    "cases": "cases, right answers, tolerance",
    "intake": "uploads to submissions to programs",
    "moodle": "Moodle's file names, worksheet, dates",
    "worker": "runs in the student's process",
    "results": "the records that travel",
    "errors": "the exceptions",
    "visible_text": "text without hidden signs",
}
"""What each room is for, in a few words."""

STEP_X, STEP_Y, BOX_X, BOX_Y, LEFT, TOP = 62, 38, 98, 26, 250, 74


def layers() -> tuple[tuple[str, ...], ...]:
    """Return the rooms from top to bottom, those of one floor together, as the contract lists them."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    floors = next(one["layers"] for one in contracts if one["type"] == "layers")
    return tuple(tuple(room.strip() for room in floor.split("|")) for floor in floors)


def imports() -> frozenset[tuple[str, str]]:
    """Return the pairs (room, room that it imports)."""
    graph = grimp.build_graph("grader", cache_dir=None)
    found = set()
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            # The package itself, `grader`, holds the version only.
            if module != "grader" and other != "grader":
                found.add((module.split(".")[1], other.split(".")[1]))
    return frozenset((room, other) for room, other in found if room != other)


def upwards(floors: Sequence[Sequence[str]], pairs: frozenset[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the imports that do not lead to a lower floor."""
    floor_of = {room: number for number, floor in enumerate(floors) for room in floor}
    return {(room, other) for room, other in pairs if floor_of[other] <= floor_of[room]}


def draw(floors: Sequence[Sequence[str]], pairs: frozenset[tuple[str, str]]) -> str:
    """Return the picture as SVG: a staircase of rooms, on which every import leads right and then down."""
    rooms = [room for floor in floors for room in floor]
    place = {room: number for number, room in enumerate(rooms)}
    wrong = upwards(floors, pairs)
    width, height = LEFT + STEP_X * len(rooms) + BOX_X - STEP_X + 20, TOP + STEP_Y * len(rooms) + 16
    lines, dots = [], []
    for room in rooms:
        imported = [place[other] for one, other in pairs if one == room and other != room]
        importers = [place[one] for one, other in pairs if other == room]
        y, x = _middle(place[room])
        if imported:
            lines.append(_line(x, y, _middle(max(imported))[1], y))
        if importers:
            lines.append(_line(x, _middle(min(importers))[0], x, y))
    for room, other in sorted(pairs):
        y, x = _middle(place[room])[0], _middle(place[other])[1]
        color = "#c00000" if (room, other) in wrong else "#1f4e79"
        dots.append(f'<circle cx="{x}" cy="{y}" r="4.5" fill="{color}"/>')
    boxes = [_box(room, *_middle(place[room])) for room in rooms]
    title = f"{len(rooms)} rooms, {len(pairs)} imports between them, {len(wrong)} upwards"
    legend = "A dot: the room on the left of its row imports the room at the foot of its column."
    colors = "Orange: the code of the student's process, which cannot read the right answers."
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" font-family="sans-serif" font-size="13" role="img">',
        f"<title>{title}</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{width - 16}" y="22" text-anchor="end" font-weight="bold">{title}</text>',
        f'<text x="{width - 16}" y="40" text-anchor="end" fill="#444444">{legend}</text>',
        f'<text x="{width - 16}" y="58" text-anchor="end" fill="#444444">{colors}</text>',
        '<g stroke="#9bb7d4" stroke-width="1.5">', *lines, "</g>", *dots, *boxes, "</svg>", "",
    ])  # fmt: skip


def _middle(number: int) -> tuple[int, int]:
    """Return y and x of the middle of the box on this step."""
    return TOP + STEP_Y * number + BOX_Y // 2, LEFT + STEP_X * number + BOX_X // 2


def _line(x1: int, y1: int, x2: int, y2: int) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _box(room: str, y: int, x: int) -> str:
    left, fill = x - BOX_X // 2, "#f8d7c4" if room == "worker" else "#dbe8f5"
    return (
        f'<rect x="{left}" y="{y - BOX_Y // 2}" width="{BOX_X}" height="{BOX_Y}" rx="4" fill="{fill}"'
        ' stroke="#1f4e79"/>'
        f'<text x="{x}" y="{y + 5}" text-anchor="middle" font-weight="bold">{escape(room)}</text>'
        f'<text x="{left - 8}" y="{y + 5}" text-anchor="end" fill="#444444">'
        f"{escape(CAPTIONS.get(room, ''))}</text>"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.rooms", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=PICTURE, metavar="FILE")
    parser.parse_args(argv).output.write_text(draw(layers(), imports()), encoding="utf-8")


if __name__ == "__main__":
    main()
