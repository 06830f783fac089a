"""Why a submission fails: the known mistake, the smallest failing case, hints from the source.

Trusted side.
"""
