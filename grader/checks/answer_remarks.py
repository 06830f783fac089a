"""What a student reads of how answers were given where it costs no points.

Trusted side; pure. Of a worker that saw hidden questions only the criteria may be used, never the sentences.
"""

from collections.abc import Iterator, Mapping

from grader.cases import Case, criterion_of, parts_of
from grader.cases.ground_truth import GroundTruth
from grader.sandbox import Answer, Reply
from grader.worker.remarks import LIST


def remarked_criteria(truth: GroundTruth, replies: Mapping[str, Reply]) -> frozenset[str]:
    """Return the criteria of which `remark_sentences` would speak."""
    return frozenset(criterion_of(case.kind, answer.part) for case, answer in _remarked(truth, replies))


def remark_sentences(truth: GroundTruth, replies: Mapping[str, Reply]) -> tuple[str, ...]:
    """Return a sentence for each kind of layer and each thing that was remarked on its answers."""
    lists: dict[str, dict[str, None]] = {}
    views: dict[str, str] = {}
    for case, answer in _remarked(truth, replies):
        if LIST in answer.remarks:
            lists.setdefault(case.kind, {})[answer.part] = None
        if answer.view is not None:
            at = f", at {answer.view.location[0].quoted()}" if answer.view.location else ""
            # A network makes the views of its layers.
            views.setdefault(at, case.kind)
    listed = "a list of numbers was taken as an array for"
    strayed, outside = "as_strided makes a view that reaches outside its array", "what is outside"
    return (
        *(f"{kind}: {listed} {', '.join(parts)}" for kind, parts in lists.items()),
        *(f"{kind}: {strayed}{at}; answers that do not use {outside} count" for at, kind in views.items()),
    )


def _remarked(truth: GroundTruth, replies: Mapping[str, Reply]) -> Iterator[tuple[Case, Answer]]:
    for case in truth.cases:
        for part in parts_of(case) if case.id in replies and not case.invalid else ():
            answer = replies[case.id].answers[part]
            if LIST in answer.remarks or answer.view is not None:
                yield case, answer
