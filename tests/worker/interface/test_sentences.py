"""A student whose code does not fit the interface reads a sentence, never a traceback of the grader."""

from pathlib import Path

import numpy as np
import pytest

APIS = Path(__file__).parents[2] / "fixtures" / "apis"
PLACES = {"weight": "layer.weights", "bias": "layer.biases"}
LOSS = (APIS / "cross_entropy_loss.py").read_text()

CONV_PARTS = ("output", "grad_x", "grad_weight", "grad_bias")
LAYER = """
import numpy as np
class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.weight = np.ones((out_channels, in_channels, 3, 3)); self.bias = np.ones(out_channels)
    def forward(self, x):
        self.x = x
        return np.ones((2, 4, 4, 5))
    def backward(self, grad_output):
        self.grad_weight, self.grad_bias = np.ones_like(self.weight), np.ones_like(self.bias)
        return np.ones_like(self.x)
"""
FUNCTIONS = """
import numpy as np
def conv2d_forward(x, weight, bias, *, stride, padding):
    return np.ones((2, 4, 4, 5))
def conv2d_backward(grad_output, x, weight, *, stride, padding):
    return np.ones_like(x), np.ones_like(weight), np.ones(4)
"""
CS231N = """
import numpy as np
def conv_forward_naive(x, w, b, conv_param):
    return np.ones((2, 4, 4, 5)), (x, w, b, conv_param)
def conv_backward_naive(dout, cache):
    return np.ones_like(cache[0]), np.ones_like(cache[1]), np.ones(4)
"""
SOURCES = {"layers": LAYER, "functions": FUNCTIONS, "cs231n": CS231N}

