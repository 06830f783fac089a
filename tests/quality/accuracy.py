"""How often the diagnosis is right: on the whole catalogue, on mistakes in combination, and on wrong programs
that no entry was made from.

Trusted side; run by whoever changes the catalogue: ``python -m tests.quality.accuracy``.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator

from grader.cases.ground_truth import GroundTruth, load_ground_truth
from grader.checks.submission import Student
from grader.feedback.diagnose import diagnose
from grader.feedback.follow_ups import FOLLOWS
from grader.feedback.mistakes import CATALOGUE, Form, combine
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.feedback.mistakes.survivors import outcomes
from grader.feedback.probe import find_conditions
from grader.feedback.source_hints import EXAMPLES
from grader.intake.source import Program
from grader.results import Diagnosis, Item
from tests.quality.unknown import edited

PAIRS = 100
ASKED = 0.95
"""The share of the catalogue that must be named alone."""
NAMED, TOLD = 0.7, 0.95
"""The shares of unknown programs that must get a true name; a true name or a condition."""


def named(truth: GroundTruth, kind: str, form: Form, source: str = "") -> tuple[set[str], float]:
    """Return which mistakes the diagnosis names for a layer of ours, and its seconds."""
    pupil = Student(InProcess(student(kind, form)), truth)
    for case in truth.cases:
        if case.kind == kind:
            pupil.reply(case)
    start = time.perf_counter()
    found = diagnose(truth, pupil.replies, Program("cnn.py", {"cnn.py": source}))
    return _names(found), time.perf_counter() - start


def _names(found: Iterable[Diagnosis]) -> set[str]:
    return {one.mistake for one in found} - {FOLLOWS}


def singles(truth: GroundTruth) -> Iterator[tuple[str, float]]:
    """Yield what became of every form of every entry: ``alone``, ``silent`` or ``other``."""
    for entry in CATALOGUE:
        for form in entry.forms:
            names, seconds = named(truth, entry.kind, form, EXAMPLES.get(entry.hint, ""))
            yield _word(names, {entry.name}), seconds


def pairs(truth: GroundTruth, rng: random.Random) -> Iterator[tuple[str, float]]:
    """Yield what became of random pairs of conv2d mistakes, which no entry knows as one."""
    entries = [entry for entry in CATALOGUE if entry.kind == "conv2d" and not entry.single]
    for _ in range(PAIRS):
        first, second = rng.sample(entries, 2)
        both = combine(rng.choice(first.forms), rng.choice(second.forms))
        if both is not None:
            names, seconds = named(truth, "conv2d", both)
            yield _word(names, {first.name, second.name}), seconds


def unknown(truth: GroundTruth) -> Iterator[tuple[str, float]]:
    """Yield what became of every changed program: ``true``, ``silent`` or ``false``, and ``condition``."""
    for program in edited():
        pupil = program.student(truth)
        items = [
            Item(criterion, case.id, outcome)
            for case in pupil.expressed(truth.cases)
            for criterion, outcome in outcomes(pupil, case)
            if not case.invalid
        ]
        start = time.perf_counter()
        names = _names(diagnose(truth, pupil.replies, Program("cnn.py", {"cnn.py": program.source()})))
        seconds = time.perf_counter() - start
        ruled = bool(find_conditions(pupil, truth.cases, items))
        word = "true" if names and names <= program.true else "false" if names else "silent"
        yield (f"{word}, condition" if ruled else word), seconds


def _word(names: set[str], planted: set[str]) -> str:
    if names == planted:
        return "alone"
    return "silent" if not names else "part" if names < planted else "other"


def main() -> int:
    """Print the counts; fail if fewer than asked are named alone, or a wrong name is given."""
    truth = load_ground_truth()
    catalogue, combined = list(singles(truth)), list(pairs(truth, random.Random(0)))
    programs = list(unknown(truth))
    for title, found in (("catalogue", catalogue), ("pairs", combined), ("unknown", programs)):
        counts = Counter(word for word, _ in found)
        mean = sum(seconds for _, seconds in found) / len(found)
        print(f"{title}: {len(found)} layers, {dict(counts)}, {mean:.2f} s each")
    right = sum(word == "alone" for word, _ in catalogue) / len(catalogue)
    wrong = sum(word == "other" for word, _ in (*catalogue, *combined))
    wrong += sum(word.startswith("false") for word, _ in programs)
    true = sum(word.startswith("true") for word, _ in programs) / len(programs)
    told = sum(word.startswith("true") or word.endswith("condition") for word, _ in programs) / len(programs)
    print(f"unknown: {true:.0%} get a true name, {told:.0%} a true name or a condition")
    return 0 if right >= ASKED and true >= NAMED and told >= TOLD and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
