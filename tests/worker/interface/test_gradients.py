"""Each gradient is read by itself, wherever shapes say what it is."""

import itertools
import types
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grader.worker import remarks
from grader.worker.interfaces import cs231n, layers, sgd_layers

PARTS = ("grad_x", "grad_weight", "grad_bias")
ORDERS = st.permutations(PARTS)
SUBSETS = st.sets(st.sampled_from(PARTS[1:]))
# Made once, since a worker remembers which calls fit.
LAYERS, FUNCTIONS, UPDATED = (interface.interface({}) for interface in (layers, cs231n, sgd_layers))
# N and O differ, so that no two of x (N, D), weight (O, D) and bias (O,) have one shape.
SIZES = st.tuples(*[st.integers(1, 5)] * 3).filter(lambda sizes: sizes[0] != sizes[2])


def arrays_of(sizes):
    n, d, o = sizes
    shapes = {"x": (n, d), "weight": (o, d), "bias": (o,), "grad_output": (n, o)}
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def gradients_of(arrays):
    return {
        "grad_x": arrays["grad_output"] @ arrays["weight"],
        "grad_weight": arrays["grad_output"].T @ arrays["x"],
        "grad_bias": arrays["grad_output"].sum(axis=0),
    }


def called(interface, module, arrays, calls=1):
    """Return what a backward yields, what is remarked on it, and the error that ends it."""
    adapter = interface.build(
        "linear",
        module,
        {"in_features": arrays["x"].shape[1], "out_features": len(arrays["bias"])},
        {name: arrays[name] for name in ("weight", "bias")},
    )
    for _ in range(calls):
        adapter.forward(arrays["x"])
        remarks.forget()
        found, error = {}, None
        try:
            found.update(adapter.backward(arrays["grad_output"]))
        except Exception as raised:
            error = raised
    return found, {part: remarks.noted(part) for part in PARTS if remarks.noted(part)}, error


class Linear:
    """A layer whose backward does what a test says; one class, since a worker remembers it."""

    act: Any = None

    def __init__(self, *sizes, **named):
        self.calls, self.weight, self.bias = 0, None, None
        self.grad_weight = self.grad_bias = None

    def forward(self, x):
        if self.weight is None:
            self.weight, self.bias = np.zeros((3, x.shape[1])), np.zeros(3)
        return x @ self.weight.T + self.bias

    def backward(self, grad_output, *learning_rate):
        self.calls += 1
        return Linear.act(self, *learning_rate)


def layer(backward):
    Linear.act = staticmethod(backward)
    return types.SimpleNamespace(Linear=Linear)


def affine_forward(x, w, b):
    return x @ w + b, None


def affine_backward(dout, cache):
    return affine_backward.returned


def functions(**gradients):
    """Return CS231n's functions, which return these gradients in this order; their weight is (D, M)."""
    affine_backward.returned = tuple(
        gradient.T if part == "grad_weight" else gradient for part, gradient in gradients.items()
    )
    return types.SimpleNamespace(affine_forward=affine_forward, affine_backward=affine_backward)


def same(found, right):
    return found.keys() == right.keys() and all(np.array_equal(found[part], right[part]) for part in right)


@given(sizes=SIZES, order=ORDERS, kept=SUBSETS, kind=st.sampled_from([tuple, list, dict]))
@settings(max_examples=40)
def test_layer_that_returns_all_gradients_in_any_order(sizes, order, kept, kind):
    arrays = arrays_of(sizes)
    right = gradients_of(arrays)

    def backward(own):
        for part in kept:
            setattr(own, part, right[part])
        # What the layer keeps counts, so something else may stand in the row.
        row = [np.full_like(right[part], 7) if part in kept else right[part] for part in order]
        return dict(enumerate(row)) if kind is dict else kind(row)

    found, remarked, error = called(LAYERS, layer(backward), arrays)
    assert error is None
    assert same(found, right)
    assert remarked == {"grad_x": ["gradient_order"]}


@given(sizes=SIZES, order=ORDERS)
@settings(max_examples=40)
def test_function_that_returns_gradients_in_another_order(sizes, order):
    arrays = arrays_of(sizes)
    right = gradients_of(arrays)
    assume(right["grad_x"].shape != right["grad_weight"].T.shape)
    module = functions(**{part: right[part] for part in order})
    found, remarked, error = called(FUNCTIONS, module, arrays)
    assert error is None
    assert same(found, right)
    moved = [part for part, other in zip(PARTS, order, strict=True) if part != other]
    assert remarked == {part: ["gradient_order"] for part in moved[:1]}


@pytest.mark.parametrize("wrong", PARTS)
def test_function_with_one_wrong_shape_keeps_the_others(wrong):
    arrays = arrays_of((2, 3, 4))
    right = {**gradients_of(arrays), wrong: np.ones((9, 9))}
    found, remarked, error = called(FUNCTIONS, functions(**right), arrays)
    assert (error, remarked) == (None, {})
    assert same(found, right)


@given(sizes=SIZES, kept=SUBSETS, calls=st.integers(1, 2))
@settings(max_examples=40)
def test_layer_that_fails_gives_what_it_had_set_in_this_call(sizes, kept, calls):
    arrays = arrays_of(sizes)
    right = gradients_of(arrays)

    def backward(own):
        if own.calls == calls:
            for part in kept:
                setattr(own, part, right[part])
            raise ValueError("no")
        own.grad_weight, own.grad_bias = np.ones(1), np.ones(1)

    found, remarked, error = called(LAYERS, layer(backward), arrays, calls)
    assert str(error) == "no"
    assert same(found, {part: right[part] for part in kept})
    assert remarked == {part: ["unfinished"] for part in PARTS if part in kept}