# interface, the expected code, the student's code, the part with the message, outcome, sentence
SENTENCES = (
    (
        *("functions", "return np.ones_like(x), np.ones_like(weight), np.ones(4)"),
        *("return np.ones_like(x), np.ones_like(weight)", "grad_bias", "wrong_shape"),
        "`conv2d_backward` returned 2 arrays, 3 arrays are expected: grad_x, grad_weight, grad_bias",
    ),
    (
        *("functions", "return np.ones_like(x), np.ones_like(weight), np.ones(4)"),
        *("return np.ones_like(x)", "grad_bias", "wrong_shape"),
        "`conv2d_backward` returned one array, 3 arrays are expected: grad_x, grad_weight, grad_bias",
    ),
    (
        *("functions", "return np.ones_like(x), np.ones_like(weight), np.ones(4)"),
        *("return {'dx': x, 'dw': weight}", "grad_bias", "wrong_dtype"),
        "`conv2d_backward` returned a dict with the keys dx, dw, 3 arrays are expected: "
        "grad_x, grad_weight, grad_bias",
    ),
    (
        *("functions", "return np.ones_like(x), np.ones_like(weight), np.ones(4)", "pass"),
        *("grad_x", "not_implemented"),
        "`conv2d_backward` returned nothing (None), 3 arrays are expected: grad_x, grad_weight, grad_bias. "
        "Is a `return` missing?",
    ),
    (
        *("functions", "def conv2d_forward(x, weight, bias, *, stride, padding)"),
        *("def conv2d_forward(x, weight, bias, *, stride)", "output", "raised"),
        "conv2d_forward(...) does not take `padding`; it takes x, weight, bias, stride",
    ),
    (
        *("functions", "def conv2d_forward", "def conv2d_foreward", "output", "not_implemented"),
        "conv2d_forward is not defined; there is conv2d_foreward",
    ),
    (
        *("cs231n", "return np.ones((2, 4, 4, 5)), (x, w, b, conv_param)", "return np.ones((2, 4, 4, 5))"),
        *("output", "wrong_shape"),
        "`conv_forward_naive` returned one array, 2 values are expected: output, cache",
    ),
    (
        *("cs231n", "def conv_backward_naive(dout, cache)", "def conv_backward_naive(dout, x, w)"),
        *("grad_x", "raised"),
        "`conv_backward_naive(dout, x, w)` is called as `conv_backward_naive(grad_output, cache)`: "
        "missing a required argument: 'w'",
    ),
    (
        *("layers", "return np.ones((2, 4, 4, 5))", "return np.ones((2, 4, 4, 5)), (x, 1)"),
        *("output", "wrong_shape"),
        "`forward` returned 2 values, one array is expected: output",
    ),
    (
        *("layers", "return np.ones((2, 4, 4, 5))", "return {'out': x}", "output", "wrong_dtype"),
        "`forward` returned a dict with the keys out, one array is expected: output",
    ),
    (
        *("layers", "return np.ones((2, 4, 4, 5))", "return [x, 'x']", "output", "wrong_dtype"),
        "`forward` returned a list of 2 values, one array is expected: output",
    ),
    (
        *("layers", "return np.ones((2, 4, 4, 5))", "pass", "output", "not_implemented"),
        "`forward` returned nothing (None), one array is expected: output. Is a `return` missing?",
    ),
    (
        *("layers", "return np.ones_like(self.x)", "return self.x, self.x", "grad_x", "wrong_shape"),
        "`backward` returned 2 arrays, one array is expected: grad_x. "
        "Shapes do not tell which of them is grad_x",
    ),
    (
        *("layers", "kernel_size, stride=1, padding=0", "kernel_size, stride=1", "output", "raised"),
        "Conv2d(...) does not take `padding`; it takes in_channels, out_channels, kernel_size, stride",
    ),
    (
        *("layers", "def backward(", "def returning(", "grad_x", "not_implemented"),
        "Conv2d has no method backward; it has forward, returning",
    ),
    (
        *("layers", "self.grad_weight,", "self.slope,", "grad_weight", "not_implemented"),
        "after backward, `Conv2d.grad_weight` is not set; it has weight, bias, x, slope, grad_bias. "
        "Is it `slope`?",
    ),
    (
        *("layers", "self.grad_weight,", "self.dW = self.weight_grad = self.weight; self.copy,"),
        *("grad_weight", "not_implemented"),
        "after backward, `Conv2d.grad_weight` is not set; it has weight, bias, x, dW, weight_grad, copy, "
        "grad_bias. "
        "Is it `dW` or `weight_grad`?",
    ),
    (
        *("layers", "self.weight = ", "self.theta = ", "output", "not_implemented"),
        "`Conv2d.weight` is not set; it has theta, bias. Is it `theta`?",
    ),
    (
        *("layers", "self.weight = ", "self.W = self.weights = ", "output", "not_implemented"),
        "`Conv2d.weight` is not set; it has W, weights, bias. Is it `W` or `weights`?",
    ),
    (
        *("layers", "self.bias = np.ones(out_channels)", "self.b = np.ones((out_channels, 1))"),
        *("output", "wrong_shape"),
        "`layer.b` has shape (4, 1); (4,) is expected",
    ),
    (
        *("layers", "def forward(self, x)", "def forward(x)", "output", "raised"),
        "`self` is missing in `def forward(x)`: write `def forward(self, x)`",
    ),
    (
        *("layers", "def backward(self, grad_output)", "def backward(grad_output)", "grad_x", "raised"),
        "`self` is missing in `def backward(grad_output)`: write `def backward(self, grad_output)`",
    ),
    (
        *("layers", "__init__(self, in_channels", "__init__(in_channels", "output", "raised"),
        "`self` is missing in `def __init__(in_channels, out_channels, kernel_size, stride, padding)`: "
        "write `def __init__(self, in_channels, out_channels, kernel_size, stride, padding)`",
    ),
    (
        *("layers", "kernel_size, stride=1, padding=0", "ksize, window=3, s=1, p=0"),
        *("output", "raised"),
        "Conv2d(...) does not take `kernel_size`; it takes in_channels, out_channels, ksize, window, s, p. "
        "Which one is `kernel_size`: `ksize` or `window`?",
    ),
    (
        *("layers", "Conv2d:\n    def __init__(self, in_channels, ", "Conv:\n    def __init__(self, "),
        *("output", "raised"),
        "Conv(...) does not take `in_channels`; it takes out_channels, kernel_size, stride, padding",
    ),
    (
        *("layers", "class Conv2d", "class Faltung", "output", "not_implemented"),
        "Conv2d is not defined; there is Faltung",
    ),
    (
        *("layers", "return np.ones_like(self.x)", "raise KeyError('x')", "grad_x", "raised"),
        "KeyError: 'x'",
    ),
)


