"""What an assignment may set is checked before grading; every message names the key and what is allowed."""

import pytest

from grader.assignment.interface import load_interface, names_in_use, shipped_interfaces
from grader.cases import Case
from grader.errors import AssignmentError
from grader.worker.interface.interface_settings import SettingsError, settled
from grader.worker.load_interface import open_interface

PROBLEMS = (
    (
        {"conv2D": {}},
        "interface_settings.conv2D: unknown key; did you mean 'conv2d'? allowed are pairs, layouts,",
    ),
    (
        {"conv2d": {"foward": "f(x)"}},
        "interface_settings.conv2d.foward: unknown key; did you mean 'forward'?",
    ),
    ({"conv2d": "Conv"}, "interface_settings.conv2d: must be a table, not 'Conv'"),
    ({"conv2d": {"make": 3}}, "interface_settings.conv2d.make: must be a call or a list of calls"),
    (
        {"conv2d": {"make": "Conv(filters)"}},
        "interface_settings.conv2d.make: unknown name 'filters'; allowed are bias, in_channels,",
    ),
    ({"conv2d": {"make": "Conv("}}, "interface_settings.conv2d.make: 'Conv(' is not a Python statement: "),
    (
        {"conv2d": {"make": "Conv([f for f in x])"}},
        "interface_settings.conv2d.make: 'Conv([f for f in x])': only calls, names, attributes, items,",
    ),
    (
        {"conv2d": {"forward": "layer.y = f(x)"}},
        "interface_settings.conv2d.forward: 'layer.y = f(x)': on the left of =",
    ),
    (
        {"conv2d": {"forward": "out = layer.forward(x)"}},
        "interface_settings.conv2d.forward: does not set output; write 'output = ...'",
    ),
    (
        {"conv2d": {"make": "made = Conv(in_channels); made.build(out_channels)"}},
        "interface_settings.conv2d.make: no statement says what the layer is; end with 'layer = ...'",
    ),
    (
        {"conv2d": {"make": ["Conv()", "made, cache = Conv()"]}},
        "interface_settings.conv2d.make: no statement says what the layer is; end with 'layer = ...'",
    ),
    ({"pairs": "no"}, "interface_settings.pairs: must be true or false, not 'no'"),
    (
        {"relu": {"backward": "grad_x = f(learning_rate)"}},
        "interface_settings.relu.backward: unknown name 'learning_rate'; allowed are grad_output, layer,",
    ),
    ({"layouts": {"x": "NCWW"}}, "interface_settings.layouts.x: must be N, C, H and W in any order, such as"),
    (
        {"layouts": {"weight": "IHW"}},
        "interface_settings.layouts.weight: must be O, I, H and W in any order,",
    ),
    ({"layouts": {"bias": "own "}}, "interface_settings.layouts.bias: must be O and as many 1 as there are,"),
    ({"layouts": {"y": "NHWC"}}, "interface_settings.layouts.y: unknown key; allowed are x, output, weight,"),
)


@pytest.mark.parametrize(("settings", "message"), PROBLEMS)
def test_load_interface_bad_setting_is_named(settings, message):
    with pytest.raises(AssignmentError) as caught:
        load_interface("layers", settings=settings)
    assert message in str(caught.value)


def test_load_interface_several_bad_settings_are_all_named():
    with pytest.raises(AssignmentError) as caught:
        load_interface("cs231n", settings={"pairs": 1, "layouts": {"x": 2}, "pool": {}})
    assert str(caught.value).count("interface_settings.") == 3


def test_load_interface_settings_change_the_names_that_are_needed():
    make = {"make": ["Convolution(out_channels)", "ConvLayer(out_channels)"]}
    assert load_interface("layers", settings={"conv2d": make}).needs["conv2d"] == ("ConvLayer", "Convolution")


def test_settled_unusable_settings_raise_without_running_anything():
    defaults = {"relu": {"forward": "output = f(x)", "backward": ""}}
    with pytest.raises(SettingsError, match="only calls"):
        settled(defaults, {"relu": {"forward": "output = (lambda: f(x))()"}})


@pytest.mark.parametrize("name", shipped_interfaces())
def test_load_interface_shipped_is_under_eighty_lines_and_has_a_convolution(name):
    interface = load_interface(name)
    assert len(interface.source.splitlines()) < 80
    assert interface.needs["conv2d"]


