"""The names that students write instead of the template's: one published table, plain data.

Both sides (Python >= 3.9). `docs/interfaces.md` prints it. Names are compared in lower case and without
underscores, so ``in_ch``, ``inCh`` and ``IN_CH`` are one entry.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

_IN_CHANNELS = """
    in_channels in_channel in_chans in_ch in_c c_in n_in num_in n_c_prev channels n_channels num_channels
    input_channels input_channel n_input_channels num_input_channels n_in_channels num_in_channels in_planes
    in_maps in_filters in_depth input_depth
"""
_OUT_CHANNELS = """
    out_channels out_channel out_chans out_ch out_c c_out n_out num_out n_c filters n_filters num_filters
    nb_filters no_filters nr_filters no_of_filters num_of_filters number_of_filters filter_count filter_num
    kernels n_kernels num_kernels no_of_kernels num_of_kernels output_channels output_channel
    n_output_channels num_output_channels n_out_channels num_out_channels out_planes out_maps out_filters
    out_depth output_depth
"""
_KERNEL_SIZE = """
    kernel_size ksize k_size ks kernel kernel_dim kernel_dims kernel_shape filter_size
    filter_dim filter_dims filter_dimension filter_shape fsize f_size window window_size window_shape
    pool pool_size pool_dim pool_shape pooling_size size f k
"""
_IN_FEATURES = """
    in_features in_feats in_feat in_f in_dim in_dims in_size in_units in_nodes in_neurons n_in num_in nin
    d_in fan_in input_features input_dim input_dims input_size input_units inputs n_inputs num_inputs
    n_input num_input n_features num_features
"""
_OUT_FEATURES = """
    out_features out_feats out_feat out_f out_dim out_dims out_size out_units out_nodes out_neurons n_out
    num_out nout d_out fan_out output_features output_dim output_dims output_size output_units outputs
    n_outputs num_outputs n_output num_output units n_units num_units neurons n_neurons num_neurons
"""
_WEIGHT = "weight weights w ws wt wts weight_matrix kernel kernels filter filters"
_BIAS = "bias biases b bs bias_vector offset offsets"
_FORWARD = """
    forward forward_pass forward_prop forward_propagate forward_propagation fprop fwd feed_forward __call__
"""
_BACKWARD = """
    backward backward_pass backward_prop backward_propagate backward_propagation backprop back_prop
    back_propagate back_propagation bprop bwd back
"""


def folded(name: str) -> str:
    """Return a name as the table compares it.

    Examples
    --------
    >>> folded("dL_dW"), folded("__call__")
    ('dldw', 'call')
    """
    return name.replace("_", "").lower()


def _names(text: str) -> frozenset[str]:
    return frozenset(map(folded, text.split()))


def _gradients(text: str) -> frozenset[str]:
    """Return the gradient's names for each name of an array."""
    before, after = (
        ("d", "g", "grad", "grads", "gradient", "gradients", "dLd", "dJd"),
        (*("grad", "grads", "gradient", "gradients"),),
    )
    own = _names(text)
    return frozenset(
        [
            *(folded(prefix) + name for prefix in before for name in own),
            *(name + suffix for suffix in after for name in own),
        ]
    )


PARAMETERS: Mapping[str, frozenset[str]] = {
    "in_channels": _names(_IN_CHANNELS),
    "out_channels": _names(_OUT_CHANNELS),
    "kernel_size": _names(_KERNEL_SIZE),
    "stride": _names("stride strides stride_size step s"),
    "padding": _names("padding paddings pad pads pad_size padding_size n_pad zero_pad zero_padding p"),
    "in_features": _names(_IN_FEATURES),
    "out_features": _names(_OUT_FEATURES),
    "learning_rate": _names("learning_rate learn_rate lrate l_rate rate lr alpha eta"),
}
"""Parameters of constructors and functions. No name stands for two of the same layer, so that a call by
keyword is right in any order."""

ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "weight": _names(_WEIGHT),
    "bias": _names(_BIAS),
    "grad_weight": _gradients(_WEIGHT),
    "grad_bias": _gradients(_BIAS),
    "learning_rate": PARAMETERS["learning_rate"],
}

METHODS: Mapping[str, frozenset[str]] = {
    "forward": _names(_FORWARD),
    "backward": _names(_BACKWARD),
    "step": _names("step update update_params update_parameters update_weights apply_gradients sgd_step"),
}
LOSS_METHODS: Mapping[str, frozenset[str]] = {
    "forward": METHODS["forward"] | _names("loss compute_loss calculate_loss calc_loss get_loss"),
    "backward": METHODS["backward"] | _names("gradient grad compute_gradient calculate_gradient"),
}
"""Methods of the loss, which has no output that another layer takes."""

CLASS_NAMES: Mapping[str, frozenset[str]] = {
    "Conv2d": _names(
        "conv2d conv convolution convolution2d convolutional conv_layer conv2d_layer convolution_layer"
        " convolutional_layer layer_conv2d layer_conv"
    ),
    "MaxPool2d": _names(
        "maxpool2d maxpool maxpooling maxpooling2d maxpool_layer maxpool2d_layer maxpooling_layer"
    ),
    "AvgPool2d": _names(
        "avgpool2d avgpool avgpooling avgpooling2d avgpool_layer averagepool averagepool2d averagepooling"
        " averagepooling2d meanpool meanpool2d meanpooling"
    ),
    "ReLU": _names("relu relu_layer relu_activation activation_relu rectified_linear_unit"),
    "Flatten": _names("flatten flatten_layer flattening flattening_layer"),
    "Linear": _names(
        "linear linear_layer dense dense_layer layer_dense fully_connected fully_connected_layer fc fc_layer"
        " affine affine_layer"
    ),
    "CrossEntropyLoss": _names(
        "cross_entropy_loss cross_entropy softmax_cross_entropy softmax_cross_entropy_loss"
        " softmax_with_cross_entropy softmax_loss softmax_with_loss ce_loss"
    ),
    "CNN": _names("cnn cnn_model convnet conv_net convolutional_neural_network neural_network network"),
}


def synonyms_of(name: str, names: Collection[str], table: Mapping[str, Collection[str]]) -> list[str]:
    """Return those of some names that stand for a name of the template.

    Examples
    --------
    >>> synonyms_of("padding", ["x", "pad", "zeroPadding"], PARAMETERS)
    ['pad', 'zeroPadding']
    """
    return [other for other in names if other != name and folded(other) in table.get(name, ())]


def classes_for(name: str, classes: Collection[str]) -> list[str]:
    """Return the classes that stand for one of the template's; only another spelling of it, if there is one.

    Examples
    --------
    >>> classes_for("Conv2d", ["Conv", "Dense"]), classes_for("Conv2d", ["Conv", "Conv2D"])
    (['Conv'], ['Conv2D'])
    """
    found = synonyms_of(name, classes, CLASS_NAMES)
    return [own for own in found if folded(own) == folded(name)] or found


def stands_for(name: str, other: str) -> bool:
    """Say whether the table has a name for one of the template's, of whatever sort.

    Examples
    --------
    >>> stands_for("weight", "W"), stands_for("weight", "b")
    (True, False)
    """
    tables = (PARAMETERS, ATTRIBUTES, METHODS, LOSS_METHODS, CLASS_NAMES)
    return any(folded(other) in table.get(name, ()) for table in tables)


def contradicts(name: str, parameter: str) -> bool:
    """Say whether a parameter's name stands for something else than the template's `name`."""
    if folded(parameter) in PARAMETERS.get(name, (name,)):
        return False
    return any(folded(parameter) in names for names in PARAMETERS.values())
