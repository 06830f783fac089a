"""The poolings against loops, PyTorch and ONNX's examples."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_reference import loops, pooling

TORCH = {"max": torch.nn.functional.max_pool2d, "avg": torch.nn.functional.avg_pool2d}


def functions(module, kind):
    return getattr(module, f"{kind}_pool2d_forward"), getattr(module, f"{kind}_pool2d_backward")


@st.composite
def poolings(draw):
    """Draw (x, grad_output, settings); x holds few values, so that windows have ties."""
    axes = []
    for _ in range(2):
        kernel = draw(st.integers(1, 4))
        padding, stride = draw(st.integers(0, kernel // 2)), draw(st.integers(1, 5))
        size = draw(st.integers(max(1, kernel - 2 * padding), 9))
        axes.append((size, kernel, stride, padding, (size + 2 * padding - kernel) // stride + 1))
    size, kernel, stride, padding, output = zip(*axes, strict=True)
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.integers(-3, 3, (*shape, *size)).astype(draw(st.sampled_from([np.float32, np.float64])))
    grad_output = rng.normal(size=(*shape, *output)).astype(x.dtype)
    return x, grad_output, {"kernel_size": kernel, "stride": stride, "padding": padding}


@pytest.mark.parametrize("kind", ["max", "avg"])
@settings(deadline=None)
@given(poolings())
def test_pool2d_any_walk_equals_loops_and_torch(kind, drawn):
    x, grad_output, how = drawn
    leaf = torch.tensor(x, requires_grad=True)
    expected = TORCH[kind](leaf, **how)
    expected.backward(torch.tensor(grad_output))
    for module in (pooling, loops):
        forward, backward = functions(module, kind)
        output, grad_x = forward(x, **how), backward(grad_output, x, **how)
        assert output.dtype == grad_x.dtype == x.dtype
        np.testing.assert_allclose(output, expected.detach(), rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(grad_x, leaf.grad, rtol=1e-5, atol=1e-5)


@settings(deadline=None)
@given(poolings())
def test_avg_pool2d_any_walk_is_adjoint(drawn):
    x, grad_output, how = drawn[0].astype(float), drawn[1].astype(float), drawn[2]
    product = np.vdot(pooling.avg_pool2d_forward(x, **how), grad_output)
    grad_x = pooling.avg_pool2d_backward(grad_output, x, **how)
    assert np.vdot(x, grad_x) == pytest.approx(product, rel=1e-10, abs=1e-10)


# Expected numbers of onnx/backend/test/case/node/maxpool.py and averagepool.py in github.com/onnx/onnx; the
# image is 1 to 25 in reading order. The last is their SAME_UPPER, which here pads 1 on each side.
ONNX = {
    "max padded": ("max", 5, 1, 2, [[13, 14, 15, 15, 15], [18, 19, 20, 20, 20], *3 * [[23, 24, 25, 25, 25]]]),
    "max strided": ("max", 2, 2, 0, [[7, 9], [17, 19]]),
    "max same upper": ("max", 3, 2, 1, [[7, 9, 10], [17, 19, 20], [22, 24, 25]]),
    "avg strided": ("avg", 2, 2, 0, [[4, 6], [14, 16]]),
    "avg padded, count_include_pad": (
        "avg", 5, 1, 2,
        [[2.52, 3.6, 4.8, 4.08, 3.24], [4.56, 6.4, 8.4, 7.04, 5.52], [7.2, 10, 13, 10.8, 8.4],
         [6.96, 9.6, 12.4, 10.24, 7.92], [6.12, 8.4, 10.8, 8.88, 6.84]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("module", [pooling, loops])
@pytest.mark.parametrize("case", ONNX.values(), ids=ONNX)
def test_pool2d_forward_onnx_example_comes_out(case, module):
    kind, kernel_size, stride, padding, expected = case
    x = np.arange(1.0, 26.0).reshape(1, 1, 5, 5)
    output = functions(module, kind)[0](x, kernel_size=kernel_size, stride=stride, padding=padding)
    np.testing.assert_allclose(output, [[expected]], rtol=1e-12)


@pytest.mark.parametrize("module", [pooling, loops])
def test_max_pool2d_backward_tie_goes_to_the_first_in_reading_order(module):
    x = np.array([[[[0.0, 7.0], [7.0, 7.0]]]])
    grad_x = module.max_pool2d_backward(np.full((1, 1, 1, 1), 5.0), x, kernel_size=2)
    np.testing.assert_array_equal(grad_x, [[[[0, 5], [0, 0]]]])


@pytest.mark.parametrize("module", [pooling, loops])
def test_max_pool2d_backward_overlapping_windows_add_up(module):
    x = np.array([[[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]]])
    grad_x = module.max_pool2d_backward(np.ones((1, 1, 2, 2)), x, kernel_size=2, stride=1)
    np.testing.assert_array_equal(grad_x[0, 0], [[0, 0, 0], [0, 4, 0], [0, 0, 0]])


@pytest.mark.parametrize("module", [pooling, loops])
def test_max_pool2d_backward_nan_gets_the_gradient(module):
    x = np.array([[[[9.0, np.nan], [1.0, 2.0]]]])
    grad_x = module.max_pool2d_backward(np.full((1, 1, 1, 1), 5.0), x, kernel_size=2)
    np.testing.assert_array_equal(grad_x, [[[[0, 5], [0, 0]]]])


def test_max_pool2d_backward_minus_infinity_beside_the_border_keeps_its_gradient():
    x = np.full((1, 1, 2, 2), -np.inf)
    grad_x = pooling.max_pool2d_backward(np.ones((1, 1, 2, 2)), x, kernel_size=2, stride=2, padding=1)
    np.testing.assert_array_equal(grad_x, np.ones((1, 1, 2, 2)))


def test_max_pool2d_forward_negative_images_ignore_the_border():
    output = pooling.max_pool2d_forward(np.full((1, 1, 2, 2), -3.0), kernel_size=2, stride=2, padding=1)
    np.testing.assert_array_equal(output, np.full((1, 1, 2, 2), -3.0))


BAD = {
    "kernel too large": ({"kernel_size": 5}, r"kernel \(5, 5\) is larger than the padded input \(4, 6\)"),
    "padding over half": (
        {"kernel_size": 3, "padding": (2, 1)},
        r"padding \(2, 1\) is more than half of the kernel \(3, 3\)",
    ),
    "zero stride": ({"kernel_size": 2, "stride": 0}, "stride must be at least 1, got 0"),
    "negative padding": ({"kernel_size": 2, "padding": -1}, "padding must be at least 0, got -1"),
    "fractional kernel": ({"kernel_size": 2.0}, "kernel_size must be an integer"),
}


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("module", [pooling, loops])
@pytest.mark.parametrize(("how", "message"), BAD.values(), ids=BAD)
def test_pool2d_forward_bad_argument_raises_value_error_with_sizes(how, message, module, kind):
    with pytest.raises(ValueError, match=message):
        functions(module, kind)[0](np.zeros((2, 3, 4, 6)), **how)


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("module", [pooling, loops])
def test_pool2d_backward_wrong_grad_output_raises_value_error_with_sizes(module, kind):
    with pytest.raises(ValueError, match=r"grad_output must have shape \(2, 3, 2, 3\), got \(2, 3, 4, 6\)"):
        functions(module, kind)[1](np.zeros((2, 3, 4, 6)), np.zeros((2, 3, 4, 6)), kernel_size=2)


@pytest.mark.parametrize("kind", ["max", "avg"])
def test_pool2d_layer_forward_and_backward_are_the_functions(kind):
    layer = {"max": pooling.MaxPool2d, "avg": pooling.AvgPool2d}[kind](3, stride=2, padding=1)
    x = np.random.default_rng(0).normal(size=(2, 3, 6, 5))
    forward, backward = functions(pooling, kind)
    how = {"kernel_size": 3, "stride": 2, "padding": 1}
    output = layer.forward(x)
    np.testing.assert_array_equal(output, forward(x, **how))
    np.testing.assert_array_equal(layer.backward(output), backward(output, x, **how))


@pytest.mark.parametrize("layer", [pooling.MaxPool2d, pooling.AvgPool2d])
def test_pool2d_layer_without_stride_puts_windows_side_by_side(layer):
    assert layer((2, 3)).forward(np.zeros((1, 1, 6, 6))).shape == (1, 1, 3, 2)
