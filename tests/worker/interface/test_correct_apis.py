"""Correct implementations in many shapes get every point of what their interface can express."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.assignment.interface import load_interface
from grader.cases import LAYERS
from grader.intake.source import Program
from grader.sandbox import Client, Limits

APIS_FOLDER = Path(__file__).parents[2] / "fixtures" / "apis"
LOSS = (APIS_FOLDER / "cross_entropy_loss.py").read_text()
CONV = ("conv2d.forward", "conv2d.grad_x", "conv2d.grad_weight", "conv2d.grad_bias")
LINEAR = ("linear.forward", "linear.grad_x", "linear.grad_weight", "linear.grad_bias")
WITHOUT_LOSS = (
    *(*CONV, "max_pool2d.forward", "max_pool2d.grad_x"),
    *("relu.forward", "relu.grad_x", *LINEAR),
)
ALL = (*WITHOUT_LOSS, "cross_entropy.loss", "cross_entropy.grad_logits", "network.training")

SGD_NETWORK = {
    "layouts": {"linear_weight": "IO"},
    "conv2d": {
        "make": "ConvolutionLayer(out_channels, kernel_size, stride, padding)",
        "weight": "layer.weights",
        "bias": "layer.biases",
    },
    "max_pool2d": {"make": "MaxPoolingLayer(kernel_size, stride)"},
    "linear": {
        "make": "FullyConnectedLayer(out_features)",
        "weight": "layer.weights",
        "bias": "layer.biases",
    },
}
CHANNELS_LAST = {
    "layouts": {"x": "NHWC", "weight": "HWIO", "bias": "111O"},
    "conv2d": {
        "make": "Conv({'filters': out_channels, 'kernel': kernel_size, 'stride': stride, 'pad': padding},"
        " learning_rate)",
        "forward": "output = layer.forward_prop(x)",
        "backward": "grad_x = layer.back_prop(grad_output)",
        "weight": "layer.params['W']",
        "bias": "layer.params['b']",
    },
}
ONE_IMAGE = {
    "layouts": {"x": "CHW", "weight": "OHWI", "bias": "O11"},
    "conv2d": {
        "make": "Conv2D(x.shape, out_channels, kernel_size, stride, pad=padding)",
        "forward": "layer.forward(x); output = layer.output",
        "backward": "grad_x = layer.backward(grad_output)",
        "update": "layer.learn(learning_rate)",
        "weight": "layer.kernels",
        "bias": "layer.offsets",
    },
}
PLANE = {
    "layouts": {"x": "HW", "output": "HWC", "weight": "OHW"},
    "conv2d": {
        "make": "Conv(out_channels, kernel_size, stride, padding)",
        "backward": "grad_x = layer.backward(grad_output)",
        "weight": "layer.filters",
        "learning_rate": "layer.rate",
    },
}
BIAS_MAP = {
    "layouts": {"bias": "OHW"},
    "conv2d": {
        "make": "Convolution(kernel_height, kernel_width, stride, out_channels, padding)",
        "forward": "layer.forward(x); output = layer.out",
        "backward": "grad_x, new_weight, new_bias = layer.backward(grad_output, learning_rate)",
        "weight": "layer.W",
        "bias": "layer.b",
    },
}
RENAMED = {
    "layouts": {"bias": "1O11"},
    "conv2d": {
        "make": "Conv(in_channels, out_channels, kernel_size, pad=padding, step=stride)",
        "forward": "output = layer.fprop(x)",
        "backward": "grad_x = layer.bprop(grad_output)",
        "weight": "layer.theta['w']",
        "bias": "layer.theta['b']",
        "grad_weight": "layer.grads['w']",
        "grad_bias": "layer.grads['b']",
    },
}
RETURNING_DICT = {
    "pairs": False,
    "conv2d": {
        "make": "ConvLayer(stride, padding)",
        "forward": "output = layer.forward(weight, bias, x)",
        "backward": "grads = layer.backward(grad_output); grad_x = grads['dx']; "
        "grad_weight = grads['dW']; grad_bias = grads['db']",
        "weight": "",
        "bias": "",
    },
}
OTHER_ORDER = {
    "pairs": False,
    "layouts": {"x": "NHWC", "weight": "OHWI"},
    "conv2d": {
        "forward": "output, cache = conv_fwd(x, weight, bias, (stride, padding))",
        "backward": "grad_weight, grad_bias, grad_x = conv_bwd(cache, grad_output)",
    },
}
FEATURES_FIRST = {
    "layouts": {"linear_x": "IN", "linear_bias": "O1"},
    "linear": {
        "forward": "output, cache = dense_forward(x, weight, bias)",
        "backward": "grad_x, grad_weight, grad_bias = dense_backward(grad_output, cache)",
    },
}
APIS: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "template_complete.py": ("layers", {}, ALL),
    "layers_renamed.py": ("layers", RENAMED, CONV),
    "layers_returning_dict.py": ("layers", RETURNING_DICT, CONV),
    "functions_other_order.py": ("functions", OTHER_ORDER, CONV),
    "features_first.py": ("functions", FEATURES_FIRST, LINEAR),
    "cs231n_loops.py": ("cs231n", {}, ALL),
    "sgd_network.py": ("sgd_layers", SGD_NETWORK, WITHOUT_LOSS),
    "sgd_channels_last.py": ("sgd_layers", CHANNELS_LAST, CONV),
    "sgd_one_image.py": ("sgd_layers", ONE_IMAGE, CONV),
    "sgd_plane.py": ("sgd_layers", PLANE, CONV),
    "sgd_bias_map.py": ("sgd_layers", BIAS_MAP, CONV),
}


@pytest.mark.parametrize("file", APIS)
def test_grade_correct_implementation_gets_full_points(file, grade_api):
    interface, settings, criteria = APIS[file]
    result = grade_api(file, interface, settings, criteria)
    wrong = [item for item in result.items if item.criterion in criteria and item.outcome != "passed"]
    assert wrong == []
    assert (result.points, result.status) == (10.0 * len(criteria), "graded")
    assert {criterion.name for criterion in result.criteria} == {*criteria}


def test_grade_training_of_updating_layers_gets_full_points(grade_api):
    """The layers are chained by the grader, which reads their gradients and trains by itself."""
    source = (APIS_FOLDER / "sgd_network.py").read_text() + LOSS
    assert grade_api(source, "sgd_layers", SGD_NETWORK, ("network.training",)).points == 10


MEASURED = [
    file
    for file, (interface, settings, criteria) in APIS.items()
    # A bias for each output position is made for the size of one image, which is not the measured one's.
    if criteria[0] == CONV[0] and interface != "cs231n" and settings is not BIAS_MAP
]
SQUARE = {"in_channels": 3, "out_channels": 2, "kernel_size": (2, 2), "stride": (2, 2), "padding": (1, 1)}


@pytest.mark.parametrize("file", MEASURED)
def test_time_and_count_answer_as_run_does(file, backend):
    """Also where a layer makes its parameters from the shape of x, by its constructor or its first call."""
    interface, settings, _ = APIS[file]
    rng, params, parts = np.random.default_rng(0), dict(SQUARE), LAYERS["conv2d"].parts
    params["in_channels"] = 1 if settings.get("layouts", {}).get("x") == "HW" else 3
    arrays = {name: rng.standard_normal(shape) for name, shape in shapes(params).items()}
    text = load_interface(interface, settings=settings).source
    program = Program("cnn.py", {"cnn.py": (APIS_FOLDER / file).read_text()}, ("cnn.py",), ())
    with Client(program, text, settings, ("numpy",), Limits(), backend) as client:
        right = client.run("conv2d", params, arrays, parts=parts).answers
        for measured in (client.time, client.count):
            answers = measured("conv2d", params, arrays, parts=parts).answers
            for part in parts:
                assert answers[part].outcome is None, answers[part].message
                np.testing.assert_array_equal(answers[part].array, right[part].array)


def shapes(params):
    """Return the shapes of a convolution's arrays, over 2 images of 6 x 6 pixels."""
    channels, filters = params["in_channels"], params["out_channels"]
    return {
        "x": (2, channels, 6, 6),
        "weight": (filters, channels, 2, 2),
        "bias": (filters,),
        "grad_output": (2, filters, 4, 4),
    }
