"""Making ground truth: draw a case's inputs, and let PyTorch say what is right.

Trusted side; run by whoever prepares an assignment, never while grading. Needs PyTorch.
"""

import torch  # noqa: F401 - so that who lacks it is told at once

from grader.truth.make import make_ground_truth, make_hidden_set, make_public_set

__all__ = ["make_ground_truth", "make_hidden_set", "make_public_set"]
