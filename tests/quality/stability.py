"""How far right algorithms are from the truth, in shares of the tolerance, and how far wrong answers are.

Trusted side; run by whoever changes the tolerance: ``python -m tests.quality.stability``. Goes through all
cases of the public set and of some fresh ones, each in both dtypes, and through the convolutions that are
timed.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from grader.cases.compare import elementwise_bound, error_bound
from grader.cases.generate.answers import expected_by
from grader.cases.generate.fresh import draw_set
from grader.cases.generate.reference import reference_answers
from grader.cases.ground_truth import GroundTruth, Part, load_ground_truth, part_of
from grader.speed.long_shapes import LENGTHS, draw_long
from grader.speed.workloads import LARGE, SMALL, right_answers
from tests.quality.algorithms import ALGORITHMS, LAYERS, direct, in_single_precision

DTYPES = ("float64", "float32")


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Arguments, arrays and right answers of one call of a layer."""

    kind: str
    params: Mapping[str, Any]
    arrays: Mapping[str, Any]
    expected: Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class Distance:
    """How far an answer is from the truth, where it is farthest.

    Attributes
    ----------
    by_sums : float
        In shares of what sums of products may differ by: `elementwise_bound`, and one unit roundoff of the
        largest magnitude.
    by_operands : float
        What is left above `elementwise_bound`, in units of ``u * terms * max|a| * max|b|``: the least
        `NORMWISE` under which it passes. 0 where there are no products.
    allowed : float
        In shares of `error_bound`.
    """

    by_sums: float = 0.0
    by_operands: float = 0.0
    allowed: float = 0.0

    def farther(self, other: "Distance") -> "Distance":
        """Return the larger of each."""
        return Distance(
            max(self.by_sums, other.by_sums),
            max(self.by_operands, other.by_operands),
            max(self.allowed, other.allowed),
        )


def set_questions(truth: GroundTruth, dtype: str) -> Iterator[Question]:
    """Yield a set's convolutions and linear layers, all with inputs of one dtype."""
    for case in truth.cases:
        if case.kind in LAYERS and not case.invalid:
            arrays = {name: array.astype(dtype) for name, array in truth[case.id].inputs.items()}
            right = expected_by(reference_answers, case, arrays)
            expected = {
                part: part_of(part, arrays, values, right.magnitudes[part], right.terms[part])
                for part, values in right.values.items()
            }
            yield Question(case.kind, case.params, arrays, expected)


def timed_questions(dtype: str, rng: np.random.Generator) -> Iterator[Question]:
    """Yield the convolutions that are timed, and a long shape for each dimension."""
    for size in (SMALL, LARGE, *(draw_long(name, rng) for name in LENGTHS)):
        arrays = {name: array.astype(dtype) for name, array in size.draw(rng).items()}
        expected = right_answers({name: array.astype(np.float64) for name, array in arrays.items()})
        yield Question("conv2d", size.params, arrays, expected)


def distance(actual: Any, right: Part, dtype: str) -> Distance:
    """Measure one part of an answer."""
    unit = float(np.finfo(dtype).eps) / 2
    off = np.abs(actual.astype(np.float64) - right.values)
    sums = elementwise_bound(right, dtype)
    whole = unit * right.terms * right.largest_product
    return Distance(
        _share(off, sums + unit * right.magnitude.max(initial=0.0)),
        _share(np.maximum(off - sums, 0), np.full_like(off, whole)) if whole else 0.0,
        _share(off, error_bound(right, dtype)),
    )


def _share(off: Any, bound: Any) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.max(np.where(off > 0, off / bound, 0.0), initial=0.0))


def measure(questions: Sequence[Question], algorithm: str, dtype: str) -> Distance:
    """Return how far an algorithm is from the truth in one dtype, in the farthest part of all questions."""
    worst = Distance()
    for question in questions:
        if question.arrays["x"].dtype == dtype:
            answer = LAYERS[question.kind](ALGORITHMS[algorithm], question.params, question.arrays)
            for part, right in question.expected.items():
                worst = worst.farther(distance(answer[part], right, dtype))
    return worst


def refused(questions: Sequence[Question], answers: Callable[[Question], Mapping[str, Any]]) -> str:
    """Say in how many parts of float64 questions wrong answers are outside the tolerance."""
    found = [
        _share(
            np.abs(array - question.expected[part].values), error_bound(question.expected[part], "float64")
        )
        for question in questions
        if question.arrays["x"].dtype == np.float64
        for part, array in answers(question).items()
    ]
    outside = [share for share in found if share > 1]
    far = f"{min(outside):.2g} to {max(outside):.2g} times as far as allowed"
    return f"{len(outside)} of {len(found)} parts, {far}"


def print_right(questions: Mapping[str, Sequence[Question]]) -> bool:
    """Print a row for each algorithm and dtype; return whether all are inside the tolerance."""
    print(f"{'algorithm':17} {'dtype':8}", *(f" | {name:^27}" for name in questions), sep="")
    print(" " * 26, " | sums     operands allowed " * len(questions), sep="")
    inside = True
    for algorithm, dtype in product(ALGORITHMS, DTYPES):
        found = [measure(asked, algorithm, dtype) for asked in questions.values()]
        row = (f" | {one.by_sums:8.3g} {one.by_operands:8.3g} {one.allowed:8.3g} " for one in found)
        print(f"{algorithm:17} {dtype:8}", *row, sep="", flush=True)
        inside = inside and all(one.allowed <= 1 for one in found)
    return inside


def print_wrong(questions: Sequence[Question]) -> None:
    """Print how far outside wrong answers are."""
    inside = in_single_precision(direct)
    answers: Mapping[str, Callable[[Question], Mapping[str, Any]]] = {
        "float32 inside": lambda one: LAYERS[one.kind](inside, one.params, one.arrays),
        "relative error of 1e-6": lambda one: {
            part: right.values * (1 + 1e-6) for part, right in one.expected.items()
        },
    }
    for name, answer in answers.items():
        print(f"wrong in float64, {name}: {refused(questions, answer)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; fail if a right answer is outside the tolerance."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.stability", description=__doc__)
    parser.add_argument("--fresh", type=int, default=3, metavar="N", help="how many fresh sets")
    given = parser.parse_args(arguments)
    asked: dict[str, list[Question]] = {"public": [], "fresh": [], "timed": []}
    rng = np.random.default_rng(0)
    for dtype in DTYPES:
        asked["public"] += set_questions(load_ground_truth(), dtype)
        asked["timed"] += timed_questions(dtype, rng)
    for seed in range(given.fresh):
        with tempfile.TemporaryDirectory() as folder:
            draw_set(Path(folder) / "questions", seed)
            truth = load_ground_truth(Path(folder) / "questions")
            asked["fresh"] += [one for dtype in DTYPES for one in set_questions(truth, dtype)]
    inside = print_right(asked)
    print_wrong(asked["public"])
    return 0 if inside else 1


if __name__ == "__main__":
    sys.exit(main())
