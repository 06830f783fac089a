"""Case -> stored inputs and expected arrays: the only reader of a ground-truth folder.

Trusted side. Only the inputs that are read here are ever sent to the untrusted side.
"""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.cases import Case, case_from_json
from grader.errors import GroundTruthError

FORMAT = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The right values of one part of an answer, and what its error bound needs.

    Attributes
    ----------
    values : ndarray of float64
        What PyTorch answers.
    magnitude : ndarray of float64, same shape
        Sum of the absolute values of the terms that make up each element.
    terms : int
        How many terms are summed for an element, at most.
    largest_product : float
        The largest that a term can be where the terms are products of two inputs' elements: see
        `largest_product`. 0 for other parts.
    """

    values: NDArray[np.float64]
    magnitude: NDArray[np.float64]
    terms: int
    largest_product: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A case's inputs and right answer; ``expected`` is empty where the case must raise."""

    inputs: Mapping[str, NDArray[np.generic]]
    expected: Mapping[str, Part]


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruth:
    """A set of cases with their truth.

    ``name`` is ``public`` for the set that students have; ``digest`` is the manifest's SHA-256;
    ``made_with`` has the versions that it was made with.
    """

    name: str
    digest: str
    cases: tuple[Case, ...]
    made_with: Mapping[str, str]
    _truth: Mapping[str, Truth]

    def __getitem__(self, case_id: str) -> Truth:
        return self._truth[case_id]

    @property
    def hidden(self) -> bool:
        """Whether students have not got this set."""
        return self.name != "public"

    @property
    def source(self) -> str:
        """What gave the right answers."""
        version = self.made_with.get("torch")
        return f"PyTorch {version}" if version else "the reference"


_FACTORS: Mapping[str, tuple[str, str]] = {
    "output": ("x", "weight"),
    "grad_x": ("grad_output", "weight"),
    "grad_weight": ("grad_output", "x"),
}
"""The inputs whose elements are multiplied for each part of a layer that has a weight."""


def largest_product(part: str, inputs: Mapping[str, NDArray[Any]]) -> float:
    """Return max|a| * max|b| of the two inputs whose products a part sums; 0 if it sums no products.

    Examples
    --------
    >>> inputs = {"x": np.array([1, -3]), "weight": np.array([2]), "grad_output": np.array([5, 4])}
    >>> [largest_product(part, inputs) for part in ("output", "grad_x", "grad_weight", "grad_bias")]
    [6.0, 10.0, 15.0, 0.0]
    """
    if "weight" not in inputs or part not in _FACTORS:
        return 0.0
    first, second = (float(np.max(np.abs(inputs[name]), initial=0.0)) for name in _FACTORS[part])
    return first * second


def part_of(
    name: str,
    inputs: Mapping[str, NDArray[Any]],
    values: NDArray[np.float64],
    magnitude: NDArray[np.float64],
    terms: int,
) -> Part:
    """Return the part of this name of a layer's right answer to some inputs."""
    return Part(values, magnitude, terms, largest_product(name, inputs))


def public_folder() -> Path:
    """Return the folder of the public set: inside the installed package, or in the checkout."""
    packaged = Path(__file__).parents[1] / "data" / "ground_truth"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "data" / "ground_truth"


def load_ground_truth(folder: Path | None = None) -> GroundTruth:
    """Read a ground-truth folder and check every file against the manifest.

    Parameters
    ----------
    folder : Path, optional
        The public set if left out.

    Raises
    ------
    GroundTruthError
        A file is missing, was altered since it was made, or is of another format.
    """
    folder = folder or public_folder()
    return _load(folder, _read(folder / MANIFEST))


@lru_cache(maxsize=8)
def _load(folder: Path, text: bytes) -> GroundTruth:
    """Read the set that a manifest describes; remembered, since every submission asks for it."""
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise GroundTruthError(f"{folder / MANIFEST} is not JSON: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise GroundTruthError(f"{folder / MANIFEST} is not a ground-truth manifest of format {FORMAT}")
    try:
        cases = tuple(case_from_json(case) for case in manifest["cases"])
        arrays = _load_arrays(folder, manifest["files"])
        truth = {case.id: _truth_of(case, arrays.get(case.id, {})) for case in cases}
        made_with = {name: str(version) for name, version in manifest["made_with"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise GroundTruthError(f"{folder / MANIFEST} does not describe its cases: {error!r}") from None
    digest = hashlib.sha256(text).hexdigest()
    return GroundTruth(manifest["name"], digest, cases, made_with, truth)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise GroundTruthError(
            f"{path} cannot be read ({error.strerror}); make a set with 'grader truth'"
        ) from None


def _load_arrays(folder: Path, files: Mapping[str, str]) -> dict[str, dict[str, NDArray[Any]]]:
    """Return the arrays of every file as case id -> rest of the key -> array."""
    arrays: dict[str, dict[str, NDArray[Any]]] = {}
    for name, digest in files.items():
        path = folder / Path(name).name
        if hashlib.sha256(_read(path)).hexdigest() != digest:
            raise GroundTruthError(f"{path} is not the file that {MANIFEST} names: its SHA-256 differs")
        try:
            with np.load(path, allow_pickle=False) as stored:
                for key in stored.files:
                    case_id, _, rest = key.partition("/")
                    arrays.setdefault(case_id, {})[rest] = stored[key]
        except (ValueError, OSError, zipfile.BadZipFile) as error:
            raise GroundTruthError(f"{path} is not an array file: {error}") from None
    return arrays


def _truth_of(case: Case, arrays: Mapping[str, NDArray[Any]]) -> Truth:
    inputs = {key.removeprefix("input/"): array for key, array in arrays.items() if key.startswith("input/")}
    parts = [key.removeprefix("expected/") for key in arrays if key.startswith("expected/")]
    expected = {
        part: part_of(
            part,
            inputs,
            arrays[f"expected/{part}"],
            arrays[f"magnitude/{part}"],
            int(arrays[f"terms/{part}"]),
        )
        for part in parts
    }
    for array in arrays.values():
        array.flags.writeable = False
    if not inputs or not (expected or case.invalid):
        raise GroundTruthError(f"case {case.id} has no stored arrays")
    return Truth(inputs, expected)
