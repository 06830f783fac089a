"""The checks: ordinary pytest files, one for each kind of layer. Trusted side."""
