"""A convolutional network in NumPy: your part of the work.

Replace each `raise NotImplementedError` by your code. Keep the names and arguments, because the checks
call them. Arrays are laid out as in PyTorch (NCHW) and are float64, or float32 if you are given float32.
No method may change the arrays that it is given.

Test yourself as often as you like, in this folder:

    pytest                      run every public case
    pytest -k "conv2d and k3x3" run some of them
    grader check cnn.py         the same cases, with points and hints
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

    Raise a ValueError for arguments that make no sense: a kernel larger than the padded input, an x whose
    number of channels is not C_in, a stride below 1, a negative padding.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        # Set self.weight to small random numbers and self.bias to zeros. The checks replace them.
        raise NotImplementedError("Conv2d.__init__")

    def forward(self, x):
        """Return the output, (N, C_out, H_out, W_out), for x of shape (N, C_in, H, W).

        H_out = (H + 2 * padding - K_h) // stride + 1, and W_out likewise. If the division leaves a
        remainder, no window reads the last rows or columns. This is not an error.
        """
        raise NotImplementedError("Conv2d.forward")

    def backward(self, grad_output):
        """Return grad_x, the gradient of the loss with respect to the x of the last forward call.

        grad_output has the shape of the output. Also set grad_weight and grad_bias: sums over the batch
        (not means), computed anew at each call.
        """
        raise NotImplementedError("Conv2d.backward")


class MaxPool2d:
    """The maximum of each window. The padding is minus infinity, so it is never the maximum.

    Parameters
    ----------
    kernel_size, stride, padding : int or (height, width)
        The stride is the kernel size if it is not given.
    """

    def __init__(self, kernel_size, stride=None, padding=0):
        raise NotImplementedError("MaxPool2d.__init__")

    def forward(self, x):
        """Return the maxima, (N, C, H_out, W_out), for x of shape (N, C, H, W)."""
        raise NotImplementedError("MaxPool2d.forward")

    def backward(self, grad_output):
        """Return grad_x. Among equal maxima of a window, the first one, row by row, gets the gradient."""
        raise NotImplementedError("MaxPool2d.backward")


class ReLU:
    """max(x, 0), for x of any shape; the gradient at 0 is 0."""

    def forward(self, x):
        """Return the output, of the same shape as x."""
        raise NotImplementedError("ReLU.forward")

    def backward(self, grad_output):
        """Return grad_x, of the same shape as x."""
        raise NotImplementedError("ReLU.backward")


class Flatten:
    """(N, C, H, W) to (N, C * H * W)."""

    def forward(self, x):
        """Return x with all axes except the first merged into one."""
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
    """Softmax followed by the negative log-likelihood; the mean over the batch."""

    def forward(self, logits, labels):
        """Return the loss as a float, for logits (N, classes) and integer labels (N,).

        It must also be right for logits of some thousands, for which exp alone overflows.
        """
        raise NotImplementedError("CrossEntropyLoss.forward")

    def backward(self):
        """Return grad_logits, (N, classes), for the logits and labels of the last forward call."""
        raise NotImplementedError("CrossEntropyLoss.backward")


class CNN:
    """Layers one after the other.

    Parameters
    ----------
    layers : list of layers
        Any of the layers above except the loss, in the order in which x passes through them.
    """

    def __init__(self, layers):
        self.layers = layers

    def forward(self, x):
        """Return the output of the last layer, the logits."""
        raise NotImplementedError("CNN.forward")

    def backward(self, grad_logits):
        """Pass the gradient through all layers, from the last to the first; return grad_x."""
        raise NotImplementedError("CNN.backward")

    def step(self, lr):
        """Move every weight and bias against its gradient: weight -= lr * grad_weight."""
        raise NotImplementedError("CNN.step")
