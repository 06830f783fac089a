"""Wrong convolutions that no entry of the catalogue was made from: right programs with a few lines changed.

Trusted side; runs them in this process, for every program is our own (``tests/fixtures/unknown``).
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from grader.cases import Case
from grader.cases.ground_truth import GroundTruth
from grader.checks.submission import Student
from grader.feedback.mistakes.simulate import InProcess, as_in_the_worker
from grader.sandbox import Reply

PROGRAMS = Path(__file__).parents[1] / "fixtures" / "unknown"
INTS_ONLY = frozenset({"strided", "images"})
"""Programs that take one number for kernel size, stride and padding."""


@dataclass(frozen=True, slots=True)
class Edited:
    """A changed program.

    Attributes
    ----------
    program : str
        Which of `PROGRAMS`.
    true : frozenset of str
        The mistakes that are true of it; any other name is false, and none at all is silence.
    changes : tuple of (str, str)
        Old and new text, replaced wherever it stands.
    """

    program: str
    true: frozenset[str] = frozenset()
    changes: tuple[tuple[str, str], ...] = ()

    def source(self) -> str:
        """Return the program's text with the changes.

        Raises
        ------
        ValueError
            A text that is to be replaced is not there.
        """
        text = (PROGRAMS / f"{self.program}.py").read_text("utf-8")
        for old, new in self.changes:
            if old not in text:
                raise ValueError(f"{self.program}: no text {old!r}")
            text = text.replace(old, new)
        return text

    def replies(self, truth: GroundTruth) -> Mapping[str, Reply]:
        """Run the program on every conv2d case that it can express."""
        return self.student(truth).replies

    def student(self, truth: GroundTruth) -> Student:
        """Return the program as the checks see it, asked every conv2d case that it can express."""
        module = SimpleNamespace()
        with as_in_the_worker():
            exec(compile(self.source(), f"{self.program}.py", "exec"), vars(module))
        pupil = Student(InProcess(module), truth, expressed=self._expressed)
        for case in self._expressed(truth.cases):
            pupil.reply(case)
        return pupil

    def _expressed(self, cases: Sequence[Case]) -> Sequence[Case]:
        ints_only = self.program in INTS_ONLY
        return [
            case
            for case in cases
            if case.kind == "conv2d"
            if not (ints_only and any(isinstance(value, tuple) for value in case.params.values()))
        ]


def edited() -> tuple[Edited, ...]:
    """Return every changed program."""
    table = tomllib.loads((PROGRAMS / "edits.toml").read_text("utf-8"))
    return tuple(
        Edited(row["program"], frozenset(row["true"]), tuple((old, new) for old, new in row["changes"]))
        for row in table["edit"]
    )
