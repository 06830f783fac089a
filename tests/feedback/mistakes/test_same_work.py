"""A mistake whose time counts depends on as many inputs as a right layer does, to as many digits."""

import numpy as np
import pytest

from grader.feedback.mistakes import CATALOGUE, Form, mistake
from grader.feedback.mistakes.same_work import SAME_WORK
from grader.feedback.mistakes.simulate import quick_part
from grader.speed.workloads import LARGE, SMALL, Size

# As many channels as columns, so that a bias along the wrong axis is an answer and no error.
SIZE = Size(N=2, C_in=2, C_out=2, H=2, W=2, K_h=3, K_w=3)
INPUTS = SIZE.draw(np.random.default_rng(0))
FACTORS = {
    "forward": {"output": ("x", "weight")},
    "backward": {
        "grad_x": ("grad_output", "weight"),
        "grad_weight": ("grad_output", "x"),
        "grad_bias": ("grad_output",),
    },
}
STEP = 1e-7
LEAST = 0.95
"""Share of the work of a right layer, by both measures; 0.8 of its time is promised."""


def is_answer(array):
    """Tell whether a form answered: what reads outside of an array fails, or gives what never counts."""
    return array is not None and np.isfinite(array).all()


def jacobian(form, part, name):
    """Return how each element of a part changes with each element of one of its factors."""
    before, rows = quick_part("conv2d", form, part, SIZE.params, INPUTS), []
    if not is_answer(before):
        return np.zeros((1, 1))
    for place in range(INPUTS[name].size):
        changed = INPUTS[name].copy()
        changed.flat[place] += STEP
        after = quick_part("conv2d", form, part, SIZE.params, {**INPUTS, name: changed})
        rows.append((after.astype(float) - before) / STEP)
    return np.reshape(rows, (len(rows), -1))


def work(form, phase):
    """Return how many pairs of an answer's and an input's element depend on each other, and the ranks.

    The pairs are the products that have to be computed; by the rank they are not a few in many places.
    """
    found = [jacobian(form, part, name) for part, names in FACTORS[phase].items() for name in names]
    pairs = sum(np.count_nonzero(np.abs(one) > 1e-4) for one in found)
    return np.array([pairs, sum(np.linalg.matrix_rank(one, tol=1e-4) for one in found)])


RIGHT = {phase: work(Form(), phase) for phase in FACTORS}


def does_as_much(form):
    phases = [phase for phase, parts in FACTORS.items() if form.parts() & parts.keys()]
    return all((work(form, phase) >= LEAST * RIGHT[phase]).all() for phase in phases)


def answers_nothing(form):
    """Tell whether a form fails on whatever is timed, so that it has no time either."""
    sizes = (SIZE, SMALL, LARGE)
    drawn = [(size.params, size.draw(np.random.default_rng(0))) for size in sizes]
    return not any(
        is_answer(quick_part("conv2d", form, part, *one)) for part in form.parts() for one in drawn
    )


@pytest.mark.parametrize("name", sorted(SAME_WORK))
def test_mistake_of_the_same_work_leaves_nothing_out(name):
    entry = mistake(name)
    assert entry.kind == "conv2d"
    for form in entry.forms:
        # What a layer remembers or changes cannot be computed from one call's inputs.
        assert form.steps
        assert not form.mixins
        assert does_as_much(form) or answers_nothing(form)


@pytest.mark.parametrize(
    "name", ["answers_zeros", "computes_in_float32", "keeps_last_image_only", "keeps_one_input_channel"]
)
def test_mistake_that_leaves_work_out_is_found(name):
    assert not any(does_as_much(form) for form in mistake(name).forms if form.steps)


def test_names_are_catalogued():
    assert not SAME_WORK - {entry.name for entry in CATALOGUE}
