"""What counts as an answer when a submission is timed: what is right, and what its known mistake computes.

Trusted side; pure. A wrong convolution that does as much work as a right one can be as fast as one. If
one or two mistakes of `SAME_WORK` explain all answers to the graded cases in a part, that part's timed
answers may be theirs: computed from the fresh inputs of the call, and compared within the same bound. So
nothing is gained by answering the cases with a mistake, and the timed calls with something cheaper.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations

import numpy as np

from grader.cases import criterion_of
from grader.cases.ground_truth import GroundTruth, Part
from grader.feedback.evidence import AskedPart, alike, arrays_alike, evidence
from grader.feedback.mistakes import Form, mistake
from grader.feedback.mistakes.same_work import SAME_WORK
from grader.feedback.mistakes.simulate import quick_part
from grader.feedback.suspects import Suspect, reply
from grader.sandbox import Reply
from grader.speed.workloads import (
    CONV2D_PARTS,
    PADDING,
    STRIDE,
    Array,
    TimedParts,
    TimedTruth,
    only_right,
)

_KIND = "conv2d"


def timed_truth(truth: GroundTruth, replies: Mapping[str, Reply]) -> TimedTruth:
    """Return what counts as an answer of a submission that answered the graded cases in this way.

    Parameters
    ----------
    truth : GroundTruth
    replies : Mapping of str to Reply
        By case id, as far as the submission was asked.
    """
    forms = explaining_forms(truth, replies)

    def answers(inputs: Mapping[str, Array]) -> TimedParts:
        right = only_right(inputs)
        return {part: (*right[part], *_computed(forms, part, inputs, right[part][0])) for part in right}

    return answers if forms else only_right


def explaining_forms(truth: GroundTruth, replies: Mapping[str, Reply]) -> dict[str, Form]:
    """Return, for each part of the convolution that is wrong, what explains all of its answers.

    Parts for which nothing in `SAME_WORK` does are left out.
    """
    mine = {case.id: replies[case.id] for case in truth.cases if case.kind == _KIND and case.id in replies}
    items = evidence(truth, mine)
    found = {}
    for part in CONV2D_PARTS:
        form = _explanation(truth, part, items.get(criterion_of(_KIND, part), ()))
        if form is not None:
            found[part] = form
    return found


def _explanation(truth: GroundTruth, part: str, items: Sequence[AskedPart]) -> Form | None:
    # Wrong answers first, since they tell most suspects apart.
    ordered = sorted(items, key=lambda item: item.right)
    probe = next((item for item in ordered if _is_plain(item)), None)
    if probe is None or probe.right:
        return None
    for suspect, form in _suspects(part):
        array = quick_part(_KIND, form, part, probe.case.params, truth[probe.case.id].inputs)
        if array is None or not arrays_alike(np.asarray(probe.answer.array), array, probe.case.dtype):
            continue
        if all(alike(item, reply(truth, suspect, item.case.id)) for item in ordered):
            return form
    return None


def _is_plain(item: AskedPart) -> bool:
    return item.answer.array is not None and item.case.scenario == "once" and not item.case.layouts


@lru_cache(maxsize=8)
def _suspects(part: str) -> tuple[tuple[Suspect, Form], ...]:
    """Return what may change a part: one mistake, or two of them together."""
    single = [
        (name, place)
        for name in sorted(SAME_WORK)
        for place, form in enumerate(mistake(name).forms)
        if part in form.parts()
    ]
    pairs = ((first, second) for first, second in combinations(single, 2) if first[0] != second[0])
    suspects = (Suspect(forms) for forms in (*((one,) for one in single), *pairs))
    return tuple((suspect, form) for suspect in suspects if (form := suspect.form()) is not None)


def _computed(
    forms: Mapping[str, Form], part: str, inputs: Mapping[str, Array], right: Part
) -> Iterator[Part]:
    """Yield what a part's form makes of inputs, if there is one."""
    if part not in forms:
        return
    params = {
        "kernel_size": inputs["weight"].shape[2:],
        "stride": (STRIDE, STRIDE),
        "padding": (PADDING, PADDING),
    }
    absolute = {name: np.abs(array) for name, array in inputs.items()}
    values, magnitude = (
        quick_part(_KIND, forms[part], part, params, arrays) for arrays in (inputs, absolute)
    )
    if values is not None and magnitude is not None:
        magnitude = np.abs(magnitude)
        if magnitude.shape == right.magnitude.shape:
            # Where absolute values cancel, as in a step against the gradient, the right sum is larger.
            magnitude = np.maximum(magnitude, right.magnitude)
        yield replace(right, values=values, magnitude=magnitude)
