"""Right layers under other names than the template's get right answers; what is not plain is not guessed."""

import re
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.assignment.interface import load_interface
from grader.assignment.penalties import Penalties
from grader.cases.compare import compare
from grader.cases.ground_truth import load_ground_truth
from grader.grading.open_submission import program_of
from grader.intake.submissions import SourceFile, Submission
from grader.worker.interface.synonyms import ATTRIBUTES, CLASS_NAMES, METHODS, PARAMETERS, folded
from grader.worker.layer_kinds import LAYER_KINDS

CASE = "k3x2-s2x3-p1x0-r1x2"
TRUTH = load_ground_truth()
DTYPES = {case.id: case.dtype for case in TRUTH.cases}
CONV = ("output", "grad_x", "grad_weight", "grad_bias")
ROLES = LAYER_KINDS["conv2d"].arguments
ARRAYS = ("weight", "bias", "grad_weight", "grad_bias")
LAYER = """
import numpy as np
from cnn_reference.conv import Conv2d as _Right
class {Conv2d}:
    def __init__(self, {signature}):
        self.right = _Right({in_channels}, {out_channels}, {kernel_size}, {stride}, {padding})
        self.{weight}, self.{bias} = np.zeros_like(self.right.weight), np.zeros_like(self.right.bias)
    def {forward}(self, x):
        self.right.weight, self.right.bias = self.{weight}, self.{bias}
        return self.right.forward(x)
    def {backward}(self, g):
        grad_x = self.right.backward(g)
        self.{grad_weight}, self.{grad_bias} = self.right.grad_weight, self.right.grad_bias
        return grad_x
"""
SHORT = {
    **{"in_channels": "in_ch", "out_channels": "out_ch", "kernel_size": "ksize", "padding": "pad"},
    **{"weight": "W", "bias": "b", "grad_weight": "dW", "grad_bias": "db", "forward": "__call__"},
}
TEMPLATE = {name: name for name in (*ROLES, *ARRAYS, "forward", "backward", "Conv2d")}


def written(names, order=ROLES, *, more=""):
    """Return the layer under some names, its parameters in some order."""
    own = TEMPLATE | names
    return LAYER.format(signature=", ".join(own[role] for role in order) + more, **own)


def right(answers, case_id=CASE):
    """Return the parts that are right."""
    expected, dtype = TRUTH[case_id].expected, DTYPES[case_id]
    return tuple(
        part
        for part, answer in answers.items()
        if answer.array is not None and compare(answer.array, expected[part], dtype, part).passed
    )


def spelled(names):
    """Return a strategy for names of the table in the ways in which people write them."""
    ways = (str, str.capitalize, str.upper, lambda name: f"_{name}", lambda name: f"{name}_")
    return st.tuples(st.sampled_from(sorted(names)), st.sampled_from(ways)).map(lambda pair: pair[1](pair[0]))


parameter_names = st.fixed_dictionaries({role: spelled(PARAMETERS[role]) for role in ROLES})
other_names = st.fixed_dictionaries(
    {
        **{name: spelled(ATTRIBUTES[name]) for name in ARRAYS},
        "forward": spelled(METHODS["forward"]) | st.just("__call__"),
        "backward": spelled(METHODS["backward"]),
        "Conv2d": spelled(CLASS_NAMES["Conv2d"]).map(lambda name: name.lstrip("_")),
    }
)


@settings(max_examples=40)
@given(parameter_names, other_names, st.permutations(ROLES))
@example(SHORT, {}, ROLES)
def test_ask_right_layer_under_names_of_the_table_is_right_in_any_order(ask_here, own, others, order):
    assert right(ask_here(written({**own, **others}, order), "layers", case_id=CASE)) == CONV


@settings(max_examples=30)
@given(st.permutations(("a", "b", "c", "stride", "pad")), st.permutations(ROLES))
def test_ask_unknown_names_are_never_guessed(ask_here, own, order):
    """Three parameters are of unknown names, so nothing may be called, whatever the order."""
    answers = ask_here(written(dict(zip(ROLES, own, strict=True)), order), "layers")
    assert {answer.message.partition("(")[0] for answer in answers.values()} == {"Conv2d"}
    assert not right(answers)


