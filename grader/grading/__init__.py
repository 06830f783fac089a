"""Grade submissions: read one, run its checks, add up its points, keep the result.

Trusted side.
"""
