"""Speed compared with nested loops and with the reference, by the trusted side's clocks.

Trusted side. The checks call `judge`; the timed programs run in workers.
"""
