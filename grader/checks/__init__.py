"""The checks: ordinary pytest files, one a layer. Trusted side."""
