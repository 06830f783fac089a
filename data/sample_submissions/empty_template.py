"""A convolutional network in NumPy: your part of the work.

Write the bodies that raise NotImplementedError. Keep the names and arguments: they are what the
checks call. Layouts are PyTorch's (NCHW), arrays are float64 unless you are given float32, and no
method may change the arrays that it is given.

Test yourself as often as you like, in this folder:

    pytest                      every public case
    pytest -k "conv2d and k3x3" some of them
    grader check cnn.py         the same, with points and hints
"""

import numpy as np  # noqa: F401


class Conv2d:
    """2-D cross-correlation (the kernel is not flipped) of x with `weight`, plus `bias`.

    Parameters
    ----------
    in_channels, out_channels : int
        C_in and C_out.
    kernel_size, stride, padding : int or (height, width)
        One int means the same for both axes. Padding is with zeros, on all four sides.

    Attributes
    ----------
    weight, grad_weight : arrays of shape (C_out, C_in, K_h, K_w)
    bias, grad_bias : arrays of shape (C_out,)

    Arguments that make no sense must raise a ValueError, not return garbage: a kernel larger than the
    padded input, an x whose channels are not C_in, a stride below 1, a negative padding.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        # Set self.weight and self.bias: small random numbers and zeros. The checks replace them.
        raise NotImplementedError("Conv2d.__init__")

    def forward(self, x):
        """Return the output, (N, C_out, H_out, W_out), for x of shape (N, C_in, H, W).

        H_out = (H + 2 * padding - K_h) // stride + 1, per axis. Where the division leaves a
        remainder, the last rows or columns are never read: that is no error.
        """
        raise NotImplementedError("Conv2d.forward")

    def backward(self, grad_output):
        """Return grad_x, the loss's gradient for the newest x that forward was given.

        grad_output has the output's shape. Also sets grad_weight and grad_bias, which sum over the
        batch (no mean) and start anew at each call.
        """
        raise NotImplementedError("Conv2d.backward")


class MaxPool2d:
    """The maximum of each window. Padding is with minus infinity: it never wins.

    Parameters
    ----------
    kernel_size, stride, padding : int or (height, width)
        The stride is the kernel size where it is not given.
    """

    def __init__(self, kernel_size, stride=None, padding=0):
        raise NotImplementedError("MaxPool2d.__init__")

    def forward(self, x):
        """Return the maxima, (N, C, H_out, W_out), for x of shape (N, C, H, W)."""
        raise NotImplementedError("MaxPool2d.forward")

    def backward(self, grad_output):
        """Return grad_x. Of equal maxima the first of the window, row by row, gets the gradient."""
        raise NotImplementedError("MaxPool2d.backward")


class ReLU:
    """max(x, 0), of an x of any shape; the gradient at 0 is 0."""

    def forward(self, x):
        """Return the output, shaped as x."""
        raise NotImplementedError("ReLU.forward")

    def backward(self, grad_output):
        """Return grad_x, shaped as x."""
        raise NotImplementedError("ReLU.backward")


class Flatten:
    """(N, C, H, W) to (N, C * H * W)."""

    def forward(self, x):
        """Return x with all axes but the first in one."""
        raise NotImplementedError("Flatten.forward")

    def backward(self, grad_output):
        """Return grad_output in the shape of x."""
        raise NotImplementedError("Flatten.backward")


class Linear:
    """x @ weight.T + bias.

    Attributes
    ----------
    weight, grad_weight : arrays of shape (out_features, in_features)
    bias, grad_bias : arrays of shape (out_features,)
    """

    def __init__(self, in_features, out_features):
        raise NotImplementedError("Linear.__init__")

    def forward(self, x):
        """Return the output, (N, out_features), for x of shape (N, in_features)."""
        raise NotImplementedError("Linear.forward")

    def backward(self, grad_output):
        """Return grad_x; set grad_weight and grad_bias, summed over the batch."""
        raise NotImplementedError("Linear.backward")


class CrossEntropyLoss:
    """Softmax and negative log-likelihood in one, the mean over the batch."""

    def forward(self, logits, labels):
        """Return the loss as a float, for logits (N, classes) and integer labels (N,).

        It must be right for logits of some thousands too, where exp alone overflows.
        """
        raise NotImplementedError("CrossEntropyLoss.forward")

    def backward(self):
        """Return grad_logits, (N, classes), for the newest logits and labels."""
        raise NotImplementedError("CrossEntropyLoss.backward")


class CNN:
    """Layers one after the other.

    Parameters
    ----------
    layers : list of layers
        Any of the above but the loss, in the order in which x passes them.
    """

    def __init__(self, layers):
        self.layers = layers

    def forward(self, x):
        """Return what the last layer returns, the logits."""
        raise NotImplementedError("CNN.forward")

    def backward(self, grad_logits):
        """Pass the gradient through all layers, from the last to the first; return grad_x."""
        raise NotImplementedError("CNN.backward")

    def step(self, lr):
        """Move every weight and bias against its gradient: weight -= lr * grad_weight."""
        raise NotImplementedError("CNN.step")
