"""The assignment file: criteria, points, limits, and how students' code is called.

Trusted side.
"""
