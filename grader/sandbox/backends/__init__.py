"""What can confine a worker on this machine: one module for each way, and `choose`, which opens one by name.

Trusted side.
"""
