import pytest

from grader.assignment.load import load_assignment
from grader.cases import LAYERS, criterion_of, parts_of, suite
from grader.cases.generate.draw import draw_inputs
from grader.cases.layers import all_criteria
from grader.cases.shapes import array_shapes
from grader.worker.interface.interface_settings import NAMES
from grader.worker.layer_kinds import LAYER_KINDS


@pytest.mark.parametrize("kind", LAYERS)
def test_every_kind_has_cases(kind):
    assert any(case.kind == kind for case in suite())


def test_rows_are_those_of_the_worker_but_for_flatten_which_has_no_cases():
    assert {**LAYERS, "flatten": None}.keys() == LAYER_KINDS.keys() == NAMES.keys()


@pytest.mark.parametrize("kind", LAYERS)
def test_every_part_counts_for_one_criterion(kind):
    row = LAYERS[kind]
    assert len(row.parts) == len(row.criteria)
    assert len({criterion_of(kind, part) for part in row.parts}) == len(row.parts)


@pytest.mark.parametrize("case", [case for case in suite() if not case.invalid], ids=lambda case: case.id)
def test_array_shapes_are_those_of_the_drawn_arrays(case):
    drawn = draw_inputs(case, seed=1)
    for name, shape in array_shapes(case.kind, case.sizes, case.params).items():
        assert drawn[name].shape == shape


def test_all_criteria_holds_the_default_assignments_and_average_pooling():
    default = load_assignment().points.keys()
    assert set(all_criteria()) - set(default) == {"avg_pool2d.forward", "avg_pool2d.grad_x"}
    assert set(default) <= set(all_criteria())


def test_parts_of_network_has_the_parameters_of_its_trained_layers():
    small = next(case for case in suite() if case.id == "train-small")
    assert parts_of(small) == ("losses", "weight_0", "bias_0", "weight_4", "bias_4")
