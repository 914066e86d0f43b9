"""Pulse next to what a person would write by hand: ``python -m benchmarks --help``."""
