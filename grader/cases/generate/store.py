"""Write a ground-truth set: one array file per kind of layer and a manifest with hashes.

Trusted side. The set holds its cases too, so that it stays whole when the case tables change.
`grader.cases.ground_truth` reads it.
"""

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grader.cases.generate.answers import Expected
from grader.cases.ground_truth import FORMAT, MANIFEST, GroundTruth, load_ground_truth
from grader.cases.layers import LAYERS
from grader.cases.model import Arrays, Case, case_to_json


def write_set(
    folder: Path,
    cases: Sequence[Case],
    inputs: Mapping[str, Arrays],
    expected: Mapping[str, Expected],
    manifest: Mapping[str, Any],
) -> None:
    """Write a set to a folder; files of an older one in it are replaced.

    Parameters
    ----------
    folder : Path
        Made if missing.
    cases : sequence of Case
    inputs, expected
        By case id; a case with invalid arguments has no expected answer.
    manifest : Mapping
        The set's ``name``, and what else its manifest shall say: ``made_with``, ``seed``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for kind in LAYERS:
        mine = [case for case in cases if case.kind == kind]
        if mine:
            path = folder / f"{kind}.npz"
            arrays: dict[str, Any] = {}
            for case in mine:
                arrays |= _arrays(case.id, inputs[case.id], expected.get(case.id))
            np.savez_compressed(path, **arrays)
            files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    whole = {"format": FORMAT, **manifest, "files": files, "cases": [case_to_json(case) for case in cases]}
    text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def _arrays(case_id: str, inputs: Arrays, expected: Expected | None) -> Arrays:
    arrays = {f"{case_id}/input/{name}": array for name, array in inputs.items()}
    if expected is None:
        return arrays
    for part, values in expected.values.items():
        arrays[f"{case_id}/expected/{part}"] = values
        arrays[f"{case_id}/magnitude/{part}"] = expected.magnitudes[part]
        arrays[f"{case_id}/terms/{part}"] = np.array(expected.terms[part])
    return arrays


def place_set(made: Path, folder: Path) -> GroundTruth:
    """Move a set to its folder, whole, unless one is there already; return the set that is there then."""
    with contextlib.suppress(OSError):
        # Refused where the folder exists and is not empty, so of two runs at once the first one wins.
        made.rename(folder)
    return load_ground_truth(folder)
