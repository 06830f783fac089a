"""A submission as the checks see it: ask it for a case, get its answers, judge them.

Trusted side. Checks never touch the student's code: every call goes through the sandbox's client,
once a case, and all criteria of that case read the same reply.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from numpy.typing import NDArray

from grader.assignment.error_policy import ErrorPolicy
from grader.cases import LAYERS, Case, of_kind, parts_of
from grader.cases.compare import Verdict, compare
from grader.cases.ground_truth import GroundTruth, Part
from grader.checks.refusals import refusal_problem
from grader.results import Outcome, Place
from grader.sandbox import Answer, Reply
from grader.speed.judge import SpeedVerdict
from grader.worker.remarks import GRADIENT_ORDER


class CheckFailed(AssertionError):  # noqa: N818 - a verdict on the student's work, not an error of ours
    """A check did not pass; `outcome` says how, the text why, `location` where the student's code raised."""

    def __init__(self, outcome: Outcome, message: str, location: tuple[Place, ...] = ()) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message
        self.location = location


class Caller(Protocol):
    """What a student's code is called through: the sandbox's client, or what takes its place."""

    @property
    def printed(self) -> str:
        """The end of what the student's code printed."""

    def run(
        self,
        kind: str,
        params: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        *,
        parts: Sequence[str],
        scenario: str = "once",
        layouts: Mapping[str, str] | None = None,
        sizes: Mapping[str, int] | None = None,
    ) -> Reply:
        """Call a layer and return an answer for each part."""


Convention = Callable[[Case, str, Part], Part | None]
"""Returns what a part is under a convention that the assignment accepts, None where it does not differ."""