def test_layer_that_fails_after_it_added_to_its_gradient_gives_it():
    arrays = arrays_of((2, 3, 4))

    def backward(own):
        own.grad_bias = np.zeros(4) if own.grad_bias is None else own.grad_bias
        own.grad_bias += 1
        raise ValueError("no")

    found, _, _ = called(LAYERS, layer(backward), arrays, calls=2)
    assert same(found, {"grad_bias": np.full(4, 2.0)})


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (None, "`backward` returned nothing (None), one array is expected: grad_x. Is a `return` missing?"),
        ((1, 2), "`backward` returned 2 values, one array is expected: grad_x"),
        ((np.ones((5, 5)),) * 2, "`backward` returned 2 arrays, one array is expected: grad_x"),
    ],
)
def test_layer_that_returns_something_else_loses_grad_x_alone(returned, sentence):
    arrays = arrays_of((2, 3, 4))
    right = gradients_of(arrays)

    def backward(own):
        own.grad_weight, own.grad_bias = right["grad_weight"], right["grad_bias"]
        return returned

    found, remarked, error = called(LAYERS, layer(backward), arrays)
    assert str(found.pop("grad_x")) == sentence
    assert (error, remarked) == (None, {})
    assert same(found, {part: right[part] for part in PARTS[1:]})


@pytest.mark.parametrize("order", list(itertools.permutations(PARTS)))
def test_equal_shapes_are_told_apart_by_the_order_that_others_showed(order):
    interface = layers.interface({})
    for sizes in ((2, 4, 3), (3, 4, 3)):
        arrays = arrays_of(sizes)
        right = gradients_of(arrays)
        row = tuple(right[part] for part in order)
        found, remarked, _ = called(interface, layer(lambda own, row=row: row), arrays)
        assert same(found, right)
        assert remarked == {"grad_x": ["gradient_order"]}


def test_equal_shapes_are_not_told_apart_where_the_order_changed():
    interface = layers.interface({})
    for sizes, order in (((2, 4, 3), PARTS), ((2, 5, 3), PARTS[::-1]), ((3, 4, 3), PARTS)):
        right = gradients_of(arrays_of(sizes))
        row = tuple(right[part] for part in order)
        found, _, _ = called(interface, layer(lambda own, row=row: row), arrays_of(sizes))
    assert isinstance(found["grad_x"], Exception)


def test_layer_whose_shapes_leave_a_doubt_is_not_guessed():
    arrays = arrays_of((3, 2, 3))
    right = gradients_of(arrays)
    assert right["grad_x"].shape == right["grad_weight"].shape
    found, remarked, _ = called(
        layers.interface({}), layer(lambda own: tuple(right[part] for part in PARTS)), arrays
    )
    for part in PARTS[:2]:
        doubt = f"Shapes do not tell which of them is {part}"
        assert str(found.pop(part)) == f"`backward` returned 3 arrays, one array is expected: grad_x. {doubt}"
    assert same(found, {"grad_bias": right["grad_bias"]})
    assert remarked == {"grad_bias": ["gradient_order"]}


@pytest.mark.parametrize("updates", [True, False])
@pytest.mark.parametrize("order", list(itertools.permutations(PARTS)))
def test_layer_that_updates_itself_returns_arrays_in_any_order(order, updates):
    arrays = arrays_of((2, 4, 3))
    right = gradients_of(arrays)

    def backward(own, rate):
        row = dict(right)
        if updates:
            own.weight = row["grad_weight"] = own.weight - rate * right["grad_weight"]
            own.bias = row["grad_bias"] = own.bias - rate * right["grad_bias"]
        return tuple(row[part] for part in order)

    found, remarked, error = called(UPDATED, layer(backward), arrays)
    assert error is None
    assert all(np.allclose(found[part], right[part]) for part in PARTS)
    assert remarked == {"grad_x": ["gradient_order"]}


def test_layer_that_updates_itself_and_fails_has_its_updates_judged():
    arrays = arrays_of((2, 4, 3))
    right = gradients_of(arrays)

    def backward(own, rate):
        own.bias = own.bias - rate * right["grad_bias"]
        raise ValueError("no")

    found, remarked, error = called(UPDATED, layer(backward), arrays)
    assert (str(error), remarked) == ("no", {"grad_bias": ["unfinished"]})
    assert list(found) == ["grad_bias"]
    assert np.allclose(found["grad_bias"], right["grad_bias"])


def test_rows_one_at_a_time_that_fail_have_their_sums_judged():
    arrays = arrays_of((2, 4, 3))

    def backward(own):
        own.grad_bias = np.full(3, float(own.calls))
        raise ValueError("no")

    interface = layers.interface({"layouts": {"linear_x": "I"}})
    found, _, error = called(interface, layer(backward), arrays)
    assert str(error) == "no"
    assert same(found, {"grad_bias": np.full(3, 3.0)})


def test_layer_whose_gradient_cannot_be_read_keeps_the_others(monkeypatch):
    arrays = arrays_of((2, 3, 4))
    right = gradients_of(arrays)

    def backward(own):
        own.grad_bias = right["grad_bias"]
        return right["grad_x"]

    broken = property(lambda own: 1 / 0, lambda own, value: None)
    monkeypatch.setattr(Linear, "grad_weight", broken, raising=False)
    found, _, error = called(LAYERS, layer(backward), arrays)
    assert isinstance(found.pop("grad_weight"), ZeroDivisionError)
    assert error is None
    assert same(found, {part: right[part] for part in ("grad_x", "grad_bias")})
