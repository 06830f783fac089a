"""What students upload, read: archives and folders to submissions, files to one program each.

Trusted side; parses and never executes.
"""
