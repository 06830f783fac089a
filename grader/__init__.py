"""Grade NumPy convolutional networks that students wrote, without trusting them.

Trusted side, all but `grader.worker`, which runs next to the student's code.
"""

import logging

__version__ = "0.1.0"

# A program that calls the grader decides what it shows; without this, Python prints warnings by itself.
logging.getLogger(__name__).addHandler(logging.NullHandler())
