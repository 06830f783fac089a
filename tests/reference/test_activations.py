import numpy as np
import pytest
import torch

from cnn_reference.activations import Flatten, ReLU, relu_backward, relu_forward


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_relu_any_shape_equals_torch(dtype):
    rng = np.random.default_rng(0)
    x, grad_output = rng.normal(size=(2, 2, 3, 4, 5)).astype(dtype)
    x[0, 0, 0] = 0
    leaf = torch.tensor(x, requires_grad=True)
    expected = torch.relu(leaf)
    expected.backward(torch.tensor(grad_output))
    layer = ReLU()
    output = layer.forward(x)
    grad_x = layer.backward(grad_output)
    assert output.dtype == grad_x.dtype == dtype
    np.testing.assert_array_equal(output, expected.detach())
    np.testing.assert_array_equal(grad_x, leaf.grad)


def test_relu_forward_integers_give_float64():
    assert relu_forward(np.array([-1, 2])).dtype == np.float64


def test_relu_backward_wrong_shape_raises_value_error_with_sizes():
    with pytest.raises(ValueError, match=r"grad_output must have shape \(2, 3\), got \(3, 2\)"):
        relu_backward(np.zeros((3, 2)), np.zeros((2, 3)))


def test_flatten_images_become_rows_in_reading_order():
    layer, x = Flatten(), np.arange(24.0).reshape(2, 3, 2, 2)
    output = layer.forward(x)
    np.testing.assert_array_equal(output, np.arange(24).reshape(2, 12))
    np.testing.assert_array_equal(layer.backward(output), x)


def test_flatten_wrong_grad_output_raises_value_error_with_sizes():
    layer = Flatten()
    layer.forward(np.zeros((2, 3, 2, 2)))
    with pytest.raises(ValueError, match=r"grad_output must have shape \(2, 12\), got \(12, 2\)"):
        layer.backward(np.zeros((12, 2)))


def test_flatten_empty_batch_keeps_the_length_of_a_row():
    assert Flatten().forward(np.zeros((0, 3, 2, 2))).shape == (0, 12)