@pytest.mark.parametrize(("interface", "right", "wrong", "part", "outcome", "sentence"), SENTENCES)
def test_ask_misfit_tells_the_student_what_is_there(
    interface, right, wrong, part, outcome, sentence, ask_here
):
    assert right in SOURCES[interface]
    answers = ask_here(SOURCES[interface].replace(right, wrong), interface)
    assert (str(answers[part].outcome), answers[part].message) == (outcome, sentence)


def test_ask_gradient_under_another_name_leaves_the_other_parts(ask_here):
    answers = ask_here(LAYER.replace("self.grad_weight,", "self.slope,"), "layers")
    assert {part: answers[part].outcome for part in CONV_PARTS if answers[part].outcome is not None} == {
        "grad_weight": "not_implemented"
    }


SGD = """
import numpy as np
class Conv2d:
    def __init__(self, filters, kernel, stride, padding):
        self.filters, self.k = filters, kernel
        self.weight = None
    def forward(self, x):
        if self.weight is None:
            self.weight = np.ones((self.filters, x.shape[1], self.k, self.k))
            self.bias = np.zeros(self.filters)
        self.x = x
        return np.ones((2, 4, 4, 5))
    def backward(self, grad_output, lr):
        grad_x = np.ones_like(self.x) * self.weight.sum()
        self.weight -= lr * np.ones_like(self.weight)
        return grad_x
"""
SGD_SENTENCES = (
    (
        *("        grad_x = np.ones_like(self.x) * self.weight.sum()\n", ""),
        *("return grad_x", "return np.ones_like(self.x) * self.weight.sum()", "grad_x", "wrong_value"),
        "grad_x differs between learning rates 1024 and 4096: it is computed with weights that were already "
        "updated. Compute it before the update",
    ),
    (
        *("lr * np", "0.01 * np", "", "", "grad_weight", "wrong_value"),
        "the weight changes by the same amount at learning rates 1024 and 4096: the given rate is not used",
    ),
    (
        *("lr * np", "lr * lr * np", "", "", "grad_weight", "wrong_value"),
        "the weight's step is not proportional to the learning rate (learning rates 1024 and 4096)",
    ),
    (
        *("self.bias =", "self.shift =", "", "", "output", "not_implemented"),
        "after the first forward, `Conv2d.bias` is not set; it has filters, k, weight, shift, x. "
        "Is it `shift`?",
    ),
    (
        *("(self.filters, x.shape[1], self.k, self.k)", "(self.k, self.k, x.shape[1], self.filters)"),
        *("", "", "output", "wrong_shape"),
        "after the first forward, `layer.weight` has shape (3, 3, 3, 4); (4, 3, 3, 3) is expected",
    ),
    (
        *("grad_output, lr", "grad_output, lr, momentum", "", "", "grad_x", "raised"),
        "`backward(grad_output, lr, momentum)` is called as `layer.backward(grad_output, learning_rate)`: "
        "missing a required argument: 'momentum'",
    ),
)


@pytest.mark.parametrize(("one", "instead", "two", "instead_2", "part", "outcome", "sentence"), SGD_SENTENCES)
def test_ask_updating_layer_tells_what_spoils_a_gradient(
    one, instead, two, instead_2, part, outcome, sentence, ask_here
):
    assert one in SGD
    assert two in SGD
    answers = ask_here(
        SGD.replace(one, instead).replace(two, instead_2) if two else SGD.replace(one, instead), "sgd_layers"
    )
    assert (str(answers[part].outcome), answers[part].message) == (outcome, sentence)


SETS_ITS_RATE = SGD.replace("padding):\n", "padding, eps=0.1):\n        self.eps = eps\n").replace(
    "grad_output, lr):", "grad_output):\n        lr = self.eps"
)
LATE_RATE = SETS_ITS_RATE.replace("lr = self.eps", "lr = getattr(self, 'eta2', 0.1)")
UNREACHED = (
    "grad_weight cannot be computed from the update, since the learning rate is not known: the interface "
)
MAKE = "Conv2d(out_channels, kernel_size, stride, padding"
RATES_ASTRAY = (
    (
        *(SETS_ITS_RATE.replace("grad_output):", "grad_output, momentum):"), {}),
        f"{UNREACHED}passes it as `momentum` of `backward`",
    ),
    (
        *(SETS_ITS_RATE, {}),
        f"{UNREACHED}passes it to none of `{MAKE})`, `layer.forward(x)`, `layer.backward(grad_output)`",
    ),
    (
        *(LATE_RATE, {"conv2d": {"learning_rate": "layer.speed"}}),
        f"{UNREACHED}sets it as `layer.speed`, which the code has not got, and passes it to none of "
        f"`{MAKE})`, `layer.forward(x)`, `layer.backward(grad_output)`",
    ),
)


