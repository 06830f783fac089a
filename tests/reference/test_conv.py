"""The convolution against five oracles: loops, PyTorch, central differences, the adjoint, ONNX's examples."""

from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_reference import conv, loops

PAIR_OF_1_TO_4 = st.tuples(st.integers(1, 4), st.integers(1, 4))


@st.composite
def convolutions(draw):
    """Draw (x, weight, bias, grad_output, settings): any kernel, stride, padding and remainder that fit."""
    kernel, stride = draw(PAIR_OF_1_TO_4), draw(PAIR_OF_1_TO_4)
    padding = draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))
    output = draw(PAIR_OF_1_TO_4)
    size = []
    for k, s, p, n in zip(kernel, stride, padding, output, strict=True):
        fitting = s * (n - 1) + k - 2 * p
        size.append(max(1, fitting + draw(st.integers(0, s - 1))))
    N, C_in, C_out = draw(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x, weight = rng.normal(size=(N, C_in, *size)), rng.normal(size=(C_out, C_in, *kernel))
    how = {"stride": stride, "padding": padding}
    bias = rng.normal(size=C_out)
    grad_output = rng.normal(size=conv.conv2d_forward(x, weight, bias, **how).shape)
    return x, weight, bias, grad_output, how


def torch_conv2d(x, weight, bias, grad_output, how):
    """Return PyTorch's output and gradients."""
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, weight, bias)]
    output = torch.nn.functional.conv2d(*leaves, **how)
    output.backward(torch.tensor(grad_output))
    return output.detach().numpy(), *(leaf.grad.numpy() for leaf in leaves)


def our_conv2d(module, x, weight, bias, grad_output, how):
    """Return the output and gradients of `conv` or `loops`."""
    forward = module.conv2d_forward(x, weight, bias, **how)
    return forward, *module.conv2d_backward(grad_output, x, weight, **how)


@pytest.mark.parametrize("long_run", [1, 99], ids=["channels last", "channels first"])
@settings(deadline=None)
@given(convolutions())
def test_conv2d_any_walk_in_either_memory_order_equals_loops_and_torch(long_run, drawn):
    with patch.object(conv, "LONG_RUN", long_run):
        ours = our_conv2d(conv, *drawn)
    for theirs in (our_conv2d(loops, *drawn), torch_conv2d(*drawn)):
        for actual, expected in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-11)


@settings(deadline=None)
@given(convolutions())
def test_conv2d_float32_equals_torch_to_rounding_and_stays_float32(drawn):
    *arrays, how = drawn
    arrays = [array.astype(np.float32) for array in arrays]
    for actual, expected in zip(our_conv2d(conv, *arrays, how), torch_conv2d(*arrays, how), strict=True):
        assert actual.dtype == np.float32
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


@settings(deadline=None)
@given(convolutions())
def test_conv2d_backward_any_walk_is_adjoint_of_forward(drawn):
    """<output - bias, g> = <x, grad_x> = <weight, grad_weight>, since the output is linear in each."""
    x, weight, bias, g, how = drawn
    product = np.vdot(conv.conv2d_forward(x, weight, np.zeros_like(bias), **how), g)
    grad_x, grad_weight, _ = conv.conv2d_backward(g, x, weight, **how)
    assert np.vdot(x, grad_x) == pytest.approx(product, rel=1e-10, abs=1e-10)
    assert np.vdot(weight, grad_weight) == pytest.approx(product, rel=1e-10, abs=1e-10)


@settings(deadline=None)
@given(convolutions(), st.sampled_from([0, 1, 2]), st.data())
def test_conv2d_backward_any_entry_equals_central_difference(drawn, which, data):
    *arrays, grad_output, how = drawn
    gradient = conv.conv2d_backward(grad_output, *arrays[:2], **how)[which]
    place = tuple(data.draw(st.integers(0, n - 1)) for n in gradient.shape)
    h, losses = 1e-4, []
    for sign in (1, -1):
        moved = [array.copy() for array in arrays]
        moved[which][place] += sign * h
        losses.append(np.vdot(conv.conv2d_forward(*moved, **how), grad_output))
    assert gradient[place] == pytest.approx((losses[0] - losses[1]) / (2 * h), rel=1e-7, abs=1e-7)


BIG = [
    # N, C_in, size, C_out, kernel, stride, padding: more images, channels and pixels than one block holds.
    (2, 3, (150, 149), 8, (7, 7), 2, 3),
    (33, 1, (32, 32), 6, (5, 5), 1, 0),
    (5, 6, (14, 14), 16, (5, 5), 1, 0),
    (3, 40, (20, 21), 24, (3, 3), 1, 1),
    (3, 24, (20, 21), 40, (3, 3), (2, 1), (1, 0)),
    (2, 70, (12, 11), 30, (1, 1), 1, 0),
    (2, 70, (12, 11), 30, (1, 1), 2, 1),
    (2, 5, (9, 9), 7, (2, 2), 3, 2),
]


