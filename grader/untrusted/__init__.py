"""The worker's parts: what runs beside the student's code, in the confined process.

Untrusted side: Python >= 3.9, NumPy and the standard library only. These modules are handed to the
worker as text; nothing else of the grader exists there.
"""
