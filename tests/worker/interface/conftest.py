"""Grade source text, or a file of `apis`, through the real path: sandbox, checks, score."""

import contextlib
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.interface import load_interface
from grader.assignment.load import Assignment
from grader.assignment.penalties import Penalties
from grader.cases import parts_of
from grader.cases.ground_truth import load_ground_truth
from grader.grading.grade import grade
from grader.grading.job import Job
from grader.intake.source import Program
from grader.intake.submissions import SourceFile, Submission
from grader.results import Outcome, Result
from grader.sandbox import Answer, Backend, Client, Limits, open_backend
from grader.worker.layer_kinds import inputs_of
from grader.worker.load_interface import open_interface
from grader.worker.serialize import checked, failure

APIS = Path(__file__).parents[2] / "fixtures" / "apis"
CASE = "k3x3-s1x1-p1x1-r0x0"
CONV = ("conv2d.forward", "conv2d.grad_x", "conv2d.grad_weight", "conv2d.grad_bias")


@pytest.fixture
def grade_api(drawn_questions: Path) -> Callable[..., Result]:
    """Return what grades a student's file through an interface."""

    def run(
        source: str,
        interface: str,
        settings: Mapping[str, Any],
        criteria: tuple[str, ...] = CONV,
        penalties: Penalties = Penalties(),  # noqa: B008 - frozen
    ) -> Result:
        points = dict.fromkeys(criteria, 10.0)
        assignment = Assignment("an API", points, interface, settings, penalties=penalties)
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


@pytest.fixture(scope="session")
def ask_here() -> Callable[..., Mapping[str, Answer]]:
    """Return what calls source text through an interface in this process, on one public case."""
    truth = load_ground_truth()

    def run(
        source: str, interface: str, settings: Mapping[str, Any] | None = None, case_id: str = CASE
    ) -> Mapping[str, Answer]:
        student = types.ModuleType("cnn")
        exec(compile(source, "cnn.py", "exec"), student.__dict__)
        opened = open_interface(load_interface(interface, settings=settings).source, settings or {})
        case = next(case for case in truth.cases if case.id == case_id)
        given = {name: array.copy() for name, array in truth[case_id].inputs.items()}
        inputs = [given.pop(name) for name in inputs_of(case.kind)]
        gradients = [given.pop("grad_output")] if "grad_output" in given else []
        values: dict[str, Any] = dict.fromkeys(parts_of(case))
        first = parts_of(case)[0]
        try:
            layer = opened.build(case.kind, student, case.params, given)
            values[first] = layer.forward(*inputs)
            values.update(layer.backward(*gradients))
        except Exception as error:
            values = {part: error if value is None else value for part, value in values.items()}
        return {part: _answer(part, value) for part, value in values.items()}

    return run


def _answer(part: str, value: Any) -> Answer:
    try:
        if isinstance(value, Exception):
            raise value
        return Answer(part, array=checked(part, value, 1 << 30))
    except Exception as error:
        found = failure(error, ())
        return Answer(part, Outcome(found["status"]), message=found["message"])


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