@pytest.mark.parametrize(("source", "settings", "sentence"), RATES_ASTRAY)
def test_ask_learning_rate_that_never_reaches_the_code_is_not_the_students_fault(
    source, settings, sentence, ask_here
):
    answers = ask_here(source, "sgd_layers", settings)
    assert (str(answers["grad_weight"].outcome), answers["grad_weight"].message) == (
        "not_implemented",
        sentence,
    )
    assert answers["grad_x"].outcome is None


RATES_THAT_REACH = (
    (SETS_ITS_RATE, {"make": f"{MAKE}, learning_rate)"}),
    (SETS_ITS_RATE, {"make": [f"{MAKE})", f"{MAKE}, learning_rate)"]}),
    (SETS_ITS_RATE, {"make": [f"{MAKE})", f"{MAKE}, eps=learning_rate)"]}),
    (SETS_ITS_RATE, {"learning_rate": "layer.eps"}),
    (SETS_ITS_RATE.replace("self.eps", "self.lr"), {"learning_rate": "layer.learning_rate"}),
    (SETS_ITS_RATE, {"make": f"made = {MAKE}); layer = made", "learning_rate": "layer.eps"}),
    (
        SETS_ITS_RATE,
        {"make": f"conv = {MAKE})", "forward": "output = conv.forward(x)", "learning_rate": "conv.eps"},
    ),
    (SETS_ITS_RATE.replace("grad_output):", "grad_output, train=True):"), {"learning_rate": "layer.eps"}),
)


@pytest.mark.parametrize(("source", "conv2d"), RATES_THAT_REACH)
def test_ask_learning_rate_reaches_the_code(source, conv2d, ask_here):
    answers = ask_here(source, "sgd_layers", {"conv2d": conv2d})
    np.testing.assert_allclose(answers["grad_weight"].array, 1.0, rtol=1e-12)


def test_ask_list_of_calls_takes_the_first_that_fits(ask_here):
    make = [
        "Convolution(out_channels, kernel_size, stride, padding)",
        "Conv2d(out_channels, kernel_size, stride, padding)",
    ]
    answers = ask_here(SGD, "sgd_layers", {"conv2d": {"make": make}})
    assert answers["output"].outcome is None
    np.testing.assert_allclose(answers["grad_weight"].array, 1.0, rtol=1e-12)


def test_ask_spoiled_order_in_a_network_is_told_there_too(grade_api):
    source = (APIS / "sgd_network.py").read_text()
    update = "        self.weights = self.weights - lr * (self.x.T @ grad)\n"
    late = source.replace(update, "").replace("        dx = grad @", f"{update}        dx = grad @") + LOSS
    assert late != source + LOSS
    settings = {
        "layouts": {"linear_weight": "IO"},
        "conv2d": {"make": "ConvolutionLayer(out_channels, kernel_size, stride, padding)", **PLACES},
        "max_pool2d": {"make": "MaxPoolingLayer(kernel_size, stride)"},
        "linear": {"make": "FullyConnectedLayer(out_features)", **PLACES},
    }
    result = grade_api(late, "sgd_layers", settings, ("network.training",))
    told = {item.message.split(":")[0] for item in result.examples if item.criterion == "network.training"}
    assert told == {"grad_x differs between learning rates 1024 and 4096"}


def test_grade_names_that_are_graded_and_missing_are_warned_of_once(grade_api):
    source = "import torch\nimport os\nclass Rectifier:\n    zero = torch.pi\n"
    result = grade_api(
        source, "layers", {"relu": {"make": ["ReLU()", "Relu()"]}}, ("relu.forward", "linear.forward")
    )
    assert result.warnings[-2:] == (
        "torch may not be used in this assignment; the code is graded without it",
        "not defined in the submission: Linear, ReLU or Relu",
    )