@pytest.mark.parametrize("shape", BIG, ids=str)
def test_conv2d_larger_than_a_block_equals_torch(shape):
    N, C_in, size, C_out, kernel, stride, padding = shape
    rng, how = np.random.default_rng(0), {"stride": stride, "padding": padding}
    x, weight = rng.normal(size=(N, C_in, *size)), rng.normal(size=(C_out, C_in, *kernel))
    bias = rng.normal(size=C_out)
    grad_output = rng.normal(size=conv.conv2d_forward(x, weight, bias, **how).shape)
    ours = our_conv2d(conv, x, weight, bias, grad_output, how)
    for actual, expected in zip(ours, torch_conv2d(x, weight, bias, grad_output, how), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-10)


# The expected numbers of onnx/backend/test/case/node/conv.py in github.com/onnx/onnx: an image that
# counts up from 0 in reading order, a 3x3 kernel of ones.
ONNX_CONV = {
    "padding 1": (
        (5, 5), 1, 1,
        [[12, 21, 27, 33, 24], [33, 54, 63, 72, 51], [63, 99, 108, 117, 81], [93, 144, 153, 162, 111],
         [72, 111, 117, 123, 84]],
    ),
    "no padding": ((5, 5), 1, 0, [[54, 63, 72], [99, 108, 117], [144, 153, 162]]),
    "stride 2, padding 1": (
        (7, 5), 2, 1, [[12, 27, 24], [63, 108, 81], [123, 198, 141], [112, 177, 124]],
    ),
    "stride 2": ((7, 5), 2, 0, [[54, 72], [144, 162], [234, 252]]),
    "stride 2, padding of the height": (
        (7, 5), 2, (1, 0), [[21, 33], [99, 117], [189, 207], [171, 183]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("module", [conv, loops])
@pytest.mark.parametrize("case", ONNX_CONV.values(), ids=ONNX_CONV)
def test_conv2d_forward_onnx_example_comes_out(case, module):
    size, stride, padding, expected = case
    x = np.arange(np.prod(size), dtype=float).reshape(1, 1, *size)
    output = module.conv2d_forward(x, np.ones((1, 1, 3, 3)), np.zeros(1), stride=stride, padding=padding)
    np.testing.assert_array_equal(output, [[expected]])


@pytest.mark.parametrize("module", [conv, loops])
def test_conv2d_backward_remainder_gets_zero_gradient(module):
    """5 pixels, kernel 2, stride 2: the fifth row and column are read by no window."""
    x, weight = np.ones((1, 1, 5, 5)), np.ones((1, 1, 2, 2))
    grad_x, _, _ = module.conv2d_backward(np.ones((1, 1, 2, 2)), x, weight, stride=2)
    np.testing.assert_array_equal(grad_x[0, 0], np.pad(np.ones((4, 4)), (0, 1)))


def test_conv2d_any_memory_layout_gives_the_same():
    rng = np.random.default_rng(0)
    x, weight, grad_output = (
        rng.normal(size=(2, 3, 6, 7)),
        rng.normal(size=(4, 3, 3, 2)),
        np.ones((2, 4, 3, 4)),
    )
    how = {"stride": 2, "padding": 1}
    expected = our_conv2d(conv, x, weight, np.zeros(4), grad_output, how)
    scattered = [np.asfortranarray(x), weight[::-1].copy()[::-1], np.zeros(8)[::2]]
    actual = our_conv2d(conv, *scattered, np.broadcast_to(1.0, grad_output.shape), how)
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-13, atol=1e-13)


def test_conv2d_arguments_are_left_as_they_were():
    rng = np.random.default_rng(0)
    arrays = rng.normal(size=(2, 3, 6, 7)), rng.normal(size=(4, 3, 1, 1)), rng.normal(size=4)
    grad_output = rng.normal(size=(2, 4, 6, 7))
    before = [array.copy() for array in (*arrays, grad_output)]
    results = our_conv2d(conv, *arrays, grad_output, {})
    for array, copy in zip((*arrays, grad_output), before, strict=True):
        np.testing.assert_array_equal(array, copy)
        assert not any(np.shares_memory(array, result) for result in results)


def test_conv2d_forward_integers_give_float64():
    output = conv.conv2d_forward(np.ones((1, 1, 3, 3), int), np.full((1, 1, 2, 2), 0.5), np.zeros(1, int))
    assert output.dtype == np.float64
    np.testing.assert_array_equal(output, np.full((1, 1, 2, 2), 2.0))


def test_conv2d_empty_batch_gives_empty_output_and_zero_gradients():
    x, weight = np.zeros((0, 2, 5, 5)), np.ones((3, 2, 3, 3))
    output = conv.conv2d_forward(x, weight, np.zeros(3), padding=1)
    grad_x, grad_weight, grad_bias = conv.conv2d_backward(output, x, weight, padding=1)
    assert (output.shape, grad_x.shape) == ((0, 3, 5, 5), (0, 2, 5, 5))
    assert not grad_weight.any()
    assert not grad_bias.any()


X, WEIGHT, BIAS = np.zeros((2, 3, 4, 6)), np.zeros((5, 3, 2, 2)), np.zeros(5)
BAD_FORWARD = {
    "kernel too large": (
        (X, np.zeros((5, 3, 5, 5)), BIAS, {}),
        r"kernel \(5, 5\) is larger than the padded input \(4, 6\)",
    ),
    "kernel too large though padded": (
        (X, np.zeros((5, 3, 1, 9)), BIAS, {"padding": 1}),
        r"kernel \(1, 9\) is larger than the padded input \(6, 8\)",
    ),
    "negative padding": ((X, WEIGHT, BIAS, {"padding": -1}), "padding must be at least 0, got -1"),
    "zero stride": ((X, WEIGHT, BIAS, {"stride": (1, 0)}), r"stride must be at least 1, got \(1, 0\)"),
    "fractional stride": ((X, WEIGHT, BIAS, {"stride": 1.5}), r"stride must be an integer or two .* got 1.5"),
    "boolean padding": (
        (X, WEIGHT, BIAS, {"padding": True}),
        "padding must be an integer or two .* got True",
    ),
    "three strides": ((X, WEIGHT, BIAS, {"stride": (1, 1, 1)}), r"stride .* got \(1, 1, 1\)"),
    "channels": (
        (X[:, :2], WEIGHT, BIAS, {}),
        r"x \(2, 2, 4, 6\) has 2 channels, weight \(5, 3, 2, 2\) takes 3",
    ),
    "one image": ((X[0], WEIGHT, BIAS, {}), r"x must have the axes \(N, C_in, H, W\), got shape \(3, 4, 6\)"),
    "flat weight": ((X, WEIGHT[0], BIAS, {}), r"weight must have the axes .* got shape \(3, 2, 2\)"),
    "bias": ((X, WEIGHT, BIAS[:4], {}), r"bias must have shape \(5,\), got \(4,\)"),
    "empty kernel": ((X, WEIGHT[:, :, :0], BIAS, {}), r"kernel_size must be at least 1, got \(0, 2\)"),
    "complex": ((X * 1j, WEIGHT, BIAS, {}), "arrays must hold real numbers, got dtype complex128"),
}


@pytest.mark.parametrize("module", [conv, loops])
@pytest.mark.parametrize(("arguments", "message"), BAD_FORWARD.values(), ids=BAD_FORWARD)
def test_conv2d_forward_bad_argument_raises_value_error_with_sizes(arguments, message, module):
    *arrays, how = arguments
    with pytest.raises(ValueError, match=message):
        module.conv2d_forward(*arrays, **how)


@pytest.mark.parametrize("module", [conv, loops])
def test_conv2d_backward_wrong_grad_output_raises_value_error_with_sizes(module):
    with pytest.raises(ValueError, match=r"grad_output must have shape \(2, 5, 3, 5\), got \(2, 5, 4, 6\)"):
        module.conv2d_backward(np.zeros((2, 5, 4, 6)), X, WEIGHT)


def test_conv2d_layer_forward_and_backward_are_the_functions():
    rng = np.random.default_rng(0)
    layer = conv.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=1, rng=rng)
    x = rng.normal(size=(2, 3, 6, 5))
    output = layer.forward(x)
    expected = our_conv2d(conv, x, layer.weight, layer.bias, output, {"stride": (2, 1), "padding": 1})
    np.testing.assert_array_equal(output, expected[0])
    np.testing.assert_array_equal(layer.backward(output), expected[1])
    np.testing.assert_array_equal(layer.grad_weight, expected[2])
    np.testing.assert_array_equal(layer.grad_bias, expected[3])


def test_conv2d_layer_backward_before_forward_raises():
    with pytest.raises(RuntimeError, match="call forward first"):
        conv.Conv2d(1, 1, 1).backward(np.zeros((1, 1, 1, 1)))


def test_conv2d_layer_first_weights_have_he_variance():
    """fan_in = 16 * 5 * 5 = 400, so the variance is 2 / 400; 25,600 draws give it to about 1 %."""
    layer = conv.Conv2d(16, 64, 5, rng=np.random.default_rng(0), dtype=np.float32)
    assert layer.weight.dtype == layer.bias.dtype == np.float32
    assert layer.weight.var() == pytest.approx(0.005, rel=0.04)
    assert layer.weight.mean() == pytest.approx(0, abs=0.002)
    assert not layer.bias.any()


def test_conv2d_layer_same_seed_gives_same_weights():
    first, second = (conv.Conv2d(2, 3, 3, rng=np.random.default_rng(7)).weight for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_conv2d_layer_bad_constructor_raises_value_error():
    with pytest.raises(ValueError, match="kernel_size must be at least 1, got 0"):
        conv.Conv2d(1, 1, 0)
