"""Draw a set of questions that nobody has seen, and answer it by programs that must agree.

Trusted side. The answers are PyTorch's where it is installed, in a process of its own. Elsewhere they are
the reference's, which must first agree with PyTorch's stored answers on every public case. Either way the
reference and the nested loops answer too, and a disagreement stops the run.
"""

import importlib.util
import logging
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from grader.cases.generate.agreement import Answers, answers_of, disagreements
from grader.cases.generate.answers import expected_by
from grader.cases.generate.draw import draw_inputs
from grader.cases.generate.plain import plain_answers
from grader.cases.generate.reference import reference_answers
from grader.cases.generate.store import place_set, write_set
from grader.cases.generate.vary import fresh_suite
from grader.cases.ground_truth import GroundTruth, load_ground_truth
from grader.errors import GraderError

FRESH = "fresh"
"""The name of a set that was drawn for one results folder."""

SECONDS = 300.0
"""How long PyTorch may take; it needs two seconds, most of them to be loaded."""

_log = logging.getLogger(__name__)


def draw_fresh_set(folder: Path) -> GroundTruth:
    """Draw a set from the system's randomness, answer it and write it.

    Parameters
    ----------
    folder : Path
        Where the set shall be. It appears there whole or not at all; if another run was quicker, that run's
        set is returned.

    Raises
    ------
    GraderError
        Two of the programs that answer disagree, or PyTorch fails.
    """
    folder = folder.resolve()  # the process that answers works in another folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".questions-", dir=folder.parent) as temporary:
        drawn, again = Path(temporary) / "drawn", Path(temporary) / "pytorch"
        draw_set(drawn, secrets.randbits(256))
        process = _start_pytorch(drawn, again)
        try:
            truth = load_ground_truth(drawn)
            plain = answers_of(plain_answers, truth)
            answered = process is not None and _has_answered(process)
        finally:
            if process is not None:
                process.kill()
                process.communicate()
        if answered:
            by_reference = {
                case.id: {part: right.values for part, right in truth[case.id].expected.items()}
                for case in truth.cases
            }
            truth = load_ground_truth(again)
            _must_agree(truth, "the reference", by_reference)
        else:
            public = load_ground_truth()
            _must_agree(public, "the reference", answers_of(reference_answers, public))
        _must_agree(truth, "nested loops", plain)
        return place_set(again if answered else drawn, folder)


def draw_set(folder: Path, seed: int) -> None:
    """Write a set of fresh questions with the reference's answers.

    Parameters
    ----------
    folder : Path
    seed : int
        Of all sizes and numbers; it is not stored.
    """
    cases = fresh_suite(np.random.default_rng(seed))
    inputs = {case.id: draw_inputs(case, seed) for case in cases}
    expected = {
        case.id: expected_by(reference_answers, case, inputs[case.id]) for case in cases if not case.invalid
    }
    write_set(folder, cases, inputs, expected, {"name": FRESH, "made_with": {"numpy": np.__version__}})


def _start_pytorch(questions: Path, answered: Path) -> subprocess.Popen[str] | None:
    """Let PyTorch answer in a process of its own, so that this one stays small; None without PyTorch."""
    if importlib.util.find_spec("torch") is None:
        return None
    # Not in the folder where the command was typed: `-m` would import what lies there.
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "grader.cases.generate.make", str(questions), str(answered)],
        cwd=questions,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _has_answered(process: subprocess.Popen[str]) -> bool:
    """Wait for PyTorch's answers; False where it cannot be loaded.

    Raises
    ------
    GraderError
        It was loaded and failed.
    """
    try:
        _, said = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise GraderError(f"PyTorch did not answer the fresh questions within {SECONDS:g} s") from None
    if process.returncode == 0:
        return True
    reason = said.strip().rpartition("\n")[2]
    if reason.startswith(("ImportError", "ModuleNotFoundError", "OSError")):
        _log.warning("PyTorch cannot be loaded, so the reference answers: %s", reason)
        return False
    raise GraderError(f"PyTorch could not answer the fresh questions: {reason}")


def _must_agree(truth: GroundTruth, who: str, answers: Answers) -> None:
    found = next(disagreements(truth, answers), None)
    if found:
        which = f"the {truth.name} questions"
        raise GraderError(f"Nothing is graded: {who} and {truth.source} disagree about {which}: {found}")
