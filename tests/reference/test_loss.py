import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_reference.loss import CrossEntropyLoss, cross_entropy_backward, cross_entropy_forward


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(1, 5), st.sampled_from([1, 50, 1e4]), st.integers(0, 2**32 - 1))
def test_cross_entropy_any_scale_equals_torch(N, classes, scale, seed):
    rng = np.random.default_rng(seed)
    logits, labels = scale * rng.normal(size=(N, classes)), rng.integers(0, classes, N)
    leaf = torch.tensor(logits, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(leaf, torch.tensor(labels))
    expected.backward()
    loss = CrossEntropyLoss()
    assert loss.forward(logits, labels) == pytest.approx(expected.item(), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(loss.backward(), leaf.grad, rtol=1e-9, atol=1e-14)


def test_cross_entropy_backward_equals_central_differences():
    rng, h = np.random.default_rng(0), 1e-5
    logits, labels = rng.normal(size=(3, 4)), np.array([0, 3, 1])
    gradient = cross_entropy_backward(logits, labels)
    for place in np.ndindex(logits.shape):
        step = np.zeros_like(logits)
        step[place] = h
        there, back = (cross_entropy_forward(logits + sign * step, labels) for sign in (1, -1))
        assert gradient[place] == pytest.approx((there - back) / (2 * h), abs=1e-9)


def test_cross_entropy_forward_huge_logits_stay_finite():
    assert cross_entropy_forward(np.array([[1e300, -1e300]]), np.array([0])) == 0.0


def test_cross_entropy_backward_float32_stays_float32():
    assert cross_entropy_backward(np.zeros((1, 2), np.float32), np.array([0])).dtype == np.float32


BAD = {
    "label too large": ([0, 3], "labels must be 0 to 2, got some from 0 to 3"),
    "negative label": ([-1, 1], "labels must be 0 to 2, got some from -1 to 1"),
    "one label": ([1], r"labels must have shape \(2,\), got \(1,\)"),
    "float labels": ([0.0, 1.0], "labels must be integers, got dtype float64"),
}


@pytest.mark.parametrize("function", [cross_entropy_forward, cross_entropy_backward])
@pytest.mark.parametrize(("labels", "message"), BAD.values(), ids=BAD)
def test_cross_entropy_bad_labels_raise_value_error(labels, message, function):
    with pytest.raises(ValueError, match=message):
        function(np.zeros((2, 3)), labels)


def test_cross_entropy_forward_empty_batch_raises_value_error():
    with pytest.raises(ValueError, match=r"empty batch .* \(0, 3\)"):
        cross_entropy_forward(np.zeros((0, 3)), np.zeros(0, int))


def test_cross_entropy_loss_backward_before_forward_raises():
    with pytest.raises(RuntimeError, match="call forward first"):
        CrossEntropyLoss().backward()
