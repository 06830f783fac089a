"""Speed compared with nested loops and with the reference, by the trusted side's clocks.

Trusted side. `judge` is what the checks call; what is timed runs in workers.
"""
