"""Write a ground-truth set: one array file per kind of layer and a manifest with hashes.

Trusted side; run by whoever prepares an assignment. The set holds its cases too, so that it
stays whole when the case tables change.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grader.cases import LAYERS, Case, case_to_json, suite
from grader.cases.generate.answers import expected_by
from grader.cases.generate.draw import draw_inputs
from grader.cases.generate.pytorch import pytorch_answers
from grader.cases.generate.vary import hidden_suite
from grader.cases.ground_truth import FORMAT, MANIFEST
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
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for kind in LAYERS:
        mine = [case for case in cases if case.kind == kind]
        if mine:
            path = folder / f"{kind}.npz"
            np.savez_compressed(path, **_arrays(mine, seed))
            files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest = {
        "format": FORMAT,
        "name": name,
        "made_with": {"torch": torch.__version__, "numpy": np.__version__},
        "files": files,
        "cases": [case_to_json(case) for case in cases],
    }
    if name == "public":
        manifest["seed"] = seed
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def _arrays(cases: Sequence[Case], seed: int) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for case in cases:
        inputs = draw_inputs(case, seed)
        arrays |= {f"{case.id}/input/{name}": array for name, array in inputs.items()}
        if case.invalid:
            continue
        expected = expected_by(pytorch_answers, case, inputs)
        for part, values in expected.values.items():
            arrays[f"{case.id}/expected/{part}"] = values
            arrays[f"{case.id}/magnitude/{part}"] = expected.magnitudes[part]
            arrays[f"{case.id}/terms/{part}"] = np.array(expected.terms[part])
    return arrays
