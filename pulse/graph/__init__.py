"""Logical graph, validation, optimiser rules, physical plan and drawings."""
