"""The convolution's mistakes that take as much work as a right layer, so that their time means something.

Trusted side; data. Whoever makes one of them earns the points for speed if the code is fast. What leaves out
products, channels, images or digits is not listed: zeros, single precision, one image of the batch. A test
compares with a right layer how many inputs each answer depends on, `make bench-mistakes` compares times.
"""

SAME_WORK = frozenset(
    {
        # Other factors, or a result in another order or scale.
        "flips_kernel_in_forward",
        "transposes_kernel_in_forward",
        "swaps_channels_in_forward",
        "orders_columns_differently",
        "reshapes_instead_of_transposing",
        "exchanges_output_axes",
        "does_not_flip_kernel_in_grad_x",
        "transposes_kernel_in_grad_x",
        "swaps_channels_in_grad_x",
        "updates_weight_before_grad_x",
        "averages_grad_x_over_batch",
        "negates_gradients",
        "orders_gradient_differently",
        "flips_grad_weight",
        "transposes_grad_weight",
        "swaps_channels_of_grad_weight",
        "orders_columns_of_grad_weight_differently",
        "averages_over_batch",
        "averages_over_positions",
        # Windows or borders that are as large or larger.
        "ignores_stride_in_forward",
        "ignores_stride_in_grad_x",
        "ignores_stride_in_grad_weight",
        "ignores_padding_in_grad_x",
        "does_not_dilate_in_grad_weight",
        "pads_twice",
        "pads_too_far_before",
        "pads_with_edge_values",
        "makes_output_as_large_as_input",
        "returns_padded_grad_x",
        "crops_one_end_only",
        "views_gradient_with_wrong_border",
        # The bias and its gradient take next to no time.
        "forgets_bias",
        "adds_bias_along_wrong_axis",
        "adds_bias_several_times",
        "shapes_grad_bias_differently",
        "sums_bias_over_wrong_axes",
        "gives_bias_gradient_per_position",
    }
)
"""Names of catalogued mistakes."""
