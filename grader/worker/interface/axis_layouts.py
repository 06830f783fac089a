"""Lay arrays out as a student's code has them, and back: axes by letters, as in NHWC or HWIO.

Untrusted side (Python >= 3.9). Ours are PyTorch's: x NCHW, weight OIHW (O output, I input channels), bias O.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

OWN = "own"
"""A layout that means: the shape that the student's layer itself has made."""


class Layout(NamedTuple):
    """The same axes in our order and in theirs.

    A letter of ours that is missing in theirs is an axis of one element that they do not have; ``1`` in
    theirs is an axis of one element that we do not have; any other letter in theirs is an axis along which
    they repeat what we have once (a bias for each output position, ``OHW``).

    Examples
    --------
    >>> Layout("NCHW", "NHWC").give(np.zeros((2, 3, 4, 5))).shape
    (2, 4, 5, 3)
    >>> Layout("O", "1O11").take(np.zeros((1, 6, 1, 1))).shape
    (6,)
    """

    ours: str
    theirs: str

    def give(self, array: Any, sizes: Mapping[str, int] | None = None) -> Any:
        """Return our array in their layout; an array with other axes than ours stays unchanged.

        Parameters
        ----------
        array : ndarray
        sizes : mapping of str to int, optional
            Length of each axis along which a value is repeated.
        """
        if self.ours == self.theirs or self.theirs == OWN or array.ndim != len(self.ours):
            return array
        kept = [letter for letter in self.ours if letter in self.theirs]
        dropped = tuple(axis for axis, letter in enumerate(self.ours) if letter not in kept)
        order = [kept.index(letter) for letter in self.theirs if letter in kept]
        laid = array.squeeze(dropped).transpose(order)
        laid = laid[tuple(slice(None) if letter in kept else None for letter in self.theirs)]
        repeats = [(sizes or {}).get(letter, 1) for letter in self.theirs]
        shape = [max(pair) for pair in zip(laid.shape, repeats)]  # noqa: B905 - both as long as theirs
        laid = np.broadcast_to(laid, shape) if self.repeated() else laid
        # A student's own arrays are contiguous; a case about memory order keeps its order.
        return np.array(laid, order="C") if array.flags.c_contiguous or self.repeated() else laid

    def take(self, value: Any) -> Any:
        """Return their array in our layout; anything else stays unchanged, to be judged."""
        if self.ours == self.theirs or type(value) is not np.ndarray:
            return value
        if self.theirs == OWN:
            return value.reshape(-1) if value.size == max(value.shape, default=1) else value
        ones = tuple(axis for axis, letter in enumerate(self.theirs) if letter == "1")
        if value.ndim != len(self.theirs) or any(value.shape[axis] != 1 for axis in ones):
            return value
        repeated = tuple(self.theirs.index(letter) for letter in self.repeated())
        value = value.sum(axis=(*ones, *repeated))
        kept = [letter for letter in self.theirs if letter in self.ours]
        value = value.transpose([kept.index(letter) for letter in self.ours if letter in kept])
        return value[tuple(slice(None) if letter in kept else None for letter in self.ours)]

    def repeated(self) -> list[str]:
        """Return the axes of theirs along which they repeat what we have once."""
        return [letter for letter in self.theirs if letter not in self.ours and letter != "1"]
