"""The reference CNN: what a course shows its students after the deadline.

NumPy only. Read ``loops`` first (what is computed), then ``conv`` (the same without
Python loops over pixels), then ``DERIVATION.md`` for why the gradients are what they are.
"""