def test_missing_joins_alternatives_and_leaves_out_what_is_there():
    class Student:
        Conv = Linear = CNN = CrossEntropyLoss = Flatten = None

    opened = open_interface(
        load_interface("layers").source,
        {"conv2d": {"make": ["Conv()", "Convolution()"]}, "relu": {"make": ["Relu()", "ReLU()"]}},
    )
    assert opened.missing(Student) == ["AvgPool2d", "MaxPool2d", "Relu or ReLU"]


NAMES = ("Conv2d", "ReLU", "conv2d_forward")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (b"class Conv2d: pass\nclass Convolution: pass", {"Conv2d", "ReLU", "conv2d_forward"}),
        (b"class Conv_Layer(Layer): pass\nclass Relu: pass", {"Conv_Layer", "Relu", "conv2d_forward"}),
        (b'"class Conv:\\n", "class  Convolution:"', {"Conv", "Convolution", "ReLU", "conv2d_forward"}),
        (b"class Conv: pass\nclass Conv2D(Conv): pass", {"Conv2D", "ReLU", "conv2d_forward"}),
        (b"class Convolver: pass", {"Conv2d", "ReLU", "conv2d_forward"}),
    ],
)
def test_names_in_use_are_the_templates_or_the_classes_that_stand_for_them(source, names):
    assert names_in_use(NAMES, [b"x = 1", source]) == names


def conv(**params: object) -> Case:
    plain = {"in_channels": 3, "out_channels": 4, "kernel_size": 3, "stride": 1, "padding": 0}
    sizes = {"N": 2, "C_in": 3, "C_out": 4, "H": 5, "W": 6}
    return Case("k", "conv2d", {**plain, **params}, sizes, "")


EXPRESSED = (
    ("layers", {}, conv(stride=(1, 2)), True),
    ("cs231n", {}, conv(stride=2, padding=1, kernel_size=(2, 3)), True),
    ("cs231n", {}, conv(stride=(2, 2)), True),
    ("cs231n", {}, conv(stride=(1, 2)), False),
    ("cs231n", {}, conv(padding=(1, 0)), False),
    ("cs231n", {"pairs": True}, conv(padding=(1, 0)), True),
    ("sgd_layers", {}, conv(kernel_size=(2, 3)), False),
    ("sgd_layers", {"conv2d": {"make": "C(kernel_height, kernel_width)"}}, conv(kernel_size=(2, 3)), True),
    ("sgd_layers", {"conv2d": {"make": "C(out_channels, kernel_size)"}}, conv(), True),
    ("sgd_layers", {"conv2d": {"make": "C(out_channels, kernel_size)"}}, conv(stride=2), False),
    ("sgd_layers", {"conv2d": {"make": "C(out_channels, kernel_size)"}}, conv(padding=1), False),
    ("sgd_layers", {"layouts": {"x": "HW", "output": "CHW"}}, conv(), False),
    ("sgd_layers", {"layouts": {"x": "HW", "output": "CHW"}}, conv(in_channels=1), True),
    ("sgd_layers", {"layouts": {"x": "HW"}}, conv(in_channels=1), False),
    ("cs231n", {}, Case("p", "max_pool2d", {"kernel_size": 2, "stride": 2}, {"C": 3}, ""), True),
    ("cs231n", {}, Case("p", "max_pool2d", {"kernel_size": 2, "padding": 1}, {"C": 3}, ""), False),
    ("cs231n", {}, Case("p", "max_pool2d", {"kernel_size": (2, 3)}, {"C": 3}, ""), True),
    ("cs231n", {}, Case("p", "max_pool2d", {"kernel_size": 3, "stride": (1, 2)}, {"C": 3}, ""), False),
)


@pytest.mark.parametrize(("name", "settings", "case", "expected"), EXPRESSED)
def test_expressed_case_is_asked_only_if_the_calls_have_words_for_it(name, settings, case, expected):
    assert load_interface(name, settings=settings).expressed([case]) == ((case,) if expected else ())


def test_expressed_network_of_layers_needs_the_network_to_flatten_as_we_do():
    layers = (("flatten", {}), ("linear", {"in_features": 2, "out_features": 2}))
    case = Case("net", "network", {"layers": layers, "lr": 0.1, "steps": 2}, {}, "")
    assert load_interface("layers").expressed([case]) == (case,)
    assert load_interface("layers", settings={"layouts": {"x": "NHWC"}}).expressed([case]) == ()
    assert load_interface("functions", settings={"layouts": {"x": "NHWC"}}).expressed([case]) == (case,)
