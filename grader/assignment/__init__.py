"""The assignment file: what is graded, for how many points, under which limits and how code is called.

Trusted side.
"""