# Names that are not plain, and what the student reads.
REFUSED = (
    (written({"stride": "s"}, more=", step=1"), "Which one is `stride`: `s` or `step`?"),
    (
        written({"padding": "pad"}, more=", groups"),
        "Conv2d(...) does not take `padding`; it takes in_channels,",
    ),
    (written({"forward": "fprop"}) + "    forward_pass = fprop\n", "Is it `forward_pass` or `fprop`?"),
    (
        written({"weight": "W"}).replace("    def f", "        self.weights = self.W.copy()\n    def f", 1),
        "Is it `W` or `weights`?",
    ),
    (
        written({"Conv2d": "Conv"}) + "class Convolution: pass\n",
        "Conv2d is not defined; there is Conv, Convolution",
    ),
    (
        written({"bias": "b"}).replace("np.zeros_like(self.right.bias)", "np.zeros((1, out_channels))"),
        "`layer.b` has shape (1, 4); (4,) is expected",
    ),
)


@pytest.mark.parametrize(("source", "sentence"), REFUSED)
def test_ask_names_that_are_not_plain_are_asked_about(source, sentence, ask_here):
    answers = ask_here(source, "layers", case_id=CASE)
    assert sentence in answers["output"].message
    assert answers["output"].outcome in ("raised", "not_implemented", "wrong_shape")


def test_ask_two_gradients_that_may_be_meant_leave_the_other_parts(ask_here):
    source = written({"grad_weight": "dW"}).replace("return grad_x", "self.gw = self.dW; return grad_x")
    answers = ask_here(source, "layers", case_id=CASE)
    assert right(answers) == ("output", "grad_x", "grad_bias")
    assert answers["grad_weight"].message.endswith("Is it `dW` or `gw`?")


def test_ask_attribute_that_is_no_array_of_its_size_is_not_a_weight(ask_here):
    """Many keep the numbers of filters, the width or the batch under a weight's or a bias's usual name."""
    source = written({"weight": "W", "bias": "b"}).replace(
        "        self.W",
        "        self.filters, self.w, self.B, self.kernel = 4, 9, 2, (3, 2)\n        self.W",
        1,
    )
    assert right(ask_here(source, "layers", case_id=CASE)) == CONV


def test_ask_gradient_may_be_a_list_of_numbers(ask_here):
    source = written({"grad_bias": "db"}).replace(
        "return grad_x", "self.db = self.db.tolist(); return grad_x"
    )
    assert right(ask_here(source, "layers", case_id=CASE)) == CONV


def test_ask_layer_that_makes_its_arrays_at_the_first_forward(ask_here):
    source = written({"weight": "W", "bias": "b"}).replace(
        "np.zeros_like(self.right.weight), np.zeros_like(self.right.bias)", "None, None"
    )
    assert right(ask_here(source, "layers", case_id=CASE)) == CONV


def test_ask_templates_name_goes_before_any_other(ask_here):
    source = written({}).replace(
        "        self.weight,", "        self.W = self.b = np.ones(3)\n        self.weight,", 1
    )
    assert right(ask_here(source, "layers", case_id=CASE)) == CONV


def test_ask_layer_sets_what_was_left_out_to_its_own_default(ask_here):
    source = """
from cnn_reference.pooling import MaxPool2d as _Right
class MaxPooling:
    def __init__(self, pool_size, strides=None, pad=0):
        self.right = _Right(pool_size, strides, pad)
    def __call__(self, x):
        return self.right.forward(x)
    def backprop(self, g):
        return self.right.backward(g)
"""
    for case in (case for case in TRUTH.cases if case.kind == "max_pool2d" and case.scenario == "once"):
        if not case.invalid:
            assert right(ask_here(source, "layers", case_id=case.id), case.id) == ("output", "grad_x"), (
                case.id
            )


@pytest.mark.parametrize("lacking", ["stride", "padding"])
def test_ask_layer_that_lacks_a_parameter_is_right_where_it_is_not_needed(lacking, ask_here):
    order = [role for role in ROLES if role != lacking]
    source = written({}, order).replace(
        "        self.right", f"        {lacking} = {int(lacking == 'stride')}\n        self.right", 1
    )
    cases = {
        (True, True): "k2x3-s1x1-p1x1-r0x0",
        (True, False): "k3x2-s1x1-p0x0-r0x0",
        (False, True): CASE,
        (False, False): "k3x3-s2x2-p0x0-r0x0",
    }
    for (plain_stride, padded), case_id in cases.items():
        answers = ask_here(source, "layers", case_id=case_id)
        if plain_stride if lacking == "stride" else not padded:
            assert right(answers, case_id) == CONV, case_id
        else:
            assert answers["output"].message.startswith(f"Conv2d(...) does not take `{lacking}`; it takes"), (
                case_id
            )
            assert answers["output"].outcome == "raised"


