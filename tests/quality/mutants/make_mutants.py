"""Write `mutants.json`: what cosmic-ray's operators make of the reference's convolution, pooling and loss.

Needs ``cosmic-ray`` (extra ``mutation``); run after the reference has changed, then
``python -m tests.quality.mutants``, which needs it no more.
"""

import ast
import json
from pathlib import Path

import parso
from cosmic_ray.ast import Visitor
from cosmic_ray.plugins import get_operator, operator_names

HERE = Path(__file__).parent
REFERENCE = HERE.parents[2] / "reference" / "cnn_reference"
# What the suite calls; average pooling and the drawing of weights are no part of it.
FUNCTIONS = {
    "conv.py": (
        "conv2d_forward",
        "conv2d_backward",
        "conv_arguments",
        "conv_grad_arguments",
        "_blocks",
        "_by_tap",
        "_columns",
        "_scatter",
        "forward",
        "backward",
    ),
    "pooling.py": (
        "max_pool2d_forward",
        "max_pool2d_backward",
        "pool_arguments",
        "pool_grad_arguments",
        "_largest",
        "forward",
        "backward",
    ),
    "loss.py": (
        "cross_entropy_forward",
        "cross_entropy_backward",
        "_log_softmax",
        "_loss_arguments",
        "forward",
        "backward",
    ),
    "windows.py": ("taps", "walk", "pair", "pad", "crop", "window_view"),
}
# Operators that put nonsense in the place of arithmetic: any test kills what they make.
NONSENSE = ("_Pow", "_RShift", "_LShift", "_BitOr", "_BitAnd", "_BitXor")


class Once(Visitor):
    """Applies an operator at one place."""

    def __init__(self, operator, occurrence):
        self.operator, self.left = operator, occurrence

    def visit(self, node):
        """Mutate the node whose turn it is."""
        for index, _ in enumerate(self.operator.mutation_positions(node)):
            if self.left == 0:
                node = self.operator.mutate(node, index)
            self.left -= 1
        return node


def mutants_of(path, functions):
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


def difference(module, operator, source, changed, spans):
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


def wanted_lines(source, functions):
    """Return the lines, from 0, of the bodies of the functions, without docstrings and signatures."""
    lines = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name in functions:
            body = node.body[1:] if ast.get_docstring(node) else node.body
            for statement in body:
                lines.update(range(statement.lineno - 1, statement.end_lineno))
    return lines


def main():
    """Write the list."""
    found = []
    for name, functions in FUNCTIONS.items():
        for mutant in mutants_of(REFERENCE / name, functions):
            if mutant not in found:
                found.append(mutant)
    text = ",\n".join(json.dumps(mutant, ensure_ascii=False) for mutant in found)
    (HERE / "mutants.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")
    print(len(found), "mutants")


if __name__ == "__main__":
    main()
