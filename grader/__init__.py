"""Grade NumPy convolutional networks that students wrote, without trusting them.

Trusted side, all but `worker.py`, `wire.py` and `interfaces/`, which also run
beside the student's code.
"""

__version__ = "0.1.0"
