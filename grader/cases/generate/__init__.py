"""Make ground truth: draw a case's inputs and let PyTorch answer.

Trusted side; run by whoever prepares an assignment. `make` and `pytorch` need PyTorch; grading does not.
"""
