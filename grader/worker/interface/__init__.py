"""What interfaces share: calls in words, settings, layouts, and the adapters that come of them.

Both sides; Python >= 3.9. An interface imports from here, and its text alone travels.
"""
