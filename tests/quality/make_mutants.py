"""Write `mutants.json`: what cosmic-ray's operators make of the reference's convolution, pooling and loss.

Trusted side; run ``python -m tests.quality.make_mutants`` after a change of the reference, with
``cosmic-ray`` installed (extra ``mutation``); then ``python -m tests.quality.mutants``, which needs no tool.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import parso
from cosmic_ray.ast import Visitor
from cosmic_ray.plugins import get_operator, operator_names

from tests.quality.mutants import FOLDER, FUNCTIONS, LIST, wanted_lines

# Operators that put nonsense in the place of arithmetic: any test kills what they make.
NONSENSE = ("_Pow", "_RShift", "_LShift", "_BitOr", "_BitAnd", "_BitXor")


class Once(Visitor):  # type: ignore[misc]
    """Applies an operator at one place."""

    def __init__(self, operator: Any, occurrence: int) -> None:
        self.operator, self.left = operator, occurrence

    def visit(self, node: Any) -> Any:
        """Mutate the node whose turn it is."""
        for index, _ in enumerate(self.operator.mutation_positions(node)):
            if self.left == 0:
                node = self.operator.mutate(node, index)
            self.left -= 1
        return node


def mutants_of(path: Path, functions: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield each mutant of the functions of a module: the lines that change, before and after."""
    source = path.read_text(encoding="utf-8")
    spans, tree = wanted_lines(source, functions), parso.parse(source)
    for name in operator_names():
        if name.endswith(NONSENSE) or "Variable" in name:
            continue
        counting = Once(get_operator(name)(), -1)
        counting.walk(tree)
        for occurrence in range(-counting.left - 1):
            changed = Once(get_operator(name)(), occurrence).walk(parso.parse(source)).get_code()
            yield from difference(path.name, name, source, changed, spans)


def difference(
    module: str, operator: str, source: str, changed: str, spans: set[int]
) -> Iterator[dict[str, Any]]:
    """Yield the one changed line, if it is one and lies in the code of a wanted function."""
    before, after = source.splitlines(), changed.splitlines()
    if len(before) != len(after):
        return
    lines = [number for number, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    if len(lines) == 1 and lines[0] in spans:
        number = lines[0]
        nth = before[:number].count(before[number])
        yield {
            "module": module,
            "operator": operator,
            "before": before[number],
            "nth": nth,
            "after": after[number],
        }


def main() -> None:
    """Write the list."""
    found: list[dict[str, Any]] = []
    for name, functions in FUNCTIONS.items():
        for mutant in mutants_of(FOLDER / name, functions):
            if mutant not in found:
                found.append(mutant)
    text = ",\n".join(json.dumps(mutant, ensure_ascii=False) for mutant in found)
    LIST.write_text(f"[\n{text}\n]\n", encoding="utf-8")
    print(len(found), "mutants")


if __name__ == "__main__":
    main()
