"""Start, limit, watch and end the untrusted side.

Trusted side, except `zygote`, which is handed to the untrusted one as text.
"""
