"""A whole network is trained in the same way as a network in PyTorch."""

import numpy as np
import pytest
import torch

from cnn_reference.activations import Flatten, ReLU
from cnn_reference.conv import Conv2d
from cnn_reference.linear import Linear
from cnn_reference.loss import CrossEntropyLoss
from cnn_reference.network import CNN
from cnn_reference.pooling import AvgPool2d, MaxPool2d


def networks():
    """Return our network and PyTorch's with the same weights, in float64."""
    rng = np.random.default_rng(0)
    ours = CNN([
        Conv2d(2, 4, 3, padding=1, rng=rng), ReLU(), MaxPool2d(3, stride=2, padding=1),
        Conv2d(4, 5, (3, 2), stride=(2, 1), rng=rng), ReLU(), AvgPool2d(2, stride=1),
        Flatten(), Linear(15, 3, rng=rng),
    ])  # fmt: skip
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(3, stride=2, padding=1),
        torch.nn.Conv2d(4, 5, (3, 2), stride=(2, 1)), torch.nn.ReLU(), torch.nn.AvgPool2d(2, stride=1),
        torch.nn.Flatten(), torch.nn.Linear(15, 3),
    ).double()  # fmt: skip
    for our, their in zip(ours.layers, theirs, strict=True):
        if hasattr(our, "weight"):
            their.weight.data = torch.tensor(our.weight)
            their.bias.data = torch.tensor(our.bias)
    return ours, theirs


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_cnn_twenty_steps_equal_torch(momentum):
    """Loss after each of 20 SGD steps and the final weights, in float64 to rounding."""
    ours, theirs = networks()
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.05, momentum=momentum)
    loss, rng = CrossEntropyLoss(), np.random.default_rng(1)
    for _ in range(20):
        x, labels = rng.normal(size=(6, 2, 9, 9)), rng.integers(0, 3, 6)
        expected = torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(labels))
        optimizer.zero_grad()
        expected.backward()
        optimizer.step()
        assert loss.forward(ours.forward(x), labels) == pytest.approx(expected.item(), rel=1e-10)
        ours.backward(loss.backward())
        ours.step(0.05, momentum=momentum)
    for our, their in zip(ours.layers, theirs, strict=True):
        if hasattr(our, "weight"):
            np.testing.assert_allclose(our.weight, their.weight.detach(), rtol=1e-9, atol=1e-11)
            np.testing.assert_allclose(our.bias, their.bias.detach(), rtol=1e-9, atol=1e-11)


def test_cnn_backward_returns_gradient_of_the_input():
    ours, theirs = networks()
    rng = np.random.default_rng(2)
    x, grad = rng.normal(size=(3, 2, 9, 9)), rng.normal(size=(3, 3))
    leaf = torch.tensor(x, requires_grad=True)
    theirs(leaf).backward(torch.tensor(grad))
    ours.forward(x)
    np.testing.assert_allclose(ours.backward(grad), leaf.grad, rtol=1e-10, atol=1e-12)


def test_cnn_step_leaves_the_arrays_it_was_given():
    """Weights are replaced, not changed in place, so nobody else's array moves with them."""
    layer = Linear(2, 1)
    given = layer.weight = np.ones((1, 2))
    layer.grad_weight = np.ones((1, 2))
    CNN([layer]).step(0.5)
    np.testing.assert_array_equal(given, [[1, 1]])
    np.testing.assert_array_equal(layer.weight, [[0.5, 0.5]])


def test_cnn_step_float32_weights_stay_float32():
    layer = Linear(2, 1, dtype=np.float32)
    CNN([layer]).step(0.1, momentum=0.9)
    assert layer.weight.dtype == np.float32
