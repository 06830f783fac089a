"""Whether the cases kill the reference with one operator changed: mutants that a tool made.

Trusted side; run by whoever changes cases or reference: ``python -m tests.quality.mutants``. The list
is made by ``tests.quality.make_mutants`` with cosmic-ray; a mutant here is a set of modules in memory.
"""

import argparse
import ast
import json
import signal
import sys
import tomllib
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cnn_reference
from grader.cases import Case
from grader.cases.ground_truth import GroundTruth, load_ground_truth
from grader.checks.submission import Student
from grader.feedback.mistakes.layers import CLASSES
from grader.feedback.mistakes.simulate import InProcess, as_in_the_worker
from grader.feedback.mistakes.survivors import outcomes
from grader.results import Outcome

FOLDER = Path(cnn_reference.__file__).parent
LIST = Path(__file__).with_name("mutants.json")
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
KINDS: Mapping[str, tuple[str, ...]] = {
    "conv.py": ("conv2d",),
    "pooling.py": ("max_pool2d",),
    "loss.py": ("cross_entropy",),
    "windows.py": ("conv2d", "max_pool2d"),
}
"""The kinds of layer that each module computes."""

FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "conv.py": (
        "conv2d_forward",
        "conv2d_backward",
        "_padded",
        "_kernel_rows",
        "_blocks",
        "_by_place",
        "_window_rows",
        "_scatter",
        "conv_arguments",
        "conv_grad_arguments",
        "Conv2d.forward",
        "Conv2d.backward",
    ),
    "pooling.py": (
        "max_pool2d_forward",
        "max_pool2d_backward",
        "pool_arguments",
        "pool_grad_arguments",
        "_largest",
        "MaxPool2d.forward",
        "MaxPool2d.backward",
    ),
    "loss.py": (
        "cross_entropy_forward",
        "cross_entropy_backward",
        "_log_softmax",
        "_loss_arguments",
        "CrossEntropyLoss.forward",
        "CrossEntropyLoss.backward",
    ),
    "windows.py": ("Windows.taps", "walk", "pair", "pad", "crop", "window_view"),
}
"""What the cases call, by qualified name; average pooling and the drawing of weights are left out."""

SMALL_BLOCKS = {"BLOCK_BYTES": 2000, "FEWEST_WINDOWS": 2, "LONG_RUN": 4}
"""With these the cases' arrays take several of the convolution's blocks, and both of its memory orders."""

SECONDS = 20
"""A mutant that loops is dead after so long."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One line of the reference, changed.

    Attributes
    ----------
    module : str
        Its file.
    operator : str
        The tool's name for the change.
    before, after : str
        The line.
    nth : int
        Which of the module's lines with this text, from 0.
    """

    module: str
    operator: str
    before: str
    after: str
    nth: int

    def text(self) -> str | None:
        """Return the mutated module, None where the line is no longer there."""
        lines = (FOLDER / self.module).read_text(encoding="utf-8").splitlines()
        places = [number for number, line in enumerate(lines) if line == self.before]
        if self.nth >= len(places):
            return None
        lines[places[self.nth]] = self.after
        return "\n".join(lines)


def wanted_lines(source: str, functions: Sequence[str]) -> set[int]:
    """Return the lines of a module, from 0, in the bodies of functions, without docstrings and signatures.

    Raises
    ------
    ValueError
        The module does not define one of them; the text names it.
    """
    found = dict(_functions(ast.parse(source)))
    unknown = sorted(set(functions) - found.keys())
    if unknown:
        raise ValueError(f"FUNCTIONS names what the module does not define: {', '.join(unknown)}")
    lines: set[int] = set()
    for node in (found[name] for name in functions):
        for statement in node.body[1:] if ast.get_docstring(node) else node.body:
            lines.update(range(statement.lineno - 1, statement.end_lineno or statement.lineno))
    return lines


def _functions(tree: ast.Module | ast.ClassDef) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield each function of a module with its name, and each method as ``Class.method``."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{name}", method) for name, method in _functions(node))


def read_mutants(path: Path) -> tuple[Mutant, ...]:
    """Read the list that the tool left."""
    return tuple(Mutant(**fields) for fields in json.loads(path.read_text(encoding="utf-8")))


def read_equivalents(path: Path) -> dict[str, str]:
    """Read the table of survivors: the changed line -> why its answers are right."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {line: group["reason"] for group in table["survivors"] for line in group["lines"]}


def fate(mutant: Mutant, truth: GroundTruth) -> str:
    """Return the first case that kills a mutant, ``import``, ``time`` or ``gone``; nothing if it survives."""
    text = mutant.text()
    if text is None:
        return "gone"
    try:
        with _alarm(), _imported(mutant.module, text) as module:
            pupil = Student(InProcess(module), truth)
            return next(_killers(pupil, _cases(truth, KINDS[mutant.module])), "")
    except TimeoutError:
        return "time"
    except Exception:
        return "import"


def _cases(truth: GroundTruth, kinds: Sequence[str]) -> Iterator[Case]:
    return (case for case in truth.cases if case.kind in kinds)


def _killers(pupil: Student, cases: Iterator[Case]) -> Iterator[str]:
    for case in cases:
        if any(outcome is not Outcome.PASSED for _, outcome in outcomes(pupil, case)):
            yield case.id


@contextmanager
def _imported(name: str, text: str) -> Iterator[SimpleNamespace]:
    """Import the reference anew with one module's text replaced; the real one is back afterwards."""
    own = {key: module for key, module in sys.modules.items() if key.partition(".")[0] == "cnn_reference"}
    for key in own:
        del sys.modules[key]
    try:
        # The view is checked as the worker checks a student's: a mutant reads no foreign memory.
        with as_in_the_worker():
            full = f"cnn_reference.{name.removesuffix('.py')}"
            import_module("cnn_reference")
            mutated = sys.modules[full] = types.ModuleType(full)
            exec(compile(text, name, "exec"), vars(mutated))
            vars(import_module("cnn_reference.conv")).update(SMALL_BLOCKS)
            classes = {cls.__name__: _again(cls) for cls in CLASSES.values()}
        yield SimpleNamespace(**classes)
    finally:
        for key in [key for key in sys.modules if key.partition(".")[0] == "cnn_reference"]:
            del sys.modules[key]
        sys.modules.update(own)


def _again(cls: type) -> Any:
    return getattr(import_module(cls.__module__), cls.__name__)


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every mutant; print those that survive; fail where the table of equivalents does not know one."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.mutants", description=__doc__)
    parser.add_argument("list", type=Path, nargs="?", default=LIST, help="mutants.json if left out")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where the fates go, as JSON")
    given = parser.parse_args(arguments)
    truth = load_ground_truth()
    fates = [(mutant, fate(mutant, truth)) for mutant in read_mutants(given.list)]
    alive = [mutant for mutant, end in fates if not end]
    for mutant in alive:
        print(f"{mutant.module} {mutant.operator}\n- {mutant.before}\n+ {mutant.after}")
    gone = sum(end == "gone" for _, end in fates)
    tried = len(fates) - gone
    print(
        f"{tried} mutants, {tried - len(alive)} killed, {len(alive)} alive; {gone} are gone from the source"
    )
    if given.output:
        table = [{"after": mutant.after.strip(), "fate": end} for mutant, end in fates]
        given.output.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    known = read_equivalents(EQUIVALENT)
    return 0 if all(mutant.after.strip() in known for mutant in alive) else 1


if __name__ == "__main__":
    sys.exit(main())
