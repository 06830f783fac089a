"""Reports: pure functions from results to text, HTML, CSV and JSON, and the one that writes them.

Trusted side. Whatever a student wrote is escaped here, by each format's own rules.
"""
