"""Calls in settings mean what they mean in Python, and the one that fits best is made."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.worker.interface import signatures
from grader.worker.interface.call_expressions import read
from grader.worker.interface.make_calls import LeftOut, Scope, evaluate, perform
from grader.worker.interface.misfits import Unfit
from grader.worker.serialize import Unusable

STUDENT = SimpleNamespace(
    f=lambda *values, **named: (values, named),
    two=lambda: (1, 2),
    layer=SimpleNamespace(params={"W": 7}),
)
NAMES = {"x": np.arange(6.0).reshape(2, 3), "stride": 2, "size": (3, 4)}


def scope(names, student=STUDENT):
    return Scope("conv2d", names, student, {})


leaves = st.sampled_from(
    ["x.shape", "stride", "size", "size[1]", "x.T.shape", "-3", "1.5", "'pad'", "None", "True"]
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"({', '.join(items)},)"),
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(inner, inner).map(lambda pair: f"{{'a': {pair[0]}, 'b': {pair[1]}}}"),
        st.tuples(inner, inner).map(lambda pair: f"f({pair[0]}, named={pair[1]})"),
    ),
    max_leaves=8,
)


@given(expressions)
def test_evaluate_gives_what_python_gives(text):
    (step,) = read(text)
    assert evaluate(step.value, scope(NAMES)) == eval(text, {**vars(STUDENT), **NAMES})


def test_perform_left_out_argument_is_dropped_by_keyword_and_filled_by_position():
    names = {"stride": LeftOut(2)}
    perform([read("by_keyword = f(stride=stride); by_position = f(stride)")], scope(names), ())
    assert names["by_keyword"] == ((), {})
    assert names["by_position"] == ((2,), {})


def test_perform_takes_the_first_call_that_fits():
    names: dict[str, object] = {}
    perform([read("a = missing()"), read("a = two(1)"), read("a = two()"), read("a = f()")], scope(names), ())
    assert names == {"a": (1, 2)}


def test_perform_nothing_fits_raises_the_first_reason():
    with pytest.raises(Unfit, match="missing is not defined"):
        perform([read("missing()"), read("two(1)")], scope({}), ())


def test_perform_error_inside_the_student_is_not_taken_for_a_misfit():
    def broken():
        raise TypeError("missing a required argument")

    with pytest.raises(TypeError, match="missing a required"):
        perform(
            [read("broken()"), read("two()")], scope({}, SimpleNamespace(broken=broken, two=STUDENT.two)), ()
        )


def test_perform_what_is_no_part_of_the_answer_may_be_anything():
    names: dict[str, object] = {}
    perform([read("cache = two(); output, cache = two()")], scope(names), ("output",))
    assert names == {"cache": 2, "output": 1}
    perform([read("output = two()")], scope(names), ("output",))
    assert str(names["output"]) == "`two` returned 2 values, one array is expected: output"
    with pytest.raises(Unusable, match="`two` returned 2 values, 3 values are expected: output, a, b"):
        perform([read("output, a, b = two()")], scope(names), ("output",))


def test_perform_function_that_fits_is_looked_at_once_unless_it_holds_something(monkeypatch):
    monkeypatch.setattr(signatures, "_REMEMBERED", {})  # other tests may have filled it
    held = [1]

    def plain(x):
        return x

    def closure(x):
        return x, held

    for function in (plain, closure):
        names = {"x": 1, "f": function}
        call = read("y = f(x)")
        before = len(signatures._REMEMBERED)
        perform([call], scope(names), ())
        perform([call], scope(names), ())
        assert len(signatures._REMEMBERED) - before == (function is plain)


def taking(source: str) -> SimpleNamespace:
    """Return a module with a function ``C`` of these parameters, which returns what it was given."""
    names = {}
    exec(f"def C({source}):\n    return dict(locals())", names)
    return SimpleNamespace(C=names["C"])


LONG, SHORT = "c = C(out_channels, kernel_size, stride, padding)", "c = C(out_channels, kernel_size)"
OTHER_ORDER = "c = C(out_channels, kernel_size, padding, stride)"
RATED = "c = C(out_channels, kernel_size, stride, padding, learning_rate)"
VALUES = {"out_channels": 5, "kernel_size": 4, "stride": 3, "padding": 2, "learning_rate": 1024.0}
# The calls, what the student's function takes, what it is given.
CHOICES = (
    ((SHORT, LONG), "f, k, s=1, p=0", {"f": 5, "k": 4, "s": 3, "p": 2}),
    ((SHORT, LONG), "a, b, c=1, d=0", {"a": 5, "b": 4, "c": 3, "d": 2}),
    ((SHORT, LONG), "f, k", {"f": 5, "k": 4}),
    ((LONG, RATED), "n, k, s, p, lr=0.1", {"n": 5, "k": 4, "s": 3, "p": 2, "lr": 1024.0}),
    ((LONG, RATED), "n, k, s, p, activation='relu'", {"n": 5, "k": 4, "s": 3, "p": 2, "activation": "relu"}),
    ((LONG, RATED), "n, k, s, p, bias=True", {"n": 5, "k": 4, "s": 3, "p": 2, "bias": True}),
    ((LONG, OTHER_ORDER), "filters, size, pad, strides", {"filters": 5, "size": 4, "pad": 2, "strides": 3}),
    ((OTHER_ORDER, LONG), "filters, size, pad, strides", {"filters": 5, "size": 4, "pad": 2, "strides": 3}),
    ((LONG, OTHER_ORDER), "a, b, c, d", {"a": 5, "b": 4, "c": 3, "d": 2}),
)


@pytest.mark.parametrize(("calls", "takes", "given_values"), CHOICES)
def test_perform_takes_the_call_that_passes_what_the_signature_can_take(calls, takes, given_values):
    names = {**VALUES}
    perform(list(map(read, calls)), scope(names, taking(takes)), ())
    assert names["c"] == given_values


def test_perform_of_two_functions_the_first_that_fits_goes_before_one_that_takes_more():
    names = {**VALUES}
    student = SimpleNamespace(A=lambda n: ("A", n), B=lambda n, k: ("B", n, k))
    perform(
        [read("c = A(out_channels)"), read("c = B(out_channels, kernel_size)")], scope(names, student), ()
    )
    assert names["c"] == ("A", 5)
