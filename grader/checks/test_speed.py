"""Speed of the convolution: `grader.speed` measures it and decides the share of the points.

Trusted side.
"""

import pytest

from grader.checks.submission import CheckFailed, Student, Unavailable, answered
from grader.results import Outcome

# What was answered to the cases decides what counts as an answer to the timed calls.
pytestmark = pytest.mark.after_cases


@pytest.mark.criterion("conv2d.speed_forward")
def test_forward(submission: Student, request: pytest.FixtureRequest) -> None:
    earn(submission, "forward", request)


@pytest.mark.criterion("conv2d.speed_backward")
def test_backward(submission: Student, request: pytest.FixtureRequest) -> None:
    earn(submission, "backward", request)


def earn(submission: Student, phase: str, request: pytest.FixtureRequest) -> None:
    """Pass with the credit that a phase's speed earns; fail where it earns none."""
    verdict = submission.timed()
    if verdict is None:
        if isinstance(submission.client, Unavailable):
            reply = submission.client.run(parts=("output",))
            answered(reply.answers["output"])
        raise CheckFailed(Outcome.NOT_RUN, "speed is not graded here")
    mine = verdict.phases[phase]
    # Of a worker that is asked nothing else, so nothing of what it says is hidden.
    request.node.user_properties.append(("measured", True))
    if not mine.credit:
        raise CheckFailed(mine.outcome, mine.message, mine.location)
    request.node.user_properties.append(("credit", mine.credit))
