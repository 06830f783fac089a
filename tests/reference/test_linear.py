import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_reference.linear import Linear, linear_backward, linear_forward


@settings(deadline=None)
@given(
    st.tuples(*[st.integers(1, 5)] * 3), st.integers(0, 2**32 - 1), st.sampled_from([np.float32, np.float64])
)
def test_linear_any_size_equals_torch(sizes, seed, dtype):
    N, C_in, C_out = sizes
    rng = np.random.default_rng(seed)
    shapes = (N, C_in), (C_out, C_in), (C_out,), (N, C_out)
    *arrays, grad_output = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    leaves = [torch.tensor(array, requires_grad=True) for array in arrays]
    expected = torch.nn.functional.linear(*leaves)
    expected.backward(torch.tensor(grad_output))
    ours = linear_forward(*arrays), *linear_backward(grad_output, *arrays[:2])
    for actual, theirs in zip(ours, (expected.detach(), *(leaf.grad for leaf in leaves)), strict=True):
        assert actual.dtype == dtype
        np.testing.assert_allclose(actual, theirs, rtol=1e-5, atol=1e-5)


BAD = {
    "features": (
        (np.zeros((2, 3)), np.zeros((5, 4)), np.zeros(5)),
        r"x \(2, 3\) has 3 features, weight \(5, 4\) takes 4",
    ),
    "bias": ((np.zeros((2, 3)), np.zeros((5, 3)), np.zeros(3)), r"bias must have shape \(5,\), got \(3,\)"),
    "images": (
        (np.zeros((2, 3, 4, 4)), np.zeros((5, 3)), np.zeros(5)),
        r"x must have the axes \(N, in_features\)",
    ),
}


@pytest.mark.parametrize(("arrays", "message"), BAD.values(), ids=BAD)
def test_linear_forward_bad_shape_raises_value_error_with_sizes(arrays, message):
    with pytest.raises(ValueError, match=message):
        linear_forward(*arrays)


def test_linear_backward_wrong_grad_output_raises_value_error_with_sizes():
    with pytest.raises(ValueError, match=r"grad_output must have shape \(2, 5\), got \(5, 2\)"):
        linear_backward(np.zeros((5, 2)), np.zeros((2, 3)), np.zeros((5, 3)))


def test_linear_layer_sets_gradients_and_returns_grad_x():
    layer = Linear(3, 2, rng=np.random.default_rng(0))
    x, grad_output = np.arange(12.0).reshape(4, 3), np.ones((4, 2))
    layer.forward(x)
    np.testing.assert_array_equal(layer.backward(grad_output), grad_output @ layer.weight)
    np.testing.assert_array_equal(layer.grad_weight, [x.sum(axis=0)] * 2)
    np.testing.assert_array_equal(layer.grad_bias, [4, 4])
