"""Pulse: streaming pipelines written once, checked, compiled, and run at Arrow speed."""
