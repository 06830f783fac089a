"""Code that patches whatever in the worker reports or prepares something earns what its answers earn.

The layer is right in plain cases; it adds up its gradients over calls and keeps its input where other layers
find it. The grader notices that by the order of the calls that it asks for, which the worker does not know.
"""

import pytest

from grader.assignment.interface import load_interface
from grader.cases import parts_of
from grader.cases.ground_truth import load_ground_truth
from grader.checks.submission import CheckFailed, Student
from grader.intake.source import Program
from grader.sandbox import Client, Limits, open_backend

LAYER = """
import sys
import numpy as np

class Linear:
    def __init__(self, in_features, out_features):
        self.grad_weight = self.grad_bias = 0
    def forward(self, x):
        attack(self, x)
        Linear.x = x
        return x @ self.weight.T + self.bias
    def backward(self, grad_output):
        self.grad_weight = self.grad_weight + grad_output.T @ Linear.x
        self.grad_bias = self.grad_bias + grad_output.sum(axis=0)
        return grad_output @ self.weight

def callers():
    frame = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back

"""
NOTHING = "def attack(layer, x): pass\n"
ATTACKS = {
    "frames' functions": """
def attack(layer, x):
    for frame in callers():
        for name in ("modified", "laid_out", "failure", "inputs_of"):
            if name in frame.f_globals and frame.f_globals is not globals():
                frame.f_globals[name] = lambda *_: []
""",
    "slots' reports": """
def attack(layer, x):
    for thing in sys.modules["gc"].get_objects():
        if type(thing).__name__ == "LayerSlot":
            type(thing).modified = lambda self: []
            thing._originals = thing._given
""",
    "slots' layers": """
def attack(layer, x):
    for frame in callers():
        slots = getattr(frame.f_locals.get("self"), "_slots", None)
        if slots:
            for number in slots:
                slots[number] = frame.f_locals["slot"] if "slot" in frame.f_locals else slots[number]
""",
    "what is passed over": """
def attack(layer, x):
    for frame in callers():
        worker = frame.f_locals.get("self")
        if type(worker).__name__ == "Worker":
            worker._failed = frame.f_locals["header"]["case"]
""",
    "NumPy's functions": """
def attack(layer, x):
    make = np.array
    np.array = lambda value, *_, **__: make(value)
    np.frombuffer = lambda *_, **__: make([0.0])
""",
    "how arrays are laid out": """
def attack(layer, x):
    for frame in callers():
        slots = frame.f_globals.get("LayerSlot")
        if slots is not None:
            slots.receive.__globals__["laid_out"] = lambda array, _: np.array(array)
""",
    "headers ahead": """
def attack(layer, x):
    for thing in sys.modules["gc"].get_objects():
        if type(thing) is dict and "op" in thing and "parts" in thing and "case" in thing:
            thing["slot"], thing["layouts"] = 0, {}
""",
    "whatever sounds like a scenario": """
def attack(layer, x):
    for frame in callers():
        for function in list(frame.f_globals.values()):
            names = getattr(function, "__globals__", {})
            for name in ("answers", "scenario", "modified", "second_forward", "two_layers"):
                if name in names and names is not globals():
                    names[name] = lambda *_: []
""",
}


def passed(attack: str, backend: object) -> frozenset[tuple[str, str]]:
    """Return the cases and parts in which a program is right."""
    truth = load_ground_truth()
    program = Program("cnn.py", {"cnn.py": LAYER + attack})
    found = set()
    interface = load_interface("layers").source
    with Client(program, interface, {}, ("numpy",), Limits(call_seconds=1.0), backend) as client:
        student = Student(client, truth)
        for case in truth.cases:
            for part in parts_of(case) if case.kind == "linear" else ():
                try:
                    student.expect(case, part)
                except CheckFailed:
                    continue
                found.add((case.id, part))
    return frozenset(found)


@pytest.fixture(scope="module")
def backend():
    with open_backend("native") as opened:
        yield opened


@pytest.fixture(scope="module")
def honest(backend):
    return passed(NOTHING, backend)


def test_passed_honest_layer_fails_where_it_is_called_again_or_beside_another(honest):
    assert ("linear", "grad_weight") in honest
    assert ("linear-twice", "output") in honest
    assert {("linear-twice", "grad_weight"), ("linear-two-layers", "grad_weight")}.isdisjoint(honest)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_passed_patched_worker_earns_no_more(attack, backend, honest):
    assert passed(attack, backend) <= honest
