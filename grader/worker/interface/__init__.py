"""What interfaces share: calls as text, settings, layouts, and the adapters built from them.

Both sides; Python >= 3.9. An interface imports from here, and its text alone travels.
"""
