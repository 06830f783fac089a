"""Correct implementations in many shapes get every point of what their interface can express."""

from pathlib import Path
from typing import Any

import pytest

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
