"""Both shipped interfaces, driven by the worker over every case, give the stored truth for the reference."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.cases import parts_of
from grader.cases.compare import compare
from grader.cases.ground_truth import GroundTruth, load_ground_truth
from grader.intake.source import Program
from grader.results import Outcome
from grader.sandbox import Client, Limits, open_backend

ROOT = Path(__file__).parents[3]
LAYERS = """
from cnn_reference.activations import Flatten, ReLU
from cnn_reference.conv import Conv2d
from cnn_reference.linear import Linear
from cnn_reference.loss import CrossEntropyLoss
from cnn_reference.network import CNN
from cnn_reference.pooling import AvgPool2d, MaxPool2d
"""
FUNCTIONS = """
from cnn_reference.activations import relu_backward, relu_forward
from cnn_reference.conv import conv2d_backward, conv2d_forward
from cnn_reference.linear import linear_backward, linear_forward
from cnn_reference.loss import cross_entropy_backward, cross_entropy_forward
from cnn_reference.pooling import avg_pool2d_backward, avg_pool2d_forward
from cnn_reference.pooling import max_pool2d_backward, max_pool2d_forward
"""


@pytest.fixture(scope="module")
def truth() -> GroundTruth:
    return load_ground_truth()


@pytest.fixture(
    scope="module", params=[("layers", LAYERS), ("functions", FUNCTIONS)], ids=["layers", "functions"]
)
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    name, main = request.param
    modules = {
        f"cnn_reference/{path.name}": path.read_text()
        for path in (ROOT / "reference" / "cnn_reference").glob("*.py")
    }
    program = Program("cnn.py", {**modules, "cnn.py": main})
    interface = (ROOT / "grader" / "worker" / "interfaces" / f"{name}.py").read_text()
    with open_backend("native") as backend, Client(program, interface, {}, (), Limits(), backend) as client:
        yield client


def ask(client: Client, case: Any, truth: GroundTruth) -> Any:
    parts = parts_of(case)[:1] if case.invalid else parts_of(case)
    inputs = truth[case.id].inputs
    return client.run(
        case.kind, case.params, inputs, parts=parts, scenario=case.scenario, layouts=case.layouts
    )


def test_run_reference_over_every_case_gives_the_truth(client, truth):
    wrong = []
    for case in truth.cases:
        reply = ask(client, case, truth)
        for part, answer in reply.answers.items():
            if case.invalid:
                ok = answer.outcome is Outcome.RAISED
            else:
                ok = answer.outcome is None and bool(
                    compare(answer.array, truth[case.id].expected[part], case.dtype, part).passed
                )
            if not ok or answer.modified:
                wrong.append((case.id, part, answer.outcome, answer.message, answer.modified))
    assert wrong == []
