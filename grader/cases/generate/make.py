"""Make the sets that PyTorch answers: the public one, hidden ones, and a stored set's questions again.

Trusted side; needs PyTorch. No process that grades imports it: fresh questions are answered by
``python -m grader.cases.generate.make FROM TO``.
"""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grader.cases.generate.agreement import answers_of, disagreements
from grader.cases.generate.answers import expected_by
from grader.cases.generate.case_text import case_text
from grader.cases.generate.draw import draw_inputs
from grader.cases.generate.pytorch import pytorch_answers
from grader.cases.generate.store import write_set
from grader.cases.generate.vary import hidden_suite
from grader.cases.ground_truth import GroundTruth, load_ground_truth
from grader.cases.model import Arrays, Case
from grader.cases.suite import suite
from grader.errors import GroundTruthError

PUBLIC_SEED = 20261123
"""The seed of the set that students get."""


def make_public_set(folder: Path) -> None:
    """Write the set that students get."""
    make_ground_truth(folder, suite(), seed=PUBLIC_SEED, name="public")


def make_hidden_set(folder: Path, seed_file: Path) -> None:
    """Write a course's own set: the public one's settings at other sizes, with other numbers.

    Parameters
    ----------
    folder : Path
    seed_file : Path
        Any file that only the course has; equal bytes make an equal set.

    Raises
    ------
    GroundTruthError
        The seed file cannot be read or is empty.
    """
    try:
        secret = seed_file.read_bytes()
    except OSError as error:
        raise GroundTruthError(f"{seed_file}: cannot be read ({error.strerror})") from None
    if not secret.strip():
        raise GroundTruthError(f"{seed_file}: is empty; any text that students cannot guess will do")
    seed = int.from_bytes(hashlib.sha256(secret).digest(), "big")
    cases = hidden_suite(np.random.default_rng(seed))
    make_ground_truth(folder, cases, seed=seed, name=f"hidden {seed_file.stem}")


def make_ground_truth(folder: Path, cases: Sequence[Case], *, seed: int, name: str) -> None:
    """Draw inputs, compute expected arrays with PyTorch and write them to `folder`.

    Parameters
    ----------
    folder : Path
        Made if missing; files of an older set in it are replaced.
    cases : sequence of Case
    seed : int
        Of the random streams. A hidden set's seed is a secret, so the manifest does not hold it.
    name : str
        ``public``, or what a course calls its hidden set.
    """
    inputs = {case.id: draw_inputs(case, seed) for case in cases}
    _write_answered(folder, cases, inputs, {"name": name, **({"seed": seed} if name == "public" else {})})


def answer_again(truth: GroundTruth, folder: Path) -> None:
    """Write a set's questions to `folder` with PyTorch's answers."""
    inputs = {case.id: dict(truth[case.id].inputs) for case in truth.cases}
    _write_answered(folder, truth.cases, inputs, {"name": truth.name})


def recompute(truth: GroundTruth, folder: Path) -> tuple[str, ...]:
    """Answer a stored set again; write it with PyTorch's answers, and each case as a text for people.

    Returns
    -------
    tuple of str
        Where the stored answers are not PyTorch's within the bound: the case, the part, and by how much.
    """
    answer_again(truth, folder)
    answered = load_ground_truth(folder)
    (folder / "cases").mkdir(exist_ok=True)
    for case in answered.cases:
        text = case_text(case, answered)
        (folder / "cases" / f"{case.id}.txt").write_text(text, encoding="utf-8")
    return tuple(disagreements(truth, answers_of(pytorch_answers, truth)))


def _write_answered(
    folder: Path,
    cases: Sequence[Case],
    inputs: Mapping[str, Arrays],
    manifest: Mapping[str, Any],
) -> None:
    expected = {
        case.id: expected_by(pytorch_answers, case, inputs[case.id]) for case in cases if not case.invalid
    }
    made_with = {"torch": torch.__version__, "numpy": np.__version__}
    write_set(folder, cases, inputs, expected, {**manifest, "made_with": made_with})


if __name__ == "__main__":
    torch.set_num_threads(1)
    answer_again(load_ground_truth(Path(sys.argv[1])), Path(sys.argv[2]))
