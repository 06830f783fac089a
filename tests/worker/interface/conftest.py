"""Grade source text, or a file of `apis`, through the real path: sandbox, checks, score."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.interface import load_interface
from grader.assignment.load import Assignment
from grader.cases import parts_of
from grader.cases.ground_truth import load_ground_truth
from grader.grading.grade import grade
from grader.grading.job import Job
from grader.intake.source import Program
from grader.intake.submissions import SourceFile, Submission
from grader.results import Result
from grader.sandbox import Answer, Backend, Client, Limits, open_backend

APIS = Path(__file__).parents[2] / "fixtures" / "apis"
CASE = "k3x3-s1x1-p1x1-r0x0"
CONV = ("conv2d.forward", "conv2d.grad_x", "conv2d.grad_weight", "conv2d.grad_bias")


@pytest.fixture
def grade_api(drawn_questions: Path) -> Callable[..., Result]:
    """Return what grades a student's file through an interface."""

    def run(
        source: str, interface: str, settings: Mapping[str, Any], criteria: tuple[str, ...] = CONV
    ) -> Result:
        points = dict.fromkeys(criteria, 10.0)
        assignment = Assignment("an API", points, interface, settings)
        job = Job(
            assignment,
            load_interface(interface, settings=settings),
            sandbox="native",
            questions=drawn_questions,
        )
        data = (APIS / source).read_bytes() if source.endswith(".py") else source.encode()
        return grade(Submission("one", "one", None, (SourceFile("cnn.py", data),)), job)

    return run


@pytest.fixture(scope="session")
def backend() -> Iterator[Backend]:
    with open_backend("native") as native:
        yield native


@pytest.fixture
def ask(backend: Backend) -> Iterator[Callable[..., Mapping[str, Answer]]]:
    """Return what calls source text through an interface, on one public case."""
    with contextlib.ExitStack() as stack:

        def run(
            source: str, interface: str, settings: Mapping[str, Any] | None = None, case_id: str = CASE
        ) -> Mapping[str, Answer]:
            text = load_interface(interface, settings=settings).source
            program = Program("cnn.py", {"cnn.py": source}, ("cnn.py",), ())
            client = stack.enter_context(Client(program, text, settings or {}, ("numpy",), Limits(), backend))
            truth = load_ground_truth()
            case = next(case for case in truth.cases if case.id == case_id)
            inputs, parts = truth[case_id].inputs, parts_of(case)
            return client.run(case.kind, case.params, inputs, parts=parts, scenario=case.scenario).answers

        yield run
