"""Whether two programs give the same answers to a set of questions, within the bound of the arithmetic.

Trusted side; pure.
"""

from collections.abc import Iterator, Mapping

from grader.cases.compare import compare
from grader.cases.generate.answers import Doubles, Source, widened
from grader.cases.ground_truth import GroundTruth

Answers = Mapping[str, Doubles]
"""What a program answers, by case id and part."""


def answers_of(source: Source, truth: GroundTruth) -> Answers:
    """Let a program answer the questions of a set."""
    return {
        case.id: source(case.kind, case.params, widened(dict(truth[case.id].inputs)))
        for case in truth.cases
        if not case.invalid
    }


def disagreements(truth: GroundTruth, answers: Answers) -> Iterator[str]:
    """Yield a sentence for each part of a case in which other answers differ from a set's own.

    Both are float64, whatever the case's dtype, so the bound is that of float64.
    """
    for case in truth.cases:
        for part, right in truth[case.id].expected.items():
            verdict = compare(answers[case.id][part], right, "float64", part)
            if not verdict.passed:
                yield f"case {case.id}, {part}: {verdict.message.partition(chr(10))[0]}"