@dataclass(slots=True, eq=False)
class Student:
    """One submission under grading.

    Attributes
    ----------
    client : Caller
        Calls the student's code.
    truth : GroundTruth
    conventions : Mapping of str to Convention
        Accepted in addition to the truth, by name.
    replies : dict of str to Reply
        What has been answered so far, by case id.
    graded : set of str or None
        The criteria that earn points; checks of others are not run. None: all are.
    expressed : callable
        Returns those of some cases that the course's interface can express; the others are not asked.
    refused : callable
        Says why a case that cannot be asked fails; empty for every other case.
    errors : ErrorPolicy
        Which errors count as a refusal of wrong arguments.
    measure : callable, optional
        Measures the convolution's speed, given the replies so far; None where it is not graded.
    speed : SpeedVerdict, optional
        What was measured, once a check asked for it.
    """

    client: Caller
    truth: GroundTruth
    conventions: Mapping[str, Convention] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    graded: frozenset[str] | None = None
    expressed: Callable[[Sequence[Case]], Sequence[Case]] = tuple
    refused: Callable[[Case], str] = lambda _: ""
    errors: ErrorPolicy = field(default_factory=ErrorPolicy)
    measure: Callable[[Mapping[str, Reply]], SpeedVerdict] | None = None
    speed: SpeedVerdict | None = None

    def asked(self, cases: Sequence[Case]) -> tuple[Case, ...]:
        """Return those of some cases that are graded: a case that is refused fails without a call."""
        expressed = {case.id for case in self.expressed(cases)}
        return tuple(case for case in cases if case.id in expressed or self.refused(case))

    def timed(self) -> SpeedVerdict | None:
        """Return how fast the convolution is; it is measured the first time only, after all cases."""
        if self.speed is None and self.measure is not None:
            self.speed = self.measure(self.replies)
        return self.speed

    def reply(self, case: Case) -> Reply:
        """Return the answers to a case; the student's code is called the first time only."""
        missing = self._never_answers(case)
        if case.id not in self.replies and missing:
            unavailable = Unavailable(Outcome.NOT_RUN, f"Skipped: {missing} timed out on every case")
            self.replies[case.id] = unavailable.run(parts=parts_of(case))
        if case.id not in self.replies and (refused := self.refused(case)):
            self.replies[case.id] = Unavailable(Outcome.NOT_IMPLEMENTED, refused).run(parts=parts_of(case))
        if case.id not in self.replies:
            truth = self.truth[case.id]
            reply = self.client.run(
                case.kind,
                case.params,
                truth.inputs,
                parts=parts_of(case)[:1] if case.invalid else parts_of(case),
                scenario=case.scenario,
                layouts=case.layouts,
                # All replies are kept for the diagnosis, so an answer may not be of any size.
                sizes={part: right.values.nbytes for part, right in truth.expected.items()},
            )
            answers = {part: self._finished(case, answer) for part, answer in reply.answers.items()}
            self.replies[case.id] = replace(reply, answers=answers)
        return self.replies[case.id]

    def _finished(self, case: Case, answer: Answer) -> Answer:
        """Return an answer; where a call failed after it had set the right array, with that array."""
        if answer.unfinished is None or not self._judged(case, answer.part, answer.unfinished).passed:
            return answer
        return replace(answer, outcome=None, array=answer.unfinished, message="", location=())

    def _never_answers(self, case: Case) -> str:
        """Return a layer that a network needs and that timed out wherever it was tried, empty if none."""
        needed = {str(kind) for kind, _ in case.params.get("layers", ())} & LAYERS.keys()
        for kind in sorted(needed):
            tried = (other for other in of_kind(self.truth.cases, kind) if other.id in self.replies)
            ends = {self.replies[other.id].answers[LAYERS[kind].parts[0]].outcome for other in tried}
            if Outcome.TIMED_OUT in ends and ends <= {Outcome.TIMED_OUT, Outcome.NOT_RUN}:
                return kind
        return ""

    def call(self, kind: str, params: Mapping[str, Any], **arrays: NDArray[Any]) -> "OwnAnswers":
        """Call a layer on arrays of a check's own; see `OwnAnswers`."""
        parts = parts_of(Case("own", kind, params, {}, "a check's own arrays"))
        return OwnAnswers(self.client.run(kind, params, arrays, parts=parts))

    def conv2d(
        self,
        x: NDArray[Any],
        weight: NDArray[Any],
        bias: NDArray[Any],
        grad_output: NDArray[Any],
        *,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
    ) -> "OwnAnswers":
        """Run the student's convolution forward and backward on arrays of a check's own.

        Returns
        -------
        OwnAnswers
            With ``output``, ``grad_x``, ``grad_weight`` and ``grad_bias``.
        """
        out_channels, in_channels, *kernel = weight.shape
        params = {
            "in_channels": in_channels,
            "out_channels": out_channels,
            "kernel_size": tuple(kernel),
            "stride": stride,
            "padding": padding,
        }
        return self.call("conv2d", params, x=x, weight=weight, bias=bias, grad_output=grad_output)

    def expect(self, case: Case, part: str) -> Verdict:
        """Compare one part of a case's answer with the truth.

        Returns
        -------
        Verdict
            Of a right answer: with the convention that makes it right, and the penalties that it incurs.

        Raises
        ------
        CheckFailed
            If it is not right, with the outcome.
        """
        answer = self.reply(case).answers[part]
        verdict = self._judged(case, part, answered(answer))
        if not verdict.passed:
            raise CheckFailed(verdict.outcome, verdict.message)
        # A network's inputs are changed by one of its layers, which is charged for it.
        changed = bool(answer.modified) and case.kind != "network"
        incurred = {"modified_input": changed, GRADIENT_ORDER: GRADIENT_ORDER in answer.remarks}
        return replace(verdict, penalties=tuple(name for name, is_so in incurred.items() if is_so))

    def expect_error(self, case: Case) -> None:
        """Check that a case with wrong arguments raises, and that its valid twin does not.

        Raises
        ------
        CheckFailed
            If an answer came back, if the error is not one that counts, or if the layer raises on valid
            arguments too.
        """
        answer = self.reply(case).answers["output"]
        if answer.outcome is None:
            shape = answer.array.shape if answer.array is not None else ()
            message = f"{case.why}: an error was expected, but an array of shape {shape} came back"
            raise CheckFailed(Outcome.WRONG_VALUE, message)
        if answer.outcome is not Outcome.RAISED:
            raise CheckFailed(answer.outcome, answer.message, answer.location)
        problem = refusal_problem(answer, self.errors)
        if problem:
            raise CheckFailed(Outcome.RAISED, f"{case.why}: {problem}\n{answer.message}", answer.location)
        twin = next(other for other in self.truth.cases if other.id == case.twin)
        plain = self.reply(twin).answers["output"]
        if plain.outcome is not None:
            message = f"it also fails on valid arguments (case {twin.id}), so its errors do not count"
            raise CheckFailed(plain.outcome, f"{message}: {plain.message}", plain.location)

    def _judged(self, case: Case, part: str, array: NDArray[Any]) -> Verdict:
        verdict = compare(array, self.truth[case.id].expected[part], case.dtype, part)
        if verdict.passed:
            return verdict
        for name, convention in self.conventions.items():
            other = convention(case, part, self.truth[case.id].expected[part])
            if other is not None and compare(array, other, case.dtype, part).passed:
                return Verdict(Outcome.PASSED, convention=name)
        return verdict


@dataclass(frozen=True, slots=True, eq=False)
class OwnAnswers:
    """A reply to a check's own arrays: reading a part gives its array or fails the check."""

    reply: Reply

    def __getattr__(self, part: str) -> NDArray[Any]:
        answers = self.reply.answers
        if part not in answers:
            raise AttributeError(f"no part {part!r} in this answer; there are {', '.join(answers)}")
        return answered(answers[part])


def answered(answer: Answer) -> NDArray[Any]:
    """Return an answer's array, or fail the check with the outcome that took its place."""
    if answer.outcome is not None or answer.array is None:
        raise CheckFailed(answer.outcome or Outcome.NOT_RUN, answer.message, answer.location)
    return answer.array


class Unavailable:
    """Takes a client's place where nothing can be run: every part gets the same outcome."""

    printed = ""

    def __init__(self, outcome: Outcome, message: str) -> None:
        self._outcome, self._message = outcome, message

    def run(self, *_: object, parts: Sequence[str], **__: object) -> Reply:
        """Answer each part with the outcome."""
        answers = {part: Answer(part, self._outcome, None, self._message) for part in parts}
        return Reply(answers)
