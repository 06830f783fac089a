"""Speed against nested loops and against the reference, by the trusted side's clocks.

Trusted side. `race` measures, `statistics` and `points` decide; what is timed runs in workers.
"""
