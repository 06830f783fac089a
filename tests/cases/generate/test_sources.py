"""PyTorch, the reference and the nested loops give the same values, magnitudes and terms."""

import numpy as np
import pytest

from grader.cases import LAYERS, parts_of, suite
from grader.cases.compare import error_bound
from grader.cases.generate.answers import expected_by
from grader.cases.generate.draw import draw_inputs
from grader.cases.generate.plain import plain_answers
from grader.cases.generate.pytorch import pytorch_answers
from grader.cases.generate.reference import reference_answers
from grader.cases.generate.vary import hidden_suite
from grader.cases.ground_truth import Part


def drawn(seed, kind):
    for case in hidden_suite(np.random.default_rng(seed)):
        if case.kind == kind and not case.invalid:
            yield case, draw_inputs(case, seed)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kind", LAYERS)
def test_reference_gives_what_pytorch_gives(kind, seed):
    for case, inputs in drawn(seed, kind):
        ours = expected_by(reference_answers, case, inputs)
        theirs = expected_by(pytorch_answers, case, inputs)
        assert list(ours.values) == list(theirs.values) == list(parts_of(case))
        assert ours.terms == theirs.terms
        for part, values in theirs.values.items():
            assert ours.values[part].shape == values.shape
            assert ours.values[part].dtype == values.dtype == np.float64
            np.testing.assert_allclose(ours.magnitudes[part], theirs.magnitudes[part], rtol=1e-9, atol=1e-12)
            bound = error_bound(Part(values, theirs.magnitudes[part], theirs.terms[part]), "float64")
            assert (np.abs(ours.values[part] - values) <= bound).all(), (case.id, part)


@pytest.mark.parametrize("kind", LAYERS)
def test_nested_loops_give_what_the_reference_gives(kind):
    for case, inputs in drawn(4, kind):
        truth = expected_by(reference_answers, case, inputs)
        answers = plain_answers(case.kind, case.params, inputs)
        assert answers.keys() == truth.values.keys()
        for part, values in truth.values.items():
            bound = error_bound(Part(values, truth.magnitudes[part], truth.terms[part]), case.dtype)
            assert answers[part].shape == values.shape
            assert (np.abs(answers[part] - values) <= bound).all(), (case.id, part)


def test_every_case_of_the_suite_has_a_kind_that_is_tested_here():
    assert {case.kind for case in suite()} == set(LAYERS)


@pytest.mark.parametrize("source", [pytorch_answers, reference_answers, plain_answers])
def test_gradient_at_zero_and_ties_are_pytorchs(source):
    zeros = {"x": np.array([[0.0, -1.0, 2.0]]), "grad_output": np.ones((1, 3))}
    np.testing.assert_array_equal(source("relu", {}, zeros)["grad_x"], [[0, 0, 1]])
    ties = {"x": np.ones((1, 1, 2, 2)), "grad_output": np.full((1, 1, 1, 1), 5.0)}
    np.testing.assert_array_equal(
        source("max_pool2d", {"kernel_size": 2}, ties)["grad_x"], [[[[5, 0], [0, 0]]]]
    )
