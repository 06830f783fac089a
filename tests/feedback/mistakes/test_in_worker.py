"""Catalogued mistakes answer through the real worker what they answer in this process."""

from pathlib import Path

import numpy as np
import pytest

import cnn_reference
import grader
from grader.assignment.interface import load_interface
from grader.cases import parts_of
from grader.cases.ground_truth import load_ground_truth
from grader.feedback.mistakes import mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.intake.source import Program
from grader.sandbox import Client, Limits, open_backend

TRUTH = load_ground_truth()
NAMES = (
    "flips_kernel_in_forward",
    "crops_from_the_end",
    "averages_over_batch",
    "accumulates_gradients",
    "keeps_first_input",
    "shares_memory_between_layers",
    "rectifies_input_in_place",
    "views_outside_the_array",
    "gives_gradient_to_every_tie",
    "transposes_linear_grad_weight",
    "forgets_batch_size_in_grad_logits",
    "does_not_train_biases",
)


def program(name):
    """Return a submission that hands in the catalogue and picks one mistake of it."""
    ours, theirs = Path(grader.__file__).parent, Path(cnn_reference.__file__).parent
    paths = [
        *theirs.glob("*.py"),
        *(ours / "cases").glob("*.py"),
        *(ours / "feedback" / "mistakes").glob("*.py"),
    ]
    paths += [
        ours / f"{one}.py"
        for one in (
            "__init__",
            "errors",
            "results",
            "feedback/__init__",
            "worker/__init__",
            "worker/layer_kinds",
        )
    ]
    modules = {
        path.relative_to((ours if path.is_relative_to(ours) else theirs).parent).as_posix(): path.read_text(
            "utf-8"
        )
        for path in paths
        # What answers cases for the diagnosis stays behind: here the worker does.
        if path.stem not in ("simulate", "survivors")
    }
    modules["main.py"] = (
        "from grader.feedback.mistakes import mistake\n"
        "from grader.feedback.mistakes.layers import student\n"
        f"entry = mistake({name!r})\n"
        "globals().update(vars(student(entry.kind, entry.forms[0])))\n"
    )
    return Program(main="main.py", modules=modules, files=("main.py",), warnings=())


@pytest.fixture(scope="module")
def backend():
    with open_backend("none", None) as opened:
        yield opened


@pytest.mark.parametrize("name", NAMES)
def test_mistake_in_worker_answers_as_in_process(name, backend):
    entry = mistake(name)
    interface = load_interface("layers")
    imports = (
        "numpy",
        "dataclasses",
        "collections",
        "typing",
        "types",
        "math",
        "functools",
        "enum",
        "pathlib",
    )
    here = InProcess(student(entry.kind, entry.forms[0]))
    cases = [case for case in TRUTH.cases if case.kind == entry.kind and not case.invalid]
    with Client(program(name), interface.source, {}, imports, Limits(), backend) as there:
        for case in cases[:2] + cases[-12:]:
            asked = {"parts": parts_of(case), "scenario": case.scenario, "layouts": case.layouts}
            arrays = TRUTH[case.id].inputs
            theirs = there.run(case.kind, case.params, arrays, **asked)
            ours = here.run(case.kind, case.params, arrays, **asked)
            for part in parts_of(case):
                assert theirs.answers[part].modified == ours.answers[part].modified
                assert theirs.answers[part].outcome == ours.answers[part].outcome, (case.id, part)
                if ours.answers[part].array is not None:
                    np.testing.assert_array_equal(theirs.answers[part].array, ours.answers[part].array)
