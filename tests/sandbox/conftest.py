"""Tiny programs to run in a worker, and the clients that run them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.intake.source import Program
from grader.sandbox import Client, Limits, open_backend

INTERFACES = Path(__file__).parents[2] / "grader" / "worker" / "interfaces"
X = np.arange(-3.0, 3.0)


@pytest.fixture(scope="session")
def native() -> Iterator[Any]:
    with open_backend("native") as backend:
        yield backend


@pytest.fixture(scope="session")
def plain() -> Iterator[Any]:
    with open_backend("none") as backend:
        yield backend


@pytest.fixture(params=["native", "plain"])
def backend(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def open_client() -> Iterator[Callable[..., Client]]:
    """Return what opens a client over source text; it is closed after the test."""
    with ExitStack() as stack:

        def open_(
            backend: Any, source: str | Program, imports: tuple[str, ...] = ("numpy",), **limits: Any
        ) -> Client:
            program = source if isinstance(source, Program) else Program("cnn.py", {"cnn.py": source})
            interface = (INTERFACES / "layers.py").read_text(encoding="utf-8")
            return stack.enter_context(Client(program, interface, {}, imports, Limits(**limits), backend))

        yield open_


@pytest.fixture
def relu(open_client: Callable[..., Client]) -> Callable[..., Any]:
    """Return what runs a ReLU whose forward and backward are the given statements."""

    def run(
        backend: Any, forward: str = "return x * (x > 0)", backward: str = "return g", **limits: Any
    ) -> Any:
        client = open_client(backend, layer(forward, backward), **limits)
        return ask(client), client

    return run


def layer(forward: str, backward: str = "return g", head: str = "import numpy as np, sys") -> str:
    body = [head, "class ReLU:", "    def forward(self, x):", *indented(forward)]
    return "\n".join([*body, "    def backward(self, g):", *indented(backward)]) + "\n"


def indented(code: str) -> list[str]:
    return ["        " + line for line in code.splitlines()]


def ask(client: Client) -> Any:
    arrays = {"x": X, "grad_output": np.ones(6)}
    return client.run("relu", {}, arrays, parts=("output", "grad_x")).answers


@pytest.fixture(name="ask")
def ask_fixture() -> Callable[[Client], Any]:
    return ask


@pytest.fixture(name="layer")
def layer_fixture() -> Callable[..., str]:
    return layer
