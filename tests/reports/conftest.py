"""One small class for every report test: a right, a wrong, a hostile, an unloadable, an absent one."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from grader.grading.gradebook import Run
from grader.results import (
    Counterexample,
    CriterionScore,
    Diagnosis,
    Item,
    Outcome,
    Place,
    Result,
    Speed,
    Standing,
)

HOSTILE = "<script>document.title='owned'</script>"
BACKWARD = Place("cnn.ipynb", 2, 41, "grad = unpad(g)", "backward")


def criterion(name: str, passed: int, total: int, max_points: float) -> CriterionScore:
    return CriterionScore(name, max_points * passed / total, max_points, passed, total)


@pytest.fixture
def run() -> Run:
    started = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return Run(
        7, started, "Convolution", "", 100.0, versions={"numpy": "2.3.5"}, options={"sandbox": "native"}
    )


@pytest.fixture
def right() -> Result:
    return Result(
        id="ada",
        name="Ada",
        participant=9,
        status="graded",
        points=100.0,
        max_points=100.0,
        criteria=(criterion("conv2d.forward", 2, 2, 60.0), criterion("conv2d.grad_x", 2, 2, 40.0)),
        items=tuple(
            Item(name, case, Outcome.PASSED)
            for name in ("conv2d.forward", "conv2d.grad_x")
            for case in ("k1", "k2")
        ),
        speed=Speed(143.0, 1.8, (), True),
        files=("cnn.py",),
        seconds=1.25,
        fingerprint="a",
    )


@pytest.fixture
def wrong() -> Result:
    picture = "28 of 336 values are wrong\n[1, 2, :, :]: 2 of 6 wrong (# wrong, . right)\n   0 .#."
    return Result(
        id="bob",
        name="Bob",
        participant=10,
        status="graded",
        points=70.0,
        max_points=100.0,
        criteria=(criterion("conv2d.forward", 2, 2, 60.0), criterion("conv2d.grad_x", 1, 4, 40.0)),
        items=(
            Item("conv2d.forward", "k1", Outcome.PASSED),
            Item("conv2d.forward", "k2", Outcome.PASSED),
            Item("conv2d.grad_x", "k1", Outcome.PASSED),
            Item("conv2d.grad_x", "k2", Outcome.WRONG_VALUE, picture, about="stride=(2, 3)"),
            Item("conv2d.grad_x", "k3", Outcome.WRONG_VALUE, "off by 1"),
            Item("conv2d.grad_x", "k4", Outcome.TIMED_OUT, "no answer within 5 s"),
        ),
        diagnoses=(
            Diagnosis(
                "ignores_stride",
                "conv2d.grad_x",
                "The stride is missing.",
                "DERIVATION.md#dilated",
                BACKWARD,
                3,
                "Stride ignored in grad_x",
            ),
        ),
        counterexamples=(Counterexample("conv2d.grad_x", "yours 1, expected 0"),),
        speed=Speed(2.5, None, ("N", "K_h"), False, "repeated 3 times"),
        warnings=("line 120 was skipped: it trains",),
        printed="epoch 1\n",
        standing=Standing("draft", late_seconds=97_200.0, deduction=10.0, deduction_reason="2 days begun"),
        fingerprint="b",
    )


@pytest.fixture
def hostile() -> Result:
    return Result(
        id="mallory",
        name=HOSTILE,
        participant=None,
        status="graded",
        points=0.0,
        max_points=100.0,
        criteria=(criterion("conv2d.forward", 0, 1, 60.0),),
        items=(Item("conv2d.forward", "k1", Outcome.RAISED, f"ValueError: {HOSTILE}"),),
        counterexamples=(Counterexample("conv2d.forward", HOSTILE),),
        files=(f"{HOSTILE}.py",),
        warnings=(HOSTILE,),
        notes=(HOSTILE,),
        printed=f"{HOSTILE}\x1b[31m\u202e",
    )


@pytest.fixture
def raising(right: Result) -> Result:
    """A submission of which a helper raises, called from a notebook."""
    unpad = Place("pad.py", None, 7, "return g[:, :, p:-p]", "unpad")
    item = Item("conv2d.grad_x", "k1", Outcome.RAISED, "IndexError: 3", location=(unpad, BACKWARD))
    return replace(right, items=(item,))


@pytest.fixture
def unloadable() -> Result:
    message = "SyntaxError: invalid syntax, line 3\n    x ="
    return Result(
        id="eve",
        name="Eve",
        participant=11,
        status="graded",
        points=0.0,
        max_points=100.0,
        criteria=(criterion("conv2d.forward", 0, 2, 60.0),),
        items=tuple(Item("conv2d.forward", case, Outcome.IMPORT_FAILED, message) for case in ("k1", "k2")),
    )


@pytest.fixture
def failed() -> Result:
    return Result("fay", "Fay", 12, "grader_error", 0.0, 100.0, notes=("could not be graded: twice",))


@pytest.fixture
def absent() -> Result:
    return Result("gus", "Gus", 13, "graded", 0.0, 100.0, standing=Standing("nothing"))


@pytest.fixture
def everyone(
    right: Result, wrong: Result, hostile: Result, unloadable: Result, failed: Result, absent: Result
) -> list[Result]:
    return [right, wrong, hostile, unloadable, failed, absent]
