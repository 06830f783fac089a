"""Everything that runs in the process of the student's code. It imports nothing else of the grader.

Untrusted side: Python >= 3.9, NumPy and the standard library only. The modules are sent to the worker as
text (`grader.sandbox.worker_source`); no other part of the grader exists there.
"""
