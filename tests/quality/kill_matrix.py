"""Which cases kill which catalogued mistake: every one must fail enough of them, in fresh sets too.

Trusted side; run by whoever changes the cases or the catalogue: ``python -m tests.quality.kill_matrix``.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.cases.generate.fresh import draw_set
from grader.cases.ground_truth import GroundTruth, load_ground_truth
from grader.feedback.mistakes import CATALOGUE, Form, Mistake, mistake
from grader.feedback.mistakes.survivors import REQUIRED_KILLS, failed_cases, survivors


@dataclass(frozen=True, slots=True)
class Kills:
    """What the suite says of one form of one mistake.

    Attributes
    ----------
    mistake : str
    form : int
        Its place among the mistake's forms.
    cases : Mapping of str to tuple of str
        Criterion -> ids of the cases that fail under it.
    """

    mistake: str
    form: int
    cases: Mapping[str, tuple[str, ...]]


def kill_matrix(truth: GroundTruth, catalogue: Iterable[Mistake] = CATALOGUE) -> tuple[Kills, ...]:
    """Run every form of every mistake against all cases of its kind, judged as a submission is."""
    return tuple(
        Kills(entry.name, place, kills(truth, entry.kind, form))
        for entry in catalogue
        for place, form in enumerate(entry.forms)
    )


def kills(truth: GroundTruth, kind: str, form: Form) -> dict[str, tuple[str, ...]]:
    """Return, for each criterion of a kind, the cases that one form of a mistake fails."""
    failed: dict[str, dict[str, None]] = {}
    for criterion, case_id in failed_cases(truth, kind, form):
        failed.setdefault(criterion, {})[case_id] = None
    return {criterion: tuple(ids) for criterion, ids in failed.items()}


def smallest_cover(matrix: Sequence[Kills]) -> tuple[str, ...]:
    """Return few cases that still kill everything `REQUIRED_KILLS` times, or as often as all cases do.

    Greedy: the case that gives most of the kills still missing comes next (a cover within a factor of
    ln(n) of the smallest; Chvatal, 1979).
    """
    missing = {
        (kills.mistake, kills.form, criterion): min(REQUIRED_KILLS, len(ids))
        for kills in matrix
        for criterion, ids in kills.cases.items()
    }
    killers: dict[str, set[tuple[str, int, str]]] = {}
    for kills in matrix:
        for criterion, ids in kills.cases.items():
            for case_id in ids:
                killers.setdefault(case_id, set()).add((kills.mistake, kills.form, criterion))
    chosen: list[str] = []
    while any(missing.values()):
        best = max(killers, key=lambda case_id: sum(missing[need] > 0 for need in killers[case_id]))
        for need in killers.pop(best):
            missing[need] = max(0, missing[need] - 1)
        chosen.append(best)
    return tuple(chosen)


def report(truth: GroundTruth, matrix: Sequence[Kills]) -> dict[str, Any]:
    """Return the matrix and what follows from it, ready for JSON."""
    cover = smallest_cover(matrix)
    rows = [{"mistake": kills.mistake, "form": kills.form, "kills": kills.cases} for kills in matrix]
    others = {case.id: case.why for case in truth.cases if case.id not in cover}
    return {"mistakes": rows, "cover": cover, "kept_for_their_own_reason": others}


def lines(matrix: Sequence[Kills], cover: Sequence[str], cases: int) -> Iterator[str]:
    """Yield the matrix as text: a line for each form of each mistake."""
    for kills in matrix:
        criteria = mistake(kills.mistake).criteria
        counts = ", ".join(f"{criterion} {len(kills.cases.get(criterion, ()))}" for criterion in criteria)
        first = next((ids for criterion in criteria if (ids := kills.cases.get(criterion))), ())
        yield f"{kills.mistake}.{kills.form}: {counts}; {' '.join(first[:REQUIRED_KILLS])}"
    enough = f"{len(cover)} of {cases} cases are enough to kill each {REQUIRED_KILLS} times"
    yield f"{len(matrix)} wrong layers; {enough}"


def fresh_survivors(seeds: Iterable[int]) -> Iterator[str]:
    """Yield a sentence for each mistake that too few cases of a fresh set catch; one set for each seed."""
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            draw_set(Path(folder) / "questions", seed)
            for sentence in survivors(load_ground_truth(Path(folder) / "questions")):
                yield f"fresh set of seed {seed}: {sentence}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the matrix of a ground-truth set, write it, and fail if something survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.kill_matrix", description=__doc__)
    parser.add_argument("--ground-truth", type=Path, metavar="DIR", help="the public set if left out")
    parser.add_argument("--fresh", type=int, default=0, metavar="N", help="look at N fresh sets too")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where the JSON goes")
    given = parser.parse_args(arguments)
    truth = load_ground_truth(given.ground_truth)
    matrix = kill_matrix(truth)
    found = report(truth, matrix)
    print(*lines(matrix, found["cover"], len(truth.cases)), sep="\n")
    if given.output:
        given.output.parent.mkdir(parents=True, exist_ok=True)
        given.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    weak = (*survivors(truth), *fresh_survivors(range(given.fresh)))
    print(*weak, sep="\n", file=sys.stderr, end="\n" if weak else "")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