def test_table_has_no_name_that_stands_for_two_things_of_a_layer():
    for kind in LAYER_KINDS.values():
        for one, other in combinations((*kind.arguments, "learning_rate"), 2):
            assert not PARAMETERS[one] & PARAMETERS[other], (one, other)
    for table in (ATTRIBUTES, METHODS, CLASS_NAMES):
        for one, other in combinations(table, 2):
            assert not table[one] & table[other], (one, other)
    assert all(
        folded(name) in names
        for table in (PARAMETERS, ATTRIBUTES, METHODS, CLASS_NAMES)
        for name, names in table.items()
    )


LINEAR = """
from cnn_reference.linear import Linear as _Linear
class Dense:
    def __init__(self, n_in, n_out):
        self.right = _Linear(n_in, n_out)
        self.weights, self.biases = self.right.weight, self.right.bias
    def forward_pass(self, x):
        self.right.weight, self.right.bias = self.weights, self.biases
        return self.right.forward(x)
    def backward_pass(self, g):
        grad_x = self.right.backward(g)
        self.weights_gradient, self.bias_gradient = self.right.grad_weight, self.right.grad_bias
        return grad_x
"""
LOSS = """
from cnn_reference.loss import CrossEntropyLoss as _Loss
class SoftmaxCrossEntropy:
    def __init__(self):
        self.right = _Loss()
    def loss(self, logits, labels):
        return self.right.forward(logits, labels)
    def gradient(self):
        return self.right.backward()
"""
RELU = """
class Relu:
    def fprop(self, x):
        self.x = x
        return x * (x > 0)
    def bprop(self, g):
        return g * (self.x > 0)
"""
FUNCTIONS = """
from cnn_reference.conv import conv2d_backward as _backward, conv2d_forward as _forward
def conv2d_forward(X, W, b, s=1, p=0):
    return _forward(X, W, b, stride=s, padding=p)
def conv2d_backward(dout, X, W, pad=0, strides=1):
    return _backward(dout, X, W, stride=strides, padding=pad)
"""
OTHERS = (
    ("linear", "layers", LINEAR, CONV),
    ("cross_entropy", "layers", LOSS, ("output", "grad_logits")),
    ("relu", "layers", RELU, ("output", "grad_x")),
    ("conv2d", "functions", FUNCTIONS, CONV),
)


@pytest.mark.parametrize(("kind", "interface", "source", "parts"), OTHERS)
def test_ask_other_kinds_and_functions_have_names_too(kind, interface, source, parts, ask_here):
    cases = [
        case for case in TRUTH.cases if (case.kind, case.scenario, case.invalid) == (kind, "once", False)
    ]
    for case in cases[::7]:
        assert right(ask_here(source, interface, case_id=case.id), case.id) == parts, case.id


APIS = Path(__file__).parents[2] / "fixtures" / "apis"


def template_under(names):
    """Return the layers of the template with other names, all of them without the template's own."""
    source = (APIS / "template_complete.py").read_text()
    for name, own in names.items():
        source = re.sub(rf"\b{name}\b", own, source)
    return source


def test_grade_other_names_get_a_warning_and_lose_what_the_assignment_says(grade_api):
    names = {**SHORT, "Conv2d": "Convolution"}
    criteria = (*(f"conv2d.{part}" for part in ("forward", *CONV[1:])), "relu.forward")
    source = (
        template_under(names).replace("def __call__", "def forward").replace("def forward", "def __call__", 1)
    )
    result = grade_api(source, "layers", {}, criteria, Penalties(other_names=0.25))
    assert [criterion.points for criterion in result.criteria] == [7.5, 7.5, 7.5, 7.5, 10.0]
    assert {(one.name, one.criterion, one.points) for one in result.penalties} == {
        ("other_names", criterion, 2.5) for criterion in criteria[:4]
    }
    (warning,) = result.warnings
    start, _, pairs = warning.partition(": ")
    assert start == "conv2d is graded under the submission's own names"
    assert {*pairs.split(", ")} == {f"{own} for {name}" for name, own in names.items()}


def test_program_of_is_the_file_with_the_classes_that_stand_for_the_templates():
    files = [
        SourceFile("a.py", b"class Trainer:\n    pass\n"),
        SourceFile("b.py", b"class Convolution:\n    pass\nclass Relu:\n    pass\n"),
    ]
    submission = Submission("one", "one", None, tuple(files))
    program = program_of(submission, load_interface("layers").names, whole_file=False)
    assert (program.main, program.warnings) == ("b.py", ())
