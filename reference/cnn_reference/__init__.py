"""The reference CNN: what a course shows its students after the deadline.

NumPy only. Read ``loops`` first (the plain computation), then ``conv`` (the same without
Python loops over pixels), then ``DERIVATION.md``, which derives the gradients.
"""
