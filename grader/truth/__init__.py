"""Making ground truth: draw a case's inputs, and let PyTorch say what is right.

Trusted side; run by whoever prepares an assignment, never while grading. Needs PyTorch.
"""

from grader.truth.make import make_ground_truth

__all__ = ["make_ground_truth"]
